#pragma once
// An HTTP/1.1 connection (RFC 9112): one exchange after the other on one stream. Owned by the pool,
// leased to one download at a time, used on its executor.

#include <memory>
#include <string>
#include <vector>

#include "core/chunk_decoder.hpp"
#include "http/exchange.hpp"
#include "http/head_reader.hpp"
#include "net/stream.hpp"

namespace asyncdl::http {

/// The bounds in time of an exchange.
class patience {
public:
    net::clock::duration byte{};  ///< longest wait for a byte; a head has four times that
};

class h1_connection final : public exchange {
public:
    h1_connection(std::unique_ptr<net::stream> stream, patience bounds);

    /// Begins another exchange; false where something came in unasked or the peer closed: what
    /// follows a response is never taken for the next.
    bool renew();

    /// Whether the exchange ended such that another may follow.
    bool reusable() const noexcept;

    /// Whether the exchange ended in good order and the server said that it closes now.
    bool is_left_to_server() const noexcept;

    /// Whether nothing has come since, not even the peer's end.
    bool is_quiet() { return stream_->is_quiet(); }

    /// The socket, for `net::shut_down`.
    int handle() { return stream_->handle(); }

    boost::asio::awaitable<core::outcome<const core::response_head*>> start(
        const request_head& request) override;
    core::outcome<std::optional<std::span<const std::byte>>> try_read(
        std::span<std::byte> space) override;
    boost::asio::awaitable<core::outcome<void>> wait() override;
    std::optional<std::uint64_t> body_size() const override;
    boost::asio::awaitable<void> drain(std::uint64_t limit, std::span<std::byte> space) override;
    bool lost_unanswered() const override;
    bool is_answered() const override;

private:
    void write_request(const request_head& request);
    core::outcome<bool> take_head(unsigned& interim);
    core::outcome<net::readiness> receive_head_bytes();
    core::outcome<void> begin_body();
    core::outcome<std::span<const std::byte>> decode(std::span<std::byte> received);
    core::outcome<std::span<const std::byte>> decode_chunks(std::span<std::byte> received);
    core::outcome<std::span<const std::byte>> body_ended(const net::attempt& last);
    core::fault ended_early() const;
    core::fault head_too_late(bool as_a_whole) const;
    void release_buffers();

    std::unique_ptr<net::stream> stream_;
    patience bounds_;
    head_reader heads_;
    std::vector<std::byte> inbox_;  ///< received and not yet handed on
    std::size_t inbox_used_ = 0;    ///< bytes at its front that were handed on
    std::string outbox_;            ///< the request's text

    core::body_framing framing_;
    core::chunk_decoder chunks_;
    std::uint64_t left_ = 0;                           ///< of a sized body
    std::uint64_t received_ = 0;                       ///< body bytes so far
    bool must_wait_ = false;                           ///< the last read took all that was there
    net::readiness need_ = net::readiness::want_read;  ///< what the body waits for
    bool first_byte_ = false;                          ///< of this response
    bool complete_ = false;                            ///< the body came to its end
    bool reused_ = false;
    bool says_close_ = false;  ///< and the body's end is told apart from that
};

}  // namespace asyncdl::http
