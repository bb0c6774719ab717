#include "cli/output_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>
#include <utility>

#include "cli/settings.hpp"
#include "cli/signals.hpp"
#include "cli/text.hpp"
#include "cli/unique_fd.hpp"

namespace asyncdl::cli {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;

// How often a wait for a reader looks whether it is to be bounded.
constexpr std::chrono::milliseconds look_interval{100};

// Before a write that found no room is tried again.
constexpr std::chrono::milliseconds pause{5};

boost::system::error_code last_error() {
    return {errno, boost::system::system_category()};
}

// Whether a write may have to wait for somebody else.
bool has_reader(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode);
}

// A FIFO waits for its reader when it is opened: until the first signal. Returns -1 and leaves
// errno if it fails.
int open_awaited(const std::string& path, int flags) {
    for (;;) {
        const int fd = ::open(path.c_str(), flags | O_NONBLOCK, 0666);
        if (fd >= 0) {
            ::fcntl(fd, F_SETFL, flags & O_APPEND);
            return fd;
        }
        const int error = errno;
        struct stat there {};
        if (error != ENXIO || first_signal() != 0 || ::stat(path.c_str(), &there) != 0 ||
            !S_ISFIFO(there.st_mode)) {
            errno = error;
            return fd;
        }
        ::poll(nullptr, 0, static_cast<int>(look_interval.count()));
    }
}

// What a pipe that has room takes without waiting, and no half a line if that can be had.
std::string_view next_part(std::string_view rest) {
    if (rest.size() <= PIPE_BUF) {
        return rest;
    }
    const std::string_view part = rest.substr(0, PIPE_BUF);
    const std::size_t line_end = part.rfind('\n');
    return line_end == part.npos ? part : part.substr(0, line_end + 1);
}

}  // namespace

output_file::output_file(const std::string& path, use as)
    : fd_(STDOUT_FILENO), owned_(path != "-" || as == use::log), name_("standard output") {
    if (owned_) {
        const int flags =
            O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (as == use::log ? O_APPEND : 0);
        fd_ = open_awaited(path, flags);
        name_ = path;
    }
    if (fd_ < 0) {
        throw usage_error(shown_value(name_) + ": " + last_error().message());
    }
    look_at_reader();
}

output_file::output_file(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
    look_at_reader();
}

output_file::~output_file() {
    close();
}

/// A terminal says that it has room for a byte, and a write of more waits for the rest. So it is
/// written to through a description of our own, which does not block.
void output_file::look_at_reader() {
    may_wait_ = has_reader(fd_);
    unique_fd own = is_terminal() ? opened_anew(fd_) : unique_fd();
    if (own.native() < 0) {
        return;
    }
    if (owned_) {
        ::close(fd_);
    }
    fd_ = own.release();
    owned_ = true;
}

void output_file::truncate() {
    // EINVAL: a pipe or a device, which holds nothing.
    if (owned_ && ::ftruncate(fd_, 0) != 0 && errno != EINVAL) {
        error_ = last_error();
    }
}

void output_file::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffer_size) {
        flush();
    }
}

void output_file::flush() {
    std::string_view rest = buffer_;
    while (!rest.empty() && !error_ && !given_up_) {
        if (may_wait_ && !wait_for_room()) {
            given_up_ = true;
            break;
        }
        const std::string_view part = may_wait_ ? next_part(rest) : rest;
        const ssize_t written = ::write(fd_, part.data(), part.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
            taken_ += static_cast<std::uint64_t>(written);
            last_taken_ = clock::now();
        } else if (errno == EAGAIN) {
            // A terminal has room, but not for this, or who shares the pipe made it non-blocking.
            given_up_ = is_overdue();
            ::poll(nullptr, 0, static_cast<int>(pause.count()));
        } else if (errno != EINTR) {
            error_ = last_error();
        }
    }
    buffer_.clear();
}

/// False if the reader is given up.
bool output_file::wait_for_room() const {
    for (;;) {
        pollfd room{fd_, POLLOUT, 0};
        const int ready = ::poll(&room, 1, static_cast<int>(look_interval.count()));
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return true;
        }
        if (is_overdue()) {
            return false;
        }
    }
}

/// Whether the reader has taken nothing for too long since the run is about to end.
bool output_file::is_overdue() const {
    auto ending = first_signal_time().value_or(clock::time_point::max());
    if (const clock::rep hurried = hurried_at_; hurried != 0) {
        ending = std::min(ending, clock::time_point(clock::duration(hurried)));
    }
    const auto since = std::max(ending, last_taken_);
    return since != clock::time_point::max() && clock::now() - since >= reader_patience;
}

void output_file::hurry() noexcept {
    clock::rep unset = 0;
    hurried_at_.compare_exchange_strong(unset, clock::now().time_since_epoch().count());
}

void output_file::close() {
    flush();
    // Some file systems tell only now that a write failed.
    if (std::exchange(owned_, false) && ::close(fd_) != 0 && !error_) {
        error_ = last_error();
    }
}

void output_file::fail(const boost::system::error_code& error) noexcept {
    if (!error_) {
        error_ = error;
    }
}

bool output_file::is_terminal() const noexcept {
    return ::isatty(fd_) == 1;
}

std::string output_file::failure() const {
    if (given_up_) {
        return shown_value(name_) + ": its reader took nothing for " +
               std::to_string(reader_patience.count()) + " s, which ends the wait for it";
    }
    return error_ ? shown_value(name_) + ": " + error_.message() : std::string();
}

}  // namespace asyncdl::cli
