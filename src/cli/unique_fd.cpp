#include "cli/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace asyncdl::cli {

unique_fd::unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

unique_fd& unique_fd::operator=(unique_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

unique_fd::~unique_fd() {
    close();
}

int unique_fd::release() noexcept {
    return std::exchange(fd_, -1);
}

bool unique_fd::close() noexcept {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
}

unique_fd opened_anew(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return unique_fd();
    }
    // Each open of /dev/ptmx makes another terminal.
    const bool is_terminal = ::isatty(fd) == 1 && status.st_rdev != makedev(5, 2);
    if (!S_ISFIFO(status.st_mode) && !is_terminal) {
        return unique_fd();
    }
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return unique_fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace asyncdl::cli
