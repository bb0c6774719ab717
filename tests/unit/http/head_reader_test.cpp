#include "http/head_reader.hpp"

#include <doctest/doctest.h>

#include <asyncdl/error.hpp>
#include <string>
#include <string_view>

namespace {

using namespace asyncdl;
using http::head_reader;

/// A head as text, for comparing: "version status reason|name=value|...".
std::string shown(const core::response_head& head) {
    std::string text = std::to_string(head.version) + ' ' + std::to_string(head.status) + ' ' +
                       std::string(head.reason);
    for (const auto& [name, value] : head.fields) {
        text.append("|").append(name).append("=").append(value);
    }
    return text;
}

/// What a reader makes of bytes that come all at once.
std::string read(std::string_view bytes) {
    head_reader reader;
    const auto taken = reader.feed(bytes);
    if (!taken) {
        CHECK(taken.error().code() == errc::protocol);
        return "refused";
    }
    if (!*taken) {
        return "incomplete";
    }
    return shown(reader.head()) + " +" + std::to_string(bytes.size() - **taken);
}

}  // namespace

TEST_SUITE("unit/http/head_reader") {
    TEST_CASE("a well formed head is split, and what follows it is left") {
        CHECK(read("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length:  5 \t\r\n\r\nhello") ==
              "11 200 OK|A=b|Content-Length=5 +5");
        CHECK(read("HTTP/1.0 404 Not Found\r\n\r\n") == "10 404 Not Found +0");
        CHECK(read("HTTP/1.1 200 \r\nEmpty:\r\n\r\n") == "11 200 |Empty= +0");
    }

    TEST_CASE("what servers get wrong and nothing hangs on is mended") {
        CHECK(read("HTTP/1.1 200 OK\nA: b\n\nx") == "11 200 OK|A=b +1");
        CHECK(read("HTTP/1.1 200 OK\r\nA: b\n\r\n") == "11 200 OK|A=b +0");
        CHECK(read("\r\n\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n") == "11 200 OK|A=b +0");
        CHECK(read("HTTP/1.1 200\r\nA: b\r\n\r\n") == "11 200 |A=b +0");
        CHECK(read("HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n\td\r\nE: f\r\n\r\n") ==
              "11 200 OK|A=b c d|E=f +0");
    }

    TEST_CASE("an alert of TLS is told as that, anything else that is no head is malformed") {
        const auto refusal = [](std::string_view bytes) {
            head_reader reader;
            const auto taken = reader.feed(bytes);
            REQUIRE(taken.has_error());
            CHECK(taken.error().code() == errc::protocol);
            return taken.error().message();
        };
        using namespace std::string_view_literals;
        for (const auto alert : {"\x15\x03\x01\0\2\2\x46"sv, "\x15\x03\x03\0\2\2\n"sv}) {
            CHECK(refusal(alert) == "the server speaks TLS on this port; try https://");
        }
        for (const auto other : {"\x16\x03\x03\0\2\2"sv, "\x15"sv, "SSH-2.0-x\r\n"sv, "hello"sv}) {
            CHECK(refusal(other) == "malformed response head: no HTTP/1 status line");
        }
    }

    TEST_CASE("a later minor version is read as the latest that is known") {
        CHECK(read("HTTP/1.2 200 OK\r\nA: b\r\n\r\n") == "11 200 OK|A=b +0");
        CHECK(read("HTTP/1.9 204\r\n\r\n") == "11 204  +0");
    }

    TEST_CASE("what RFC 9112 does not allow is refused") {
        for (const std::string_view bytes : {
                 "HTTP/0.9 200 OK\r\n\r\n",
                 "HTTP/2 200 OK\r\n\r\n",
                 "HTTP/1.1  200 OK\r\n\r\n",
                 "HTTP/1.1 20 OK\r\n\r\n",
                 "HTTP/1.1 2000 OK\r\n\r\n",
                 "HTTP/1.1 abc OK\r\n\r\n",
                 "ICY 200 OK\r\n\r\n",
                 "<html>\r\n",
                 "hello",
                 "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nno colon\r\n fold: a\r\n\r\n",
                 "HTTP/1.1 200 OK\r\n a fold of the status line\r\n\r\n",
                 "HTTP/1.1 200\x01OK\r\nA: b\r\n\r\n",
                 "HTTP/1.1 200 O\rK\r\nA: b\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nA b: c\rd\r\n\r\n",
             }) {
            CAPTURE(bytes);
            CHECK(read(bytes) == "refused");
        }
        CHECK(read(std::string("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27)) == "refused");
    }

    TEST_CASE("a malformed field that frames nothing is dropped") {
        for (const std::string_view field : {
                 ": no name",
                 "A b: c",
                 "A : b",
                 "A\t: b",
                 "A: b\x01",
                 "A: b\x7f",
                 "A\x01: b",
                 "\xc3\xa4: b",
                 "(a): b",
                 "\"a\": b",
                 "A@: b",
                 "A b: c\r\n d: e\r\n\tf",
                 "X-Content-Length : 5",
                 "Content-Length-Was : 5",
                 "Set-Cookie : a=b",
                 "Location: http://a/\x02",
             }) {
            CAPTURE(field);
            const std::string line = std::string(field) + "\r\n";
            CHECK(read("HTTP/1.1 200 OK\r\nB: c\r\n" + line + "Content-Length: 1\r\n\r\nx") ==
                  "11 200 OK|B=c|Content-Length=1 +1");
            CHECK(read("HTTP/1.1 200 OK\r\n" + line + "\r\nx") == "11 200 OK +1");
        }
        CHECK(read("HTTP/1.1 200 OK\r\n A: b\r\nC: d\r\n\r\n") == "11 200 OK|C=d +0");
    }

    TEST_CASE("a malformed field that may be framing or coding is refused") {
        for (const std::string_view name :
             {"Content-Length", "transfer-encoding", "Content-Range", "CONTENT-ENCODING"}) {
            const std::string text(name);
            for (const std::string& field : {
                     text + " : 5",
                     text + "\t: 5",
                     " " + text + ": 5",
                     "\t" + text + " : 5",
                     text + "\x01: 5",
                     "\x0b" + text + ": 5",
                     text + "\x80: 5",
                     "\xc2\xa0" + text + ": 5",
                     "(" + text + "): 5",
                     text + ": 5\x01",
                     text + ": \x7f",
                     "A " + text + ": 5",
                     text + " a: 5",
                     text.substr(0, 3) + " " + text.substr(3) + ": 5",
                     text.substr(0, 7) + "\x01" + text.substr(7) + ": 5",
                     text + "\r\n : 5",
                     text.substr(0, 7) + "\r\n " + text.substr(7) + ": 5",
                     "A: b\r\n " + text + ": 5",
                     "A b: c\r\n\t" + text + " : 5",
                     "A b: c\r\n d\r\n " + text + ": 5",
                 }) {
                CAPTURE(field);
                CHECK(read("HTTP/1.1 200 OK\r\nB: c\r\n" + field + "\r\n\r\n") == "refused");
                CHECK(read("HTTP/1.1 200 OK\r\n" + field + "\r\nContent-Length: 5\r\n\r\n") ==
                      "refused");
            }
        }
    }

    TEST_CASE("a malformed Connection field counts as close") {
        CHECK(read("HTTP/1.1 200 OK\r\nConnection : close\r\nA: b\r\n\r\n") ==
              "11 200 OK|Connection=close|A=b +0");
        CHECK(read("HTTP/1.1 200 OK\r\nConnection: keep-alive\x01\r\n\r\n") ==
              "11 200 OK|Connection=close +0");
    }

    TEST_CASE("control characters in the reason phrase are dropped") {
        CHECK(read("HTTP/1.1 200 \x1bO\x01K\x7f\tx\r\nA: b\r\n\r\n") == "11 200 OK\tx|A=b +0");
        CHECK(read(std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20)) == "refused");
    }

    TEST_CASE("a head that comes in pieces is the same, wherever it is cut") {
        for (const std::string_view whole : {
                 "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n",
                 "\nHTTP/1.1 200\nA: b\n c\n\n",
                 "HTTP/1.1 200 O\x01K\r\nA b: c\r\n d\r\nE: f\r\nConnection : x\r\n\r\n",
             }) {
            const std::string expected = read(whole);
            for (std::size_t cut = 0; cut < whole.size(); ++cut) {
                CAPTURE(cut);
                head_reader reader;
                const auto first = reader.feed(whole.substr(0, cut));
                REQUIRE(first.has_value());
                CHECK_FALSE(first->has_value());
                const auto second = reader.feed(whole);
                REQUIRE(second.has_value());
                REQUIRE(second->has_value());
                CHECK(shown(reader.head()) + " +0" == expected);
            }
        }
    }

    TEST_CASE("one head follows the other") {
        const std::string_view bytes =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n";
        head_reader reader;
        const auto first = reader.feed(bytes);
        REQUIRE(first.has_value());
        REQUIRE(first->has_value());
        CHECK(shown(reader.head()) == "11 100 Continue");
        const auto second = reader.feed(bytes.substr(**first));
        REQUIRE(second.has_value());
        REQUIRE(second->has_value());
        CHECK(shown(reader.head()) == "11 200 OK|A=b");
    }

    TEST_CASE("a head is at most 64 KiB") {
        const std::string start = "HTTP/1.1 200 OK\r\nA: ";
        const std::string end = "\r\n\r\n";
        const std::string fits(64 * 1024 - start.size() - end.size(), 'x');
        CHECK(read(start + fits + end) == "11 200 OK|A=" + fits + " +0");
        CHECK(read(start + fits + "x" + end) == "refused");
        CHECK(read(start + std::string(64 * 1024, 'x')) == "refused");
        CHECK(read(start + fits) == "incomplete");
    }

    TEST_CASE("what is split at once and what the full parser reads are the same") {
        // A fold in a field of its own sends the whole head to the full parser.
        const std::string fields =
            "Server: nginx/1.22\r\nDate: Mon, 23 Nov 2026 05:25:30 GMT\r\nETag: \"a-1\"\r\n"
            "X-Utf8: \xc3\xa4\r\nX-Tab: a\tb\r\n!#$%&'*+-.^_`|~09: token\r\n";
        const std::string plain = read("HTTP/1.1 206 Partial\r\n" + fields + "Z: y z\r\n\r\n");
        const std::string folded = read("HTTP/1.1 206 Partial\r\n" + fields + "Z: y\r\n z\r\n\r\n");
        CHECK(plain == folded);
        CHECK(plain.ends_with("|Z=y z +0"));
    }
}
