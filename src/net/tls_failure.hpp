#pragma once
// Why TLS failed, from what OpenSSL and the wire tell, as an error of ours and in words. Free
// functions; OpenSSL's queue of errors is the calling thread's.

#include <openssl/ssl.h>

#include <string>
#include <string_view>

#include "core/fault.hpp"

namespace asyncdl::net {

/// What OpenSSL's queue of errors held.
class tls_errors {
public:
    /// Empties the queue.
    static tls_errors take();

    unsigned long last = 0;          ///< OpenSSL's code of the last one; 0: there was none
    bool lacked_descriptor = false;  ///< a file could not be opened for lack of descriptors
};

/// What is known of the peer when TLS with it fails.
class tls_peer {
public:
    std::string_view host;
    std::string_view first_bytes;      ///< that it sent, the first 8 at most
    bool certificate_missing = false;  ///< it asked for a client certificate and got none
    bool certificate_sent = false;     ///< ... and got one
    core::fault distrust;              ///< why its certificate is not believed, if it is not
};

/// Why the handshake failed. `tls_certificate` and `tls_unknown_issuer`: see `certificate_fault`.
/// `tls_handshake`: the peers agree on nothing, the server refuses, wants a client certificate, or
/// speaks something else than TLS. `tls_reset`: the connection ended, or a record was damaged; both
/// may pass. `too_many_files`.
core::fault handshake_fault(const tls_errors& errors, const tls_peer& peer);

/// What an alert that the server sent means before its first byte: a client of TLS 1.3 has ended
/// its handshake when the server refuses it (RFC 8446, 4.4.2.4). None if it was no alert.
core::fault refusal(const tls_errors& errors, const tls_peer& peer);

/// The reason in OpenSSL's words, alerts with their numbers.
std::string reason_of(const tls_errors& errors);

}  // namespace asyncdl::net
