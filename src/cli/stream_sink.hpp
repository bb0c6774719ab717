#pragma once
// Writes a body into a descriptor that the program was started with, a character device or a FIFO:
// in order, never truncated, never removed. Owned by the program; driven by its one download.

#include <asyncdl/sink.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "cli/output_target.hpp"
#include "cli/unique_fd.hpp"

namespace asyncdl::cli {

/// Never holds up its executor: a pipe, a socket or a terminal whose other side is slow is waited
/// for. O_NONBLOCK, which a descriptor shares with the shell and whoever else has it, is never set
/// on such a one: pipes and terminals are opened anew through /proc, or else written in pieces that
/// do not block.
class stream_sink final : public sink {
public:
    struct options {
        std::chrono::duration<double> reader_timeout{10};  ///< longest wait for a FIFO's reader
    };

    stream_sink(stream_target target, options how);

    /// Opens what has a path. Once it is open it stays so until `commit`, over retries: the reader
    /// of a FIFO would take a close for the end.
    boost::asio::awaitable<boost::system::error_code> open(
        std::optional<std::uint64_t> size) override;
    boost::asio::awaitable<boost::system::error_code> write(
        std::uint64_t offset, std::span<const std::byte> data) override;
    /// Syncs what can be synced.
    boost::asio::awaitable<boost::system::error_code> sync() override;
    boost::asio::awaitable<boost::system::error_code> commit(std::uint64_t size) override;
    boost::asio::awaitable<void> discard() override;

    bool is_stream() const noexcept override { return true; }
    void interrupt() noexcept override;
    std::string failure() const override { return failure_; }

private:
    boost::asio::awaitable<boost::system::error_code> open_path();
    boost::system::error_code use(unique_fd fd, bool is_own);
    boost::asio::awaitable<boost::system::error_code> wait_for_room();
    boost::asio::awaitable<boost::system::error_code> pause(std::chrono::milliseconds time);
    ssize_t put(std::span<const std::byte> data) const;
    boost::system::error_code fail(int error);
    boost::system::error_code fail(std::string why);

    stream_target target_;
    options options_;
    unique_fd file_;
    unique_fd watch_;  // an epoll instance that watches file_; none if writes do not wait
    bool is_socket_ = false;
    std::size_t piece_ = 0;  // longest write that does not block once there is room; 0: any
    bool interrupted_ = false;
    std::function<void()> wake_;  // ends the wait that is under way; empty: there is none
    std::string failure_;
};

}  // namespace asyncdl::cli
