#include "cli/unique_fd.hpp"

#include <unistd.h>

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

bool unique_fd::close() noexcept {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
}

}  // namespace asyncdl::cli
