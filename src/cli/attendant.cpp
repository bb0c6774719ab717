#include "cli/attendant.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "cli/output_file.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

constexpr std::chrono::seconds interval{1};

// What the signal handler touches: the first signal, and the descriptor that wakes the loop.
std::atomic<int> first_signal{0};
std::atomic<int> wake_descriptor{-1};

// A handler of our own: the second signal has to end a program whose loop hangs in a system call.
extern "C" void on_signal(int number) {
    int none = 0;
    if (!first_signal.compare_exchange_strong(none, number)) {
        ::_exit(128 + number);
    }
    const std::uint64_t one = 1;
    const int saved = errno;
    [[maybe_unused]] const auto written = ::write(wake_descriptor.load(), &one, sizeof one);
    errno = saved;
}

// nohup and shells that start a job in the background tell a program so what is not for it.
bool is_ignored(int number) {
    struct ::sigaction now {};
    return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

int make_wake_descriptor() {
    const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made < 0) {
        throw std::system_error(errno, std::system_category(), "cannot wait for signals");
    }
    return made;
}

// One for the process, and never closed: the handler may run on any thread, at the very end too,
// and must not write into what has the number by then.
int shared_wake_descriptor() {
    static const int made = make_wake_descriptor();
    return made;
}

int copy_of(int descriptor) {
    const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) {
        throw std::system_error(errno, std::system_category(), "cannot wait for signals");
    }
    return copy;
}

}  // namespace

attendant::attendant(boost::asio::io_context& loop, running_batch batch, bool show_progress)
    : batch_(std::move(batch)),
      shows_progress_(show_progress),
      wake_(loop, copy_of(shared_wake_descriptor())),
      tick_(loop) {
    wake_descriptor = shared_wake_descriptor();
    struct ::sigaction action {};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        if (!is_ignored(number)) {
            ::sigaction(number, &action, nullptr);
        }
    }
    wait_for_signal();
    wait_for_tick();
}

attendant::~attendant() = default;

void attendant::stop() {
    stopped_ = true;  // a tick that is due already cannot be cancelled any more
    boost::system::error_code ignored;
    wake_.cancel(ignored);
    tick_.cancel();
}

int attendant::signal() const noexcept {
    return first_signal;
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
        if (signal() != 0) {
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
