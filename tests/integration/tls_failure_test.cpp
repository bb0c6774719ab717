// Handshakes that fail: what the message says, and what is tried again.

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <asyncdl/with/ssl.hpp>

#include <memory>
#include <string>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

/// A stage whose origin has `/`, and a downloader that would try four times.
class handshake_stage : public stage {
public:
    explicit handshake_stage(origin_options how) : stage(std::move(how)) {
        response answer;
        answer.body = "hello";
        server.on("/", answer);
        options.retries = 3;
        options.retry_delay = 0s;
    }
};

origin_options shows(const certificate_options& certificate) {
    origin_options how;
    how.tls = shared_authority().issue(certificate);
    return how;
}

/// A TLS record with an alert: fatal, of this number.
std::string alert_record(char number) {
    return {'\x15', '\x03', '\x03', '\0', '\2', '\2', number};
}

/// Answers the first `times` ClientHellos with these bytes and closes; then it is a good server.
origin_options answers_hello_with(std::string bytes, int times) {
    origin_options how = over_tls();
    how.on_connect = [bytes = std::move(bytes), times,
                      seen = std::make_shared<int>(0)](connection& peer) {
        if ((*seen)++ < times && peer.read_client_hello()) {
            peer.send_in_clear(bytes);
            peer.tls_truncate();
        }
    };
    return how;
}

/// The message of a download that fails at once, as `code`.
std::string refused(handshake_stage& on, errc code) {
    const download_result result = on.fetch("/");
    check_failed(on, result, code);
    CHECK(error_kind(result.error) == "tls");
    CHECK(result.attempts == 1);
    CHECK(on.server.accepted() == 1);
    return result.message;
}

TEST_SUITE_BEGIN("integration/tls_failure");

TEST_CASE("an alert is a refusal, told with its number and not tried again") {
    handshake_stage on(answers_hello_with(alert_record(40), 9));
    CHECK(refused(on, errc::tls_handshake) ==
          "127.0.0.1 refused the TLS handshake: alert 40, handshake failure");
    handshake_stage unknown(answers_hello_with(alert_record(112), 9));
    CHECK(refused(unknown, errc::tls_handshake) ==
          "127.0.0.1 refused the TLS handshake: alert 112, unrecognized name");
}

TEST_CASE("a server that does not speak TLS is told as that") {
    handshake_stage http(answers_hello_with("HTTP/1.1 400 Bad Request\r\n\r\n", 9));
    CHECK(refused(http, errc::tls_handshake) ==
          "127.0.0.1 does not speak TLS on this port, but plain HTTP; try http://");
    for (const char* greeting : {"SSH-2.0-OpenSSH_9\r\n", "220 mail\r\n", "?"}) {
        handshake_stage other(answers_hello_with(greeting, 9));
        CHECK(refused(other, errc::tls_handshake) == "127.0.0.1 does not speak TLS on this port");
    }
}

TEST_CASE("a server without a version in common says so") {
    origin_options how = over_tls();
    how.highest_tls = TLS1_1_VERSION;
    handshake_stage on(std::move(how));
    CHECK(refused(on, errc::tls_handshake) ==
          "127.0.0.1 refused the TLS handshake: alert 70, protocol version");
}

TEST_CASE("a server that wants a client certificate is not asked again") {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        origin_options how = over_tls();
        how.highest_tls = version;
        how.wants_certificate = true;
        handshake_stage on(std::move(how));
        CHECK(refused(on, errc::tls_handshake) ==
              (version == TLS1_2_VERSION
                   ? "127.0.0.1 wants a client certificate (alert 40, handshake failure)"
                   : "127.0.0.1 wants a client certificate (alert 116, certificate required)"));
    }
}

TEST_CASE("... and its alert is read if it closes while the request is being sent") {
    origin_options how = over_tls();
    how.wants_certificate = true;
    handshake_stage on(std::move(how));
    // More than the sockets hold, so that the close meets a write.
    download_request ask = on.ask("/");
    ask.headers.emplace_back("X-Long", std::string(16 * 1024 * 1024, 'x'));
    const download_result result = on.fetch(std::move(ask));
    check_failed(on, result, errc::tls_handshake);
    CHECK(result.attempts == 1);
    CHECK(result.message ==
          "127.0.0.1 wants a client certificate (alert 116, certificate required)");
}

TEST_CASE("a client certificate that a program sets is sent") {
    origin_options how = over_tls();
    how.wants_certificate = true;
    handshake_stage on(std::move(how));
    with::ssl(on.options.tls, [&](SSL_CTX* context) { show(context, shared_authority().issue()); });
    // The origin trusts no authority at all, so it refuses this one.
    const download_result result = on.fetch("/");
    check_failed(on, result, errc::tls_handshake);
    CHECK(result.message.starts_with(
        "127.0.0.1 refused the handshake with our client certificate: alert "));
}

