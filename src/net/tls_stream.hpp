#pragma once
// TLS set directly on a non-blocking socket, through a BIO of our own: measured at 0.6 of the CPU
// of a stream that copies through memory BIOs. Ownership and thread as for `stream`.

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "net/tls_failure.hpp"

namespace asyncdl::net {

/// The socket below TLS, and what came from it first: enough to see what is no TLS at all.
class tls_wire {
public:
    int socket = -1;
    std::size_t heard = 0;  ///< bytes of `first`
    std::array<char, 8> first{};
};

class tls_stream final : public stream {
public:
    /// Takes a connected socket. `host` is the name (or the literal address) that the certificate
    /// has to be for.
    tls_stream(boost::asio::ip::tcp::socket socket, timekeeper& keeper,
               std::shared_ptr<tls_context> context, const std::string& host, std::uint16_t port);

    /// Says goodbye where the connection is in order; does not wait.
    ~tls_stream() override;

    /// Shakes hands until `limit`. Errors: those of `handshake_fault`, `timeout`, `cancelled`.
    boost::asio::awaitable<core::outcome<void>> handshake(clock::time_point limit);

    /// Before the first byte an alert is a refusal: `tls_handshake`.
    attempt try_read(std::span<std::byte> space) override;
    attempt try_write(std::span<const std::byte> data) override;
    bool is_quiet() override;

private:
    struct free_ssl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    attempt from_ssl(int returned);
    core::fault failed(int what);
    attempt last_words(attempt broken);
    tls_peer peer() const;

    std::shared_ptr<tls_context> context_;
    tls_wire wire_;
    std::unique_ptr<SSL, free_ssl> ssl_;
    const handshake_notes* notes_;  ///< of `ssl_`
    bool heard_ = false;            ///< the server has sent something besides TLS itself
    attempt pending_;               ///< what came after the bytes that the last read gave
};

}  // namespace asyncdl::net
