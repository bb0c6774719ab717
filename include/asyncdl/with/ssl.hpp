#pragma once
// Opt-in: lets a program set up OpenSSL's context itself (client certificates, pinning, ciphers).

#include <asyncdl/downloader_options.hpp>
#include <functional>
#include <utility>

extern "C" {
struct ssl_ctx_st;
}

namespace asyncdl::with {

/// Calls `customize` with the `SSL_CTX*` of a downloader once, after the library's own settings and
/// before the first TLS connection, on that downloader's executor.
inline void ssl(tls_options& options, std::function<void(ssl_ctx_st*)> customize) {
    options.customize = [customize = std::move(customize)](void* context) {
        customize(static_cast<ssl_ctx_st*>(context));
    };
}

}  // namespace asyncdl::with
