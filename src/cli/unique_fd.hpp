#pragma once
// A file descriptor that is closed with its owner. A value that is moved; used by one thread.

namespace asyncdl::cli {

/// -1 is none.
class unique_fd {
public:
    explicit unique_fd(int fd = -1) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept;
    unique_fd& operator=(unique_fd&& other) noexcept;
    ~unique_fd();

    int native() const noexcept { return fd_; }

    /// It is the caller's from now on.
    int release() noexcept;

    /// Closes it now. False, with errno, if the system reports an error.
    bool close() noexcept;

private:
    int fd_;
};

/// The FIFO or terminal of `fd`, opened anew for writing, so that it does not block whatever others
/// need who share `fd`. None if it is no such thing, or cannot be opened.
unique_fd opened_anew(int fd);

}  // namespace asyncdl::cli
