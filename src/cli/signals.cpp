#include "cli/signals.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

namespace asyncdl::cli {

namespace {

using clock = std::chrono::steady_clock;

// What the signal handler touches: the first signal, its time, and the descriptor that wakes a
// loop. The time is there before the signal.
std::atomic<int> caught{0};
std::atomic<clock::rep> caught_at{0};
std::atomic<int> wake_descriptor{-1};

// A handler of our own: the second signal has to end a program whose loop hangs in a system call.
extern "C" void on_signal(int number) {
    clock::rep unset = 0;
    caught_at.compare_exchange_strong(unset, clock::now().time_since_epoch().count());
    int none = 0;
    if (!caught.compare_exchange_strong(none, number)) {
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

int make_descriptor() {
    const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made < 0) {
        throw std::system_error(errno, std::system_category(), "cannot wait for signals");
    }
    return made;
}

}  // namespace

void catch_signals() {
    wake_descriptor = signal_descriptor();
    struct ::sigaction action {};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        if (!is_ignored(number)) {
            ::sigaction(number, &action, nullptr);
        }
    }
}

int first_signal() noexcept {
    return caught;
}

std::optional<clock::time_point> first_signal_time() noexcept {
    if (caught == 0) {
        return std::nullopt;
    }
    return clock::time_point(clock::duration(caught_at));
}

// Never closed: the handler may run on any thread, at the very end too, and must not write into
// whatever has the number by then.
int signal_descriptor() {
    static const int made = make_descriptor();
    return made;
}

}  // namespace asyncdl::cli
