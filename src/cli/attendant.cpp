#include "cli/attendant.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>

#include "cli/output_file.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

constexpr std::chrono::seconds interval{1};

}  // namespace

attendant::attendant(download_manager& manager, bool progress)
    : manager_(manager),
      progress_(progress),
      context_(1),
      signals_(context_, SIGINT, SIGTERM),
      tick_(context_) {
    wait_for_signal();
    wait_for_tick();
    thread_ = std::thread([this] { context_.run(); });
}

attendant::~attendant() {
    context_.stop();
    thread_.join();
}

void attendant::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) {
            return;
        }
        if (signal_.exchange(number) != 0) {
            ::_exit(128 + number);
        }
        manager_.cancel();
        wait_for_signal();
    });
}

void attendant::wait_for_tick() {
    tick_.expires_after(interval);
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        // The signal may have come a moment before the batch was there to be cancelled.
        if (signal() != 0) {
            manager_.cancel();
        }
        if (progress_) {
            show_progress();
        }
        wait_for_tick();
    });
}

void attendant::show_progress() {
    const progress_snapshot now = manager_.progress(0);
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
