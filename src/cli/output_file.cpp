#include "cli/output_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "cli/settings.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;

boost::system::error_code last_error() {
    return {errno, boost::system::system_category()};
}

}  // namespace

output_file::output_file(const std::string& path, use as)
    : fd_(STDOUT_FILENO),
      owned_(as == use::log || path != "-"),
      name_(owned_ ? path : "standard output") {
    if (owned_) {
        fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (as == use::log ? O_APPEND : 0),
                     0666);
    }
    if (fd_ < 0) {
        throw usage_error(shown_value(name_) + ": " + last_error().message());
    }
}

output_file::~output_file() {
    close();
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
    while (!rest.empty() && !error_) {
        const ssize_t written = ::write(fd_, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Whoever shares the pipe or terminal with us made it non-blocking.
            pollfd room{fd_, POLLOUT, 0};
            ::poll(&room, 1, -1);
        } else if (errno != EINTR) {
            error_ = last_error();
        }
    }
    buffer_.clear();
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
    return error_ ? shown_value(name_) + ": " + error_.message() : std::string();
}

}  // namespace asyncdl::cli
