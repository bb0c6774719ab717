#pragma once
// Where the bytes of one download go. The library has two: a part file that gets its name when it
// is complete (the default) and a bounded buffer in memory (`memory_sink`).

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace asyncdl {

/// A destination with random access. One download drives it at a time, on its downloader's
/// executor, one call after the other; each call may complete at once or later.
///
/// A download opens it, writes, and ends with exactly one commit or discard where open succeeded.
/// A retry that starts over opens it again after a discard. Calls are not cancelled: each must have
/// an end of its own, and a cancellation state of its own. An exception ends the download as
/// `errc::internal`; a commit or discard that throws is not made again.
class sink {
public:
    virtual ~sink() = default;

    /// Prepares for a body of `size` bytes, where that is known.
    virtual boost::asio::awaitable<boost::system::error_code> open(
        std::optional<std::uint64_t> size) = 0;

    /// Stores `data` at `offset` (bytes from the start). `data` is valid until it completes.
    virtual boost::asio::awaitable<boost::system::error_code> write(
        std::uint64_t offset, std::span<const std::byte> data) = 0;

    /// Makes what was written durable.
    virtual boost::asio::awaitable<boost::system::error_code> sync() = 0;

    /// The body is complete and verified, `size` bytes long.
    virtual boost::asio::awaitable<boost::system::error_code> commit(std::uint64_t size) = 0;

    /// The download failed; what was written is not wanted.
    virtual boost::asio::awaitable<void> discard() = 0;
};

}  // namespace asyncdl
