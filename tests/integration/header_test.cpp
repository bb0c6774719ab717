// What a request looks like, and which of it goes to whom.

#include <doctest/doctest.h>
#include <asyncdl/version.hpp>

#include <stdexcept>
#include <string>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

header removed(std::string name) {
    header result(std::move(name), "");
    result.remove = true;
    return result;
}

TEST_SUITE_BEGIN("integration/header");

TEST_CASE_TEMPLATE("a request has what it needs and nothing else", How, plain, tls) {
    stage_over<How> on;
    CHECK(on.fetch("/bytes/5").success);
    const request asked = on.server.requests().at(0);
    CHECK(asked.method == "GET");
    CHECK(asked.version == "HTTP/1.1");
    CHECK(asked.target == "/bytes/5");
    CHECK(asked.count("Host") == 1);
    CHECK(asked.value("Host") == "127.0.0.1:" + std::to_string(on.server.port()));
    CHECK(asked.value("User-Agent") == "asyncdl/" ASYNCDL_VERSION);
    CHECK(asked.fields.at(0).first == "Host");
    for (const char* name :
         {"Authorization", "Cookie", "Referer", "Range", "Content-Length", "Transfer-Encoding"}) {
        CAPTURE(name);
        CHECK_FALSE(asked.value(name).has_value());
    }
}

TEST_CASE("headers are added, replaced, removed and sent empty") {
    stage_over<plain> on;
    on.options.user_agent = "tester/1";
    on.options.headers = {header("X-One", "1"), header("X-Empty", ""), header("X-Both", "option")};
    download_request ask = on.ask("/bytes/5");
    ask.headers = {header("x-both", "request"), header("X-Two", "2"), removed("x-one")};
    CHECK(on.fetch(ask).success);
    const request first = on.server.requests().at(0);
    CHECK(first.value("User-Agent") == "tester/1");
    CHECK(first.value("X-Empty") == "");
    CHECK(first.value("X-Two") == "2");
    CHECK(first.value("X-Both") == "request");
    CHECK(first.count("X-Both") == 1);
    CHECK(first.count("X-One") == 0);

    on.options.headers = {removed("User-Agent"), header("Host", "virtual.test")};
    CHECK(on.fetch("/bytes/5").success);
    const request second = on.server.requests().at(1);
    CHECK(second.count("User-Agent") == 0);
    CHECK(second.count("Host") == 1);
    CHECK(second.value("Host") == "virtual.test");
}

TEST_CASE("a header field may be repeated") {
    stage_over<plain> on;
    on.options.headers = {header("X-Many", "a"), header("X-Many", "b")};
    CHECK(on.fetch("/bytes/5").success);
    CHECK(on.server.requests().at(0).count("X-Many") == 2);
}

TEST_CASE("a header that would break the request never reaches the wire") {
    stage_over<plain> on;
    for (const header& bad :
         {header("X", "a\r\nInjected: 1"), header("X\r\nInjected", "1"), header("X", "a\nb"),
          header("", "a"), header("A B", "c"), header("X", std::string("a\0b", 3)),
          header("X", "\x1b[2J"), header("X", "\x7f"), header("Range", "bytes=0-1"),
          header("Content-Length", "5"), header("Transfer-Encoding", "chunked"),
          removed("Connection")}) {
        CAPTURE(bad.name);
        download_request ask = on.ask("/bytes/5");
        ask.headers = {bad};
        const download_result result = on.fetch(ask);
        check_failed(on, result, errc::invalid_argument);
        CHECK(result.attempts == 0);
        CHECK(error_kind(result.error) == "invalid_url");
        CHECK(result.message == check_header(bad));
        on.options.headers = {bad};
        CHECK_THROWS_AS(on.fetch("/bytes/5"), std::invalid_argument);
        on.options.headers.clear();
    }
    CHECK(on.server.requests().empty());
}

TEST_CASE_TEMPLATE("userinfo is sent as Basic and shown nowhere", How, plain, tls) {
    stage_over<How> on;
    std::string url = on.server.url("/from?q");
    url.insert(url.find("//") + 2, "us%65r:p%40ss:word@");
    on.server.on("/from", redirect_to("/status/404"));
    const download_result result = on.fetch(download_request(url, "file"));
    check_failed(on, result, errc::http_status);
    REQUIRE(on.server.requests().size() == 2);
    for (const request& asked : on.server.requests()) {
        CHECK(asked.value("Authorization") == "Basic dXNlcjpwQHNzOndvcmQ=");  // user:p@ss:word
        CHECK(asked.head.find('@') == std::string::npos);
    }
    CHECK(result.url == on.server.url("/from?q"));
    for (const std::string& text : {result.url, result.final_url, result.message}) {
        CHECK(text.find("ss") == std::string::npos);
    }
}

TEST_CASE("a server that repeats a signature of the URL, whole or cut, is not quoted") {
    stage_over<plain> on;
    const std::string secret = "f00dcafe/" + std::string(70, '7');
    const auto repeat = [&](connection& peer, const request& asked) {
        response answer;
        answer.status = 403;
        answer.reason = "no " + asked.target.substr(asked.target.find("sig=") + 4);
        peer.send(answer);
    };
    on.server.on("/direct", repeat);
    on.server.on("/behind", redirect_to("/direct?sig=" + secret));
    for (const char* path : {"/direct?a=b&sig=", "/direct?X-sig=", "/behind?x="}) {
        const download_result result = on.fetch(std::string(path) + secret);
        check_failed(on, result, errc::http_status);
        CHECK(result.message == "HTTP status 403");
    }
    const download_result harmless = on.fetch("/direct?sig=a");
    CHECK(harmless.message == "HTTP status 403 no a");
}

