#pragma once
// What is wrong with a server's certificate, in words for a person: which name, which date, which
// issuer. Whatever a certificate holds, the text is printable and bounded. Free functions; any
// thread.

#include <openssl/x509.h>

#include <chrono>
#include <string>
#include <string_view>

#include "core/fault.hpp"

namespace asyncdl::net {

/// Why `certificate`, of the chain that `host` has shown, is not believed. `error` is OpenSSL's
/// (X509_V_ERR_*), `depth` is 0 for the host's own certificate. `errc::tls_unknown_issuer` if
/// nobody that is trusted vouches for it, else `errc::tls_certificate`.
core::fault certificate_fault(int error, const X509* certificate, int depth, std::string_view host,
                              std::chrono::system_clock::time_point now);

}  // namespace asyncdl::net
