#pragma once
// What TLS connections share: OpenSSL's context with the trusted CAs, and the sessions that let a
// next connection to the same origin skip the full handshake. Thread-safe, shared by downloaders.

#include <openssl/ssl.h>
#include <asyncdl/downloader_options.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/fault.hpp"

namespace asyncdl::net {

/// What OpenSSL's callbacks note of a connection's handshake, for the message if it fails. Owned by
/// its SSL.
class handshake_notes {
public:
    std::string host;
    std::string session_key;          ///< `host:port`
    core::fault distrust;             ///< why the certificate is not believed
    bool certificate_wanted = false;  ///< the server asked for one of ours
};

class tls_context {
public:
    /// Loads the CAs, the system's where no file is named: 18 ms, so not before the first https
    /// connection. `errc::tls_certificate` where the file cannot be used,
    /// `errc::too_many_files` where no file can be opened now.
    static core::outcome<std::shared_ptr<tls_context>> create(const tls_options& options);

    explicit tls_context(bool verifies);

    SSL_CTX* native() const noexcept { return context_.get(); }

    /// Gives a new connection the last session with this peer, if there is one, and has it remember
    /// its own, and take notes. The notes live as long as the connection.
    const handshake_notes& attach(SSL* connection, const std::string& host, std::uint16_t port);

private:
    static int on_new_session(SSL* connection, SSL_SESSION* session);
    static int on_certificate(int believed, X509_STORE_CTX* chain) noexcept;
    static int on_certificate_request(SSL* connection, void*) noexcept;

    struct free_context {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };
    struct free_session {
        void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    };

    std::unique_ptr<SSL_CTX, free_context> context_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<SSL_SESSION, free_session>> sessions_;
};

}  // namespace asyncdl::net