TEST_CASE_TEMPLATE("headers and credentials stay with the origin of the URL given", How, plain,
                   tls) {
    stage_over<How> on;
    origin other(How::options());
    response there;
    there.body = "hello";
    other.on("/there", there);
    other.on("/back", redirect_to(on.server.url("/bytes/5")));
    on.server.on("/away", redirect_to(other.url("/there")));
    on.server.on("/round", redirect_to(other.url("/back")));
    on.options.headers = {header("X-Secret", "1"), header("Cookie", "a=b"),
                          header("Accept", "text/plain"), header("Accept-Language", "la")};
    std::string url = on.server.url("/away");
    url.insert(url.find("//") + 2, "user:word@");
    download_request ask(url, "file");
    ask.headers = {header("X-Token", "2")};
    check_stored(on, on.fetch(ask), "hello");
    REQUIRE(other.requests().size() == 1);
    const request away = other.requests()[0];
    for (const char* name : {"Authorization", "X-Secret", "X-Token", "Cookie", "Referer"}) {
        CAPTURE(name);
        CHECK(away.count(name) == 0);
    }
    CHECK(away.value("Accept") == "text/plain");
    CHECK(away.value("Accept-Language") == "la");
    CHECK(away.value("Host") == "127.0.0.1:" + std::to_string(other.port()));
    CHECK(on.server.requests().at(0).value("X-Secret") == "1");
    CHECK(on.server.requests().at(0).value("X-Token") == "2");

    ask.urls[0].replace(ask.urls[0].find("/away"), 5, "/round");
    CHECK(on.fetch(ask).success);
    CHECK(other.requests().back().count("X-Token") == 0);
}

TEST_CASE("userinfo of a Location is not taken from the one before") {
    stage_over<plain> on;
    origin other;
    std::string target = other.url("/there");
    target.insert(target.find("//") + 2, "their:own@");
    response there;
    there.body = "hello";
    other.on("/there", there);
    on.server.on("/away", redirect_to(target));
    const download_result result = on.fetch("/away");
    CHECK(result.success);
    CHECK(result.final_url == other.url("/there"));
}

TEST_CASE("what a URL may not hold is encoded before it is sent") {
    stage_over<plain> on;
    struct {
        const char* given;
        const char* sent;
    } const cases[] = {
        {"/a b", "/a%20b"},
        {"/caf\xC3\xA9", "/caf%C3%A9"},
        {"/50%", "/50%25"},
        {"/%41%2f", "/%41%2f"},
        {"/a?b c|d", "/a?b%20c%7Cd"},
        {"/a/../b/./c", "/b/c"},
        {"/a#fragment", "/a"},
        {"/a\\b", "/a%5Cb"},
        {"", "/"},
        {"?q", "/?q"},
        {"/[x]", "/%5Bx%5D"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.given);
        on.fetch(one.given);
        CHECK(on.server.requests().back().target == one.sent);
    }
}

TEST_CASE("what is no http or https URL is never asked") {
    stage_over<plain> on;
    for (const char* url : {"", "x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://",
                            "http:///x", "http://127.0.0.1:0/", "http://127.0.0.1:99999/",
                            "http://127.0.0.1:8x/", "http://[::1/", "//127.0.0.1/", "http:/x"}) {
        CAPTURE(url);
        const download_result result = on.fetch(download_request(url, "file"));
        check_failed(on, result, errc::invalid_url);
        CHECK(result.url == url);
        CHECK(result.attempts == 0);
        CHECK(error_kind(result.error) == "invalid_url");
    }
    const download_result none = on.fetch(download_request());
    check_failed(on, none, errc::invalid_url);
    CHECK(on.server.requests().empty());
}

TEST_CASE("a request that was rejected, or has a checksum that is none, is never sent") {
    stage_over<plain> on;
    const download_result rejected = on.fetch(download_request::rejected(
        "line 3", make_error_code(errc::invalid_url), "line 3 is too long"));
    check_failed(on, rejected, errc::invalid_url);
    CHECK(rejected.url == "line 3");
    CHECK(rejected.message == "line 3 is too long");
    for (const auto& other : {boost::system::error_code(), boost::system::errc::make_error_code(
                                                               boost::system::errc::io_error)}) {
        const download_result foreign =
            on.fetch(download_request::rejected(on.server.url("/bytes/5"), other, "mine"));
        check_failed(on, foreign, errc::invalid_argument);
        CHECK(foreign.message == "mine");
    }
    download_request checksum = on.ask("/bytes/5");
    checksum.checksum = "sha-256=00";
    const download_result refused = on.fetch(checksum);
    check_failed(on, refused, errc::invalid_argument);
    CHECK(error_kind(refused.error) == "invalid_url");
    CHECK(refused.message == check_checksum(checksum.checksum));
    CHECK(on.server.requests().empty());
}

TEST_SUITE_END();

}  // namespace
