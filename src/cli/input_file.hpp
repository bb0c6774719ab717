#pragma once
// A file that is read as a stream without holding up downloads: a regular file in place, a pipe, a
// socket or a terminal as its bytes come. Owned by the list reader; read by one caller at a time,
// on any executor.

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "cli/unique_fd.hpp"

namespace asyncdl::cli {

class input_file {
public:
    /// Opens `path`, `-` for stdin. A directory is refused.
    static boost::system::result<input_file> open(const std::string& path);

    /// How errors call it: its path or "standard input".
    const std::string& name() const noexcept { return name_; }

    int native() const noexcept { return file_.native(); }

    /// Whether a read may have to wait; `async_readable` then comes before each.
    bool waits() const noexcept { return watched_.native() >= 0; }

    enum class readiness { bytes, silence };

    /// Waits for bytes or the end of a file that `waits`; `silence` where `wait` is given and is
    /// over before that.
    ///
    /// Cancellation: terminal; `boost::asio::error::operation_aborted`.
    boost::asio::awaitable<boost::system::result<readiness>> async_readable(
        std::optional<std::chrono::milliseconds> wait);

    /// The first bytes of a file that does not wait, which stay to be read; else nothing.
    std::string beginning() const;

    /// Reads what is there; 0 at the end.
    boost::system::result<std::size_t> read(std::span<char> space);

private:
    explicit input_file(std::string name) : name_(std::move(name)) {}
    boost::system::error_code watch();

    std::string name_;
    unique_fd file_;
    unique_fd watched_;  // an epoll instance that watches file_; none where reads do not block
};

}  // namespace asyncdl::cli
