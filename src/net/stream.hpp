#pragma once
// A connected byte stream, plain or TLS. Reading and writing never wait; who finds nothing to do
// waits for readiness and tries again, so a connection that waits holds no buffer. Owned by one
// connection, used on its downloader's executor.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <span>

#include "core/fault.hpp"
#include "net/timekeeper.hpp"

namespace asyncdl::net {

/// What a try came to.
enum class readiness {
    done,        ///< `bytes` were moved, at least one
    want_read,   ///< try again when the socket is readable
    want_write,  ///< try again when the socket is writable
    end,         ///< the peer closed, in good order for this kind of stream
    failed,      ///< see `error`; the stream is of no further use
};

class attempt {
public:
    readiness state = readiness::failed;
    std::size_t bytes = 0;
    core::fault error;
    /// Nothing more can be read without waiting first.
    bool exhausted = false;
};

/// Whether a signal has come to a coroutine, perhaps at a time when nothing waited and no operation
/// met it: to be asked before each wait.
inline bool is_cancelled(const boost::asio::cancellation_state& state) {
    return state.cancelled() != boost::asio::cancellation_type::none;
}

class stream : private deadline {
public:
    stream(boost::asio::ip::tcp::socket socket, timekeeper& keeper);

    /// Reads what is there, up to the space given.
    virtual attempt try_read(std::span<std::byte> space) = 0;

    /// Writes what there is room for.
    virtual attempt try_write(std::span<const std::byte> data) = 0;

    /// Whether nothing has come in unasked; false for a stream that the peer closed as well.
    virtual bool is_quiet() = 0;

    /// Waits for readiness until `limit`; to be awaited at once: `co_await line.wait(...)` gives a
    /// `core::outcome<void>`. `errc::timeout` when the time passed, `errc::cancelled` where a
    /// signal comes meanwhile. No coroutine, since this is what thousands of downloads do at the
    /// same time: a wait has no frame.
    auto wait(readiness need, clock::time_point limit) {
        expired_ = false;
        set(limit);
        return socket_.async_wait(need == readiness::want_write
                                      ? boost::asio::socket_base::wait_write
                                      : boost::asio::socket_base::wait_read,
                                  boost::asio::deferred([this](boost::system::error_code error) {
                                      return boost::asio::deferred.values(waited(error));
                                  }));
    }

    /// For the functions below, as long as this lives.
    int handle() { return socket_.native_handle(); }

    /// Writes all of it; each wait is bounded by `patience`.
    boost::asio::awaitable<core::outcome<void>> write(std::span<const std::byte> data,
                                                      clock::duration patience);

protected:
    boost::asio::ip::tcp::socket socket_;

private:
    core::outcome<void> waited(boost::system::error_code error);
    void on_deadline() override;
    bool expired_ = false;
};

/// Ends the connection on a socket that is open, from any thread: its peer sees the end at once.
void shut_down(int socket) noexcept;

/// Lets the connection on a socket that is open end with a reset once it is closed, so that its
/// port is free at once.
void reset_on_close(int socket) noexcept;

/// The failure that a system call's errno on a connected socket means: `errc::truncated`.
core::fault connection_fault(int error);

}  // namespace asyncdl::net
