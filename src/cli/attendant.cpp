#include "cli/attendant.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "cli/signals.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

constexpr std::chrono::seconds interval{1};

}  // namespace

attendant::attendant(boost::asio::io_context& loop, running_batch batch, line_writer* progress)
    : batch_(std::move(batch)), progress_(progress), wake_(loop, signal_descriptor()), tick_(loop) {
    wait_for_signal();
    wait_for_tick();
}

attendant::~attendant() {
    wake_.release();  // it belongs to the process
}

void attendant::stop() {
    stopped_ = true;  // a tick that is due already cannot be cancelled any more
    boost::system::error_code ignored;
    wake_.cancel(ignored);
    tick_.cancel();
}

void attendant::wait_for_signal() {
    wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& error) {
                         if (!error) {
                             batch_.cancel();
                         }
                     });
}

void attendant::wait_for_tick() {
    tick_.expires_after(interval);
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopped_) {
            return;
        }
        // The signal may have come a moment before the batch was there to be cancelled.
        if (first_signal() != 0) {
            batch_.cancel();
        }
        if (progress_ != nullptr) {
            show_progress();
        }
        wait_for_tick();
    });
}

void attendant::show_progress() {
    const progress_snapshot now = batch_.progress();
    const auto time = std::chrono::steady_clock::now();
    const std::chrono::duration<double> passed = time - std::exchange(shown_, time);
    const auto received = static_cast<double>(now.bytes_received - shown_bytes_);
    shown_bytes_ = now.bytes_received;
    progress_->write_if_idle(progress_line(now, received / passed.count()));
}

std::string progress_line(const progress_snapshot& progress, double speed) {
    const auto verifying =
        std::count_if(progress.downloads.begin(), progress.downloads.end(),
                      [](const auto& d) { return d.state == download_state::verifying; });
    std::string line = "asyncdl: " + std::to_string(progress.succeeded) + " done, " +
                       std::to_string(progress.failed) + " failed, " +
                       std::to_string(progress.active) + " active";
    if (verifying > 0) {
        line += " (" + std::to_string(verifying) + " verifying)";
    }
    return line + ", " + readable_size(progress.bytes_received) + ", " + readable_rate(speed) +
           "\n";
}

}  // namespace asyncdl::cli
