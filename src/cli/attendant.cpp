#include "cli/attendant.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <utility>

#include "cli/output_file.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

constexpr std::chrono::seconds interval{1};

extern "C" void end_at_once(int number) {
    ::_exit(128 + number);
}

}  // namespace

attendant::attendant(boost::asio::io_context& loop, running_batch batch, bool show_progress)
    : batch_(std::move(batch)),
      shows_progress_(show_progress),
      signals_(loop, SIGINT, SIGTERM),
      tick_(loop) {
    wait_for_signal();
    wait_for_tick();
}

void attendant::stop() {
    boost::system::error_code ignored;
    signals_.cancel(ignored);
    tick_.cancel();
}

void attendant::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) {
            return;
        }
        signal_ = number;
        boost::system::error_code ignored;
        signals_.clear(ignored);
        std::signal(SIGINT, &end_at_once);
        std::signal(SIGTERM, &end_at_once);
        batch_.cancel();
    });
}

void attendant::wait_for_tick() {
    tick_.expires_after(interval);
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        // The signal may have come a moment before the batch was there to be cancelled.
        if (signal_ != 0) {
            batch_.cancel();
        }
        if (shows_progress_) {
            show_progress();
        }
        wait_for_tick();
    });
}

void attendant::show_progress() {
    const progress_snapshot now = batch_.progress();
    const std::chrono::duration<double> passed = interval;
    const auto received = static_cast<double>(now.bytes_received - shown_bytes_);
    shown_bytes_ = now.bytes_received;
    output_file err(STDERR_FILENO, "standard error");
    err.write(progress_line(now, received / passed.count()));
}

std::string progress_line(const progress_snapshot& progress, double speed) {
    return "asyncdl: " + std::to_string(progress.succeeded) + " done, " +
           std::to_string(progress.failed) + " failed, " + std::to_string(progress.active) +
           " active, " + readable_size(progress.bytes_received) + ", " + readable_rate(speed) +
           "\n";
}

}  // namespace asyncdl::cli
