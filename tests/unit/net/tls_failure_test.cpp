#include "net/tls_failure.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>

#include <cerrno>
#include <string>

namespace {

using namespace asyncdl;
using namespace asyncdl::net;

/// What OpenSSL leaves in its queue when it fails for this reason.
tls_errors ssl_failed(int reason) {
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);  // its words
    ERR_clear_error();
    ERR_raise(ERR_LIB_SSL, reason);
    return tls_errors::take();
}

tls_errors alerted(int alert) {
    return ssl_failed(SSL_AD_REASON_OFFSET + alert);
}

tls_peer somebody() {
    tls_peer peer;
    peer.host = "h.test";
    return peer;
}

TEST_SUITE_BEGIN("unit/net/tls_failure");

TEST_CASE("taking OpenSSL's errors empties its queue and keeps the last one") {
    ERR_clear_error();
    ERR_raise(ERR_LIB_SYS, EMFILE);
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
    const tls_errors taken = tls_errors::take();
    CHECK(taken.lacked_descriptor);
    CHECK(ERR_GET_REASON(taken.last) == SSL_R_NO_SHARED_CIPHER);
    CHECK(ERR_peek_error() == 0);
    CHECK_FALSE(tls_errors::take().lacked_descriptor);
    CHECK(handshake_fault(taken, somebody()).code() == errc::too_many_files);
}

TEST_CASE("an alert is named with its number, and is a refusal that no retry follows") {
    const core::fault why = handshake_fault(alerted(40), somebody());
    CHECK(why.code() == errc::tls_handshake);
    CHECK(why.message() == "h.test refused the TLS handshake: alert 40, handshake failure");
    CHECK(handshake_fault(alerted(112), somebody()).message() ==
          "h.test refused the TLS handshake: alert 112, unrecognized name");
    CHECK(handshake_fault(alerted(109), somebody()).message() ==
          "h.test refused the TLS handshake: alert 109, missing extension");
    CHECK(handshake_fault(alerted(255), somebody()).message() ==
          "h.test refused the TLS handshake: alert 255, unknown");
    for (const int alert : {42, 45, 47, 48, 49, 70, 71, 80, 86, 112, 116, 120}) {
        CAPTURE(alert);
        CHECK(handshake_fault(alerted(alert), somebody()).code() == errc::tls_handshake);
    }
}

TEST_CASE("an alert after a request for a certificate that was not met says what is wanted") {
    tls_peer peer = somebody();
    CHECK(handshake_fault(alerted(116), peer).message() ==
          "h.test wants a client certificate (alert 116, certificate required)");
    peer.certificate_missing = true;
    for (const int alert : {40, 42, 116}) {
        const core::fault why = handshake_fault(alerted(alert), peer);
        CHECK(why.code() == errc::tls_handshake);
        CHECK(why.message().starts_with("h.test wants a client certificate (alert "));
    }
    peer.certificate_missing = false;
    peer.certificate_sent = true;
    CHECK(handshake_fault(alerted(42), peer).message() ==
          "h.test refused the handshake with our client certificate: alert 42, bad certificate");
}

TEST_CASE("what was damaged on its way may pass, whoever saw it") {
    for (const int alert : {20, 50, 51}) {
        CHECK(handshake_fault(alerted(alert), somebody()).code() == errc::tls_reset);
    }
    CHECK(handshake_fault(alerted(20), somebody()).message() ==
          "h.test ended the TLS handshake: alert 20, bad record mac");
    const core::fault seen =
        handshake_fault(ssl_failed(SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC), somebody());
    CHECK(seen.code() == errc::tls_reset);
    CHECK(seen.message() ==
          "h.test sent a damaged record in the TLS handshake: decryption failed or bad record mac");
    for (const int reason : {SSL_R_BAD_EXTENSION, SSL_R_INVALID_SESSION_ID, SSL_R_LENGTH_MISMATCH,
                             SSL_R_BAD_RECORD_TYPE, SSL_R_UNEXPECTED_MESSAGE}) {
        CHECK(handshake_fault(ssl_failed(reason), somebody()).code() == errc::tls_reset);
    }
    for (const int reason : {SSL_R_WRONG_CIPHER_RETURNED, SSL_R_UNSUPPORTED_PROTOCOL}) {
        CHECK(handshake_fault(ssl_failed(reason), somebody()).code() == errc::tls_handshake);
    }
}

TEST_CASE("what speaks no TLS is told by its first bytes") {
    const auto answered = [](std::string_view first) {
        tls_peer peer = somebody();
        peer.first_bytes = first;
        return handshake_fault(tls_errors(), peer);
    };
    CHECK(answered("HTTP/1.1").message() ==
          "h.test does not speak TLS on this port, but plain HTTP; try http://");
    for (const std::string_view first : {"SSH-2.0-", "x", "\r\n", "\x16", "\x16\x04"}) {
        CAPTURE(first);
        const bool may_be_tls = first == "\x16";
        CHECK(answered(first).code() == (may_be_tls ? errc::tls_reset : errc::tls_handshake));
        CHECK((answered(first).message() == "h.test does not speak TLS on this port") !=
              may_be_tls);
    }
    CHECK(answered("").message() == "h.test closed the connection during the TLS handshake");
    CHECK(answered("\x15\x03\x03").code() == errc::tls_reset);
}

TEST_CASE("what nothing else explains is in OpenSSL's words") {
    const core::fault why = handshake_fault(ssl_failed(SSL_R_UNSUPPORTED_PROTOCOL), somebody());
    CHECK(why.code() == errc::tls_handshake);
    CHECK(why.message() == "TLS handshake with h.test failed: unsupported protocol");
    CHECK(reason_of(tls_errors()) == "OpenSSL gives no reason");
}

TEST_CASE("only an alert is a refusal") {
    CHECK_FALSE(refusal(tls_errors(), somebody()).any());
    CHECK_FALSE(refusal(ssl_failed(SSL_R_UNEXPECTED_EOF_WHILE_READING), somebody()).any());
    CHECK(refusal(alerted(116), somebody()).code() == errc::tls_handshake);
}

TEST_SUITE_END();

}  // namespace