TEST_CASE("a certificate is told by what is wrong with it") {
    certificate_options other;
    other.dns_names = {"elsewhere.test", "another.test"};
    other.addresses = {"127.0.0.2"};
    handshake_stage name(shows(other));
    CHECK(refused(name, errc::tls_certificate) ==
          "the certificate is for elsewhere.test, another.test, 127.0.0.2, not for 127.0.0.1");

    certificate_options old;
    old.expired = true;
    handshake_stage expired(shows(old));
    CHECK(refused(expired, errc::tls_certificate)
              .starts_with("the certificate of 127.0.0.1 expired on 2"));

    certificate_options early;
    early.not_yet_valid = true;
    handshake_stage not_yet(shows(early));
    CHECK(refused(not_yet, errc::tls_certificate)
              .starts_with("the certificate of 127.0.0.1 is not valid before 2"));

    certificate_options own;
    own.self_signed = true;
    handshake_stage self_signed(shows(own));
    CHECK(refused(self_signed, errc::tls_unknown_issuer) ==
          "the certificate of 127.0.0.1 is self-signed, and not among those that are trusted");

    origin_options unknown;
    unknown.tls = authority("Somebody's authority").issue();
    handshake_stage issuer(std::move(unknown));
    CHECK(refused(issuer, errc::tls_unknown_issuer) ==
          "the certificate of 127.0.0.1 is not trusted: the issuer 'Somebody's authority' is not "
          "known here");
}

TEST_CASE("a record that was damaged in the handshake is tried again") {
    // What a server says whose records, or whose client's, were damaged on their way.
    for (const char number : {char{20}, char{50}, char{51}}) {
        CAPTURE(int{number});
        handshake_stage on(answers_hello_with(alert_record(number), 2));
        const download_result result = on.fetch("/");
        check_stored(on, result, "hello");
        CHECK(result.attempts == 3);
    }
    handshake_stage always(answers_hello_with(alert_record(20), 9));
    const download_result result = always.fetch("/");
    check_failed(always, result, errc::tls_reset);
    CHECK(result.attempts == 4);
    CHECK(result.message == "127.0.0.1 ended the TLS handshake: alert 20, bad record mac");
}

TEST_CASE("a record that comes damaged in the handshake is tried again") {
    // Of TLS 1.3 all but the first 133 bytes is encrypted.
    for (const std::size_t at : {200U, 300U, 400U}) {
        CAPTURE(at);
        origin_options how = over_tls();
        how.on_connect = [at, seen = std::make_shared<int>(0)](connection& peer) {
            if (++*seen == 1) {
                peer.damaged_handshake(at);
            }
        };
        handshake_stage on(std::move(how));
        on.options.retries = 0;
        const download_result first = on.fetch("/");
        check_failed(on, first, errc::tls_reset);
        CHECK(first.error == failure::retryable);
        CHECK(first.message ==
              "127.0.0.1 sent a damaged record in the TLS handshake: decryption failed or bad "
              "record mac");
        check_stored(on, on.fetch("/"), "hello");
    }
}

TEST_CASE("a server that speaks TLS and is asked in the clear is told as that") {
    origin_options how;
    how.on_connect = [](connection& peer) {
        peer.next_request();
        peer.send_raw(alert_record(10));  // unexpected message: a line feed
        peer.close();
    };
    handshake_stage on(std::move(how));
    const download_result result = on.fetch("/");
    check_failed(on, result, errc::protocol);
    CHECK(result.attempts == 1);
    CHECK(result.message == "the server speaks TLS on this port; try https://");
}

TEST_CASE("a page that says that the port is for HTTPS is told as that") {
    handshake_stage on{origin_options()};
    response page;
    page.status = 400;
    page.reason = "Bad Request";
    for (const char* text : {"<center>The plain HTTP request was sent to HTTPS port</center>",
                             "Client sent an HTTP request to an HTTPS server.\n"}) {
        page.body = text;
        on.server.on("/", page);
        const download_result result = on.fetch("/");
        check_failed(on, result, errc::http_status);
        CHECK(result.message ==
              "HTTP status 400: the server speaks TLS on this port; try https://");
    }
    page.body = "no";
    on.server.on("/", page);
    CHECK(on.fetch("/").message == "HTTP status 400 Bad Request");
}

TEST_CASE("a close without a byte to a request in the clear says what to try") {
    handshake_stage on(over_tls());
    const std::string url = "http://127.0.0.1:" + std::to_string(on.server.port()) + "/";
    on.options.retries = 0;
    const download_result result = on.fetch(download_request(url, "file"));
    check_failed(on, result, errc::truncated);
    CHECK(result.message.ends_with("; if it speaks TLS on port " +
                                   std::to_string(on.server.port()) + ", try https://"));
}

TEST_SUITE_END();

}  // namespace
