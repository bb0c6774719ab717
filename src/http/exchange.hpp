#pragma once
// One request and its response on a leased connection. What the engine sees of HTTP: the head
// first, then the body, pulled. Owned by the pool, used by one download at a time on its executor.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/fault.hpp"
#include "core/fields.hpp"
#include "core/framing.hpp"
#include "http/request_head.hpp"

namespace asyncdl::http {

class exchange {
public:
    virtual ~exchange() = default;

    /// Sends the request and reads up to the head of the final response; interim ones are passed
    /// over, at most 16. The head stays valid until the first wait for the body, or the end of the
    /// exchange. Errors: `protocol`, `truncated`, `timeout`, `cancelled`.
    virtual boost::asio::awaitable<core::outcome<const core::response_head*>> start(
        const request_head& request) = 0;

    /// The next bytes of the body, at most 16 KiB or the size of `space`; empty at its end, nothing
    /// where they have to be waited for. They are in `space` or in the exchange's own memory, and
    /// valid until the caller next suspends: `space` may be shared by all downloads of the thread,
    /// since nothing is held in it while waiting. Errors: `protocol`, `truncated`.
    virtual core::outcome<std::optional<std::span<const std::byte>>> try_read(
        std::span<std::byte> space) = 0;

    /// Waits until there may be more of the body; the head ends here. Errors: `timeout`,
    /// `truncated`, `cancelled`.
    virtual boost::asio::awaitable<core::outcome<void>> wait() = 0;

    /// Bytes of the body, where the head said so.
    virtual std::optional<std::uint64_t> body_size() const = 0;

    /// Reads off a body that nobody wants, so that the connection can be used again; gives up past
    /// `limit` bytes, the connection is then closed when the lease ends. The head ends here.
    virtual boost::asio::awaitable<void> drain(std::uint64_t limit, std::span<std::byte> space) = 0;

    /// True where the connection carried other exchanges before and not a byte of this response
    /// came: the server closed it just as it was reused, and another may be taken (RFC
    /// 9110, 9.2.2).
    virtual bool lost_unanswered() const = 0;

    /// Whether a byte of this response came.
    virtual bool is_answered() const = 0;
};

}  // namespace asyncdl::http
