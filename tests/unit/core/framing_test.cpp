#include "core/framing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/core/outcomes.hpp"

using asyncdl::errc;
using namespace asyncdl::core;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

outcome<body_framing> judge(unsigned status, const lines& given, unsigned version = 11) {
    response_head head;
    head.status = status;
    head.version = version;
    for (const auto& [name, value] : given) {
        head.fields.add(name, value);
    }
    return judge_framing(head);
}

body_framing framing(unsigned status, const lines& given, unsigned version = 11) {
    const auto judged = judge(status, given, version);
    REQUIRE(judged);
    return *judged;
}

void check_protocol(const lines& given, unsigned status = 200, unsigned version = 11) {
    for (const auto& [name, value] : given) {
        INFO(name << ": " << value);
    }
    const auto judged = judge(status, given, version);
    REQUIRE_FALSE(judged);
    CHECK(judged.error().code() == errc::protocol);
    CHECK_FALSE(judged.error().message().empty());
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/framing");

TEST_CASE("1xx, 204 and 304 have no body, whatever they announce") {
    for (const unsigned status : {100U, 101U, 103U, 199U, 204U, 304U}) {
        CAPTURE(status);
        CHECK(framing(status, {}).kind == body_kind::none);
        CHECK(framing(status, {{"Content-Length", "5"}}).kind == body_kind::none);
        CHECK(framing(status, {{"Content-Length", "5"}}).size == 0);
        CHECK(framing(status, {{"Transfer-Encoding", "chunked"}}).kind == body_kind::none);
        CHECK(framing(status, {{"Connection", "close"}}).keep_alive == false);
        check_protocol({{"Content-Length", "x"}}, status);
        check_protocol({{"Content-Length", "1"}, {"Content-Length", "2"}}, status);
        check_protocol({{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}, status);
        check_protocol({{"Transfer-Encoding", "gzip"}}, status);
    }
}

TEST_CASE("a connection is not used again after a 101, or a 204 that announces a body") {
    CHECK_FALSE(framing(101, {}).keep_alive);
    CHECK(framing(204, {}).keep_alive);
    CHECK(framing(204, {{"Content-Length", "0"}}).keep_alive);
    CHECK_FALSE(framing(204, {{"Content-Length", "5"}}).keep_alive);
    CHECK_FALSE(framing(204, {{"Transfer-Encoding", "chunked"}}).keep_alive);
    CHECK(framing(304, {{"Content-Length", "5"}}).keep_alive);
}

TEST_CASE("one chunked coding is a chunked body") {
    for (const char* value : {"chunked", "CHUNKED", " chunked\t"}) {
        const auto body = framing(200, {{"transfer-encoding", value}});
        CHECK(body.kind == body_kind::chunked);
        CHECK(body.keep_alive);
    }
}

TEST_CASE("any other transfer coding breaks the protocol") {
    for (const char* value :
         {"", " ", ",", "chunked,", ",chunked", "xchunked", "chunkedx", "chunked, chunked",
          "gzip, chunked", "chunked, gzip", "gzip", "identity", "identity, chunked", "chunked;q=1",
          "chunked ;", "\"chunked\"", "chunked\x0b", "\rchunked", "chunked chunked"}) {
        check_protocol({{"Transfer-Encoding", value}});
    }
    check_protocol({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}});
    check_protocol({{"Transfer-Encoding", "chunked"}, {"transfer-encoding", "identity"}});
    check_protocol({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", ""}});
    check_protocol({{"Transfer-Encoding", "chunked"}}, 200, 10);
    check_protocol({{"Transfer-Encoding", "chunked"}}, 404, 10);
}

TEST_CASE("a length beside a transfer coding breaks the protocol, in any order") {
    check_protocol({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}});
    check_protocol({{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}});
    check_protocol({{"Transfer-Encoding", "chunked"}, {"Content-Length", "0"}});
}

TEST_CASE("a valid length is the body's size") {
    const std::vector<std::pair<std::string, std::uint64_t>> rows{
        {"0", 0},
        {"5", 5},
        {"\t5 ", 5},
        {"005", 5},
        {"000000000000000000000000005", 5},
        {"5,5", 5},
        {"5 ,\t05, 5", 5},
        {"18446744073709551615", 18446744073709551615U},
    };
    for (const auto& [value, size] : rows) {
        CAPTURE(value);
        const auto body = framing(200, {{"Content-Length", value}});
        CHECK(body.kind == body_kind::sized);
        CHECK(body.size == size);
        CHECK(body.keep_alive);
    }
    CHECK(framing(200, {{"Content-Length", "5"}, {"content-length", "5"}}).size == 5);
    CHECK(framing(404, {{"Content-Length", "7"}}).size == 7);
    CHECK(framing(205, {{"Content-Length", "0"}}).kind == body_kind::sized);
}

TEST_CASE("a malformed or unequal length breaks the protocol") {
    for (const char* value : {"",
                              " ",
                              "x",
                              "5x",
                              "x5",
                              "+5",
                              "-5",
                              "-0",
                              "0x5",
                              "5 5",
                              "5\t5",
                              "5.0",
                              "5e3",
                              "5,",
                              ",5",
                              "5,,5",
                              "5,6",
                              "6,5",
                              "5, x",
                              "5;5",
                              "18446744073709551616",
                              "99999999999999999999999",
                              "5\r",
                              "\x0b"
                              "5",
                              "\xd9\xa5"}) {
        check_protocol({{"Content-Length", value}});
    }
    check_protocol({{"Content-Length", "5"}, {"Content-Length", "6"}});
    check_protocol({{"Content-Length", "5"}, {"Content-Length", ""}});
    check_protocol({{"Content-Length", "5,5"}, {"Content-Length", "5,6"}});
    check_protocol({{"Content-Length", ""}, {"Content-Length", "5"}});
}

TEST_CASE("a response that announces nothing ends with the connection") {
    for (const unsigned status : {200U, 203U, 206U, 302U, 404U, 500U}) {
        const auto body = framing(status, {});
        CHECK(body.kind == body_kind::until_close);
        CHECK_FALSE(body.keep_alive);
    }
    CHECK_FALSE(framing(200, {{"Connection", "keep-alive"}}, 10).keep_alive);
}

TEST_CASE("a connection persists by RFC 9112, 9.3") {
    const auto persists = [](unsigned version, const lines& more) {
        lines given{{"Content-Length", "0"}};
        given.insert(given.end(), more.begin(), more.end());
        return framing(200, given, version).keep_alive;
    };
    CHECK(persists(11, {}));
    CHECK(persists(11, {{"Connection", "upgrade"}}));
    CHECK_FALSE(persists(11, {{"Connection", "Close"}}));
    CHECK_FALSE(persists(11, {{"Connection", "keep-alive, close"}}));
    CHECK_FALSE(persists(11, {{"Connection", "keep-alive"}, {"connection", "x,close"}}));
    CHECK_FALSE(persists(10, {}));
    CHECK(persists(10, {{"Connection", "Keep-Alive"}}));
    CHECK_FALSE(persists(10, {{"Connection", "keep-alive"}, {"Connection", "close"}}));
}

TEST_SUITE_END();
