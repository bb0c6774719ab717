#pragma once
// Where the bytes of one download go. The library has two: a part file that gets its name when it
// is complete (the default) and a bounded buffer in memory (`memory_sink`).

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace asyncdl {

/// A destination with random access, or a stream (`is_stream`). One download drives it at a time,
/// on its downloader's executor, one call after the other; each call may complete at once or later.
///
/// A download opens it, writes, and ends with exactly one commit or discard where open succeeded.
/// A retry that starts over opens it again after a discard. Calls are not cancelled: each must have
/// an end of its own, or take one from `interrupt`, and a cancellation state of its own. An
/// exception ends the download as `errc::internal`; a commit or discard that throws is not made
/// again.
class sink {
public:
    virtual ~sink() = default;

    /// Prepares for a body of `size` bytes, where that is known.
    virtual boost::asio::awaitable<boost::system::error_code> open(
        std::optional<std::uint64_t> size) = 0;

    /// Stores `data` at `offset` (bytes from the start). `data` is valid until it completes.
    virtual boost::asio::awaitable<boost::system::error_code> write(
        std::uint64_t offset, std::span<const std::byte> data) = 0;

    /// Makes what was written durable. Called once before commit, if `downloader_options::durable`
    /// is set; an error fails the download, which is discarded then.
    virtual boost::asio::awaitable<boost::system::error_code> sync() = 0;

    /// The body is complete and verified, `size` bytes long.
    virtual boost::asio::awaitable<boost::system::error_code> commit(std::uint64_t size) = 0;

    /// The download failed; what was written is not wanted.
    virtual boost::asio::awaitable<void> discard() = 0;

    /// Whether bytes can only be appended and never be taken back, as with a pipe. A stream gets
    /// each byte once, in order. A retry continues with a range of the same URL; if the download
    /// would have to start over, or to go to a mirror, it fails instead.
    virtual bool is_stream() const noexcept { return false; }

    /// The download was stopped while a call is under way, on the downloader's executor. A call
    /// that waits for somebody else (the reader of a pipe) ends soon after, with any error.
    virtual void interrupt() noexcept {}

    /// Describes the error that a call returned, in one line for a person, without secrets. Empty:
    /// the error's own message is shown.
    virtual std::string failure() const { return {}; }
};

}  // namespace asyncdl
