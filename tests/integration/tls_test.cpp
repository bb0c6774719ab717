// TLS: who is believed, which versions are spoken, sessions resumed, ends of streams.

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <asyncdl/with/ssl.hpp>

#include <chrono>
#include <string>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

origin_options with_certificate(identity who) {
    origin_options options;
    options.tls = std::move(who);
    return options;
}

/// A stage whose origin shows this certificate and has `/`.
class tls_stage : public stage {
public:
    explicit tls_stage(origin_options how) : stage(std::move(how)) {
        response answer;
        answer.body = "hello";
        server.on("/", answer);
    }
};

origin_options wrong_host() {
    certificate_options other;
    other.dns_names = {"elsewhere.test"};
    other.addresses = {"127.0.0.2"};
    return with_certificate(shared_authority().issue(other));
}

origin_options expired() {
    certificate_options old;
    old.expired = true;
    return with_certificate(shared_authority().issue(old));
}

/// Under the name of one that is trusted.
origin_options unknown_authority() {
    return with_certificate(authority().issue());
}

TEST_SUITE_BEGIN("integration/tls");

TEST_CASE("a certificate that is not to be believed ends the download before a request") {
    for (auto* make : {wrong_host, expired, unknown_authority}) {
        tls_stage on(make());
        on.options.retries = 3;
        const download_result result = on.fetch("/");
        check_failed(on, result, errc::tls_certificate);
        CHECK(error_kind(result.error) == "tls");
        CHECK(result.attempts == 1);
        CHECK(result.status == 0);
        CHECK(result.http_version.empty());
        CHECK(on.server.requests().empty());
    }
}

TEST_CASE("without the check every certificate will do") {
    for (auto* make : {wrong_host, expired, unknown_authority}) {
        tls_stage on(make());
        on.options.tls.insecure = true;
        on.options.tls.ca_file.clear();
        check_stored(on, on.fetch("/"), "hello");
    }
}

TEST_CASE("the system's authorities do not know ours") {
    tls_stage on(over_tls());
    on.options.tls.ca_file.clear();
    check_failed(on, on.fetch("/"), errc::tls_unknown_issuer);
}

TEST_CASE("a name is checked as well as an address, and sent as SNI") {
    certificate_options by_name;
    by_name.addresses.clear();
    tls_stage on(with_certificate(shared_authority().issue(by_name)));
    check_failed(on, on.fetch("/"), errc::tls_certificate);
    check_stored(on, on.fetch(download_request(on.server.url("/", "localhost"), "file")), "hello");
    CHECK(on.server.requests().back().server_name == "localhost");
}

TEST_CASE("an address is not sent as SNI") {
    tls_stage on(over_tls());
    check_stored(on, on.fetch("/"), "hello");
    CHECK(on.server.requests().back().server_name.empty());
}

TEST_CASE("TLS 1.2 and 1.3 are spoken, nothing below") {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        origin_options how = over_tls();
        how.highest_tls = version;
        tls_stage on(std::move(how));
        check_stored(on, on.fetch("/"), "hello");
    }
    origin_options how = over_tls();
    how.highest_tls = TLS1_1_VERSION;
    tls_stage on(std::move(how));
    check_failed(on, on.fetch("/"), errc::tls_handshake);
}

TEST_CASE("a session is resumed by the next connection") {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        origin_options how = over_tls();
        how.highest_tls = version;
        tls_stage on(std::move(how));
        response last;
        last.body = "hello";
        last.close = true;
        on.server.on("/last", last);
        on.options.max_concurrent = 1;
        const batch_result batch =
            on.fetch_all({on.ask("/last", "a"), on.ask("/last", "b"), on.ask("/last", "c")});
        CHECK(batch.summary.succeeded == 3);
        CHECK(on.server.accepted() == 3);
        CHECK(on.server.resumed() == 2);
    }
}

TEST_CASE("sessions are shared by the downloaders of a context") {
    tls_stage on(over_tls());
    const download_context shared;
    for (int i = 0; i < 2; ++i) {
        downloader client(on.io.get_executor(), on.options, shared);
        CHECK(on.fetch(client, on.ask("/", std::to_string(i))).success);
    }
    CHECK(on.server.resumed() + 1 == on.server.accepted());
}

TEST_CASE("a peer that is not TLS fails the handshake") {
    origin_options how;
    how.on_connect = [](connection& peer) {
        peer.send_raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    };
    const origin not_tls(std::move(how));
    tls_stage on(over_tls());
    const std::string url = "https://127.0.0.1:" + std::to_string(not_tls.port()) + "/";
    check_failed(on, on.fetch(download_request(url, "file")), errc::tls_handshake);
}

TEST_CASE("a close or a reset in the handshake can pass") {
    for (const bool reset : {false, true}) {
        CAPTURE(reset);
        origin_options how = over_tls();
        how.on_connect = [reset, seen = std::make_shared<int>(0)](connection& peer) {
            // A reset that comes before the client has seen the connect succeed is a failure of the
            // connect. Once it has sent its ClientHello it is one of the handshake.
            if (++*seen == 1 && peer.read_client_hello()) {
                reset ? peer.reset() : peer.close();
            }
        };
        tls_stage on(std::move(how));
        const download_result first = on.fetch("/");
        check_failed(on, first, errc::tls_reset);
        CHECK(error_kind(first.error) == "truncated");
        CHECK(first.error == failure::retryable);
        CHECK(on.fetch("/").success);
    }
}

TEST_CASE("a stream that ends without close_notify ends no body") {
    tls_stage on(over_tls());
    on.server.on("/", misbehave::tls_truncated_body("hello"));
    check_failed(on, on.fetch("/"), errc::truncated);
}

TEST_CASE("a stream that ends without close_notify behind a complete body is no failure") {
    tls_stage on(over_tls());
    on.server.on("/", [](connection& peer, const request&) {
        peer.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        peer.tls_truncate();
    });
    check_stored(on, on.fetch("/"), "hello");
}

TEST_CASE("a program can set the context up itself") {
    tls_stage on(over_tls());
    int calls = 0;
    with::ssl(on.options.tls, [&](SSL_CTX* context) {
        ++calls;
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    });
    check_stored(on, on.fetch("/"), "hello");
    CHECK(calls == 1);
    CHECK(on.server.requests().back().tls_version == "TLSv1.2");
}

TEST_CASE("a CA file that cannot be read fails every https download") {
    tls_stage on(over_tls());
    on.options.tls.ca_file = (on.dir / "missing.pem").string();
    check_failed(on, on.fetch("/"), errc::tls_certificate);
    CHECK(on.server.requests().empty());
}

TEST_SUITE_END();

}  // namespace
