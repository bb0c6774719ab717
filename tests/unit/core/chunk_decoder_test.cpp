#include "core/chunk_decoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "unit/core/outcomes.hpp"

using asyncdl::errc;
using asyncdl::core::chunk_decoder;

namespace {

// What became of an input; nothing where the decoder refused it.
struct decoded {
    std::string data;
    std::size_t used = 0;
    bool done = false;

    friend bool operator==(const decoded&, const decoded&) = default;
};

// Feeds an input in pieces that end at these places and at its own end.
std::optional<decoded> feed(const std::string& input, const std::vector<std::size_t>& cuts) {
    chunk_decoder decoder;
    decoded result;
    std::size_t begin = 0;
    const auto feed_until = [&](std::size_t end) {
        std::string buffer = input.substr(begin, end - begin);
        const auto bytes = std::as_writable_bytes(std::span(buffer));
        const auto step = decoder.feed(bytes);
        if (!step) {
            CHECK(step.error().code() == errc::protocol);
            return false;
        }
        REQUIRE(step->used <= buffer.size());
        REQUIRE((step->done || step->used == buffer.size()));
        result.data.append(reinterpret_cast<const char*>(step->data.data()), step->data.size());
        result.used += step->used;
        result.done = step->done;
        begin = end;
        return true;
    };
    for (const std::size_t cut : cuts) {
        if (!feed_until(cut)) {
            return std::nullopt;
        }
        if (result.done) {
            return result;
        }
    }
    return feed_until(input.size()) ? std::optional(result) : std::nullopt;
}

// Decodes an input whole, byte by byte and cut in two at every place: all must agree.
std::optional<decoded> decode(const std::string& input) {
    const auto whole = feed(input, {});
    std::vector<std::size_t> every;
    for (std::size_t cut = 1; cut < input.size(); ++cut) {
        every.push_back(cut);
        if (feed(input, {cut}) != whole) {
            FAIL("cut at " << cut << " differs: " << input);
        }
    }
    CHECK(feed(input, every) == whole);
    return whole;
}

void check_body(const std::string& input, const std::string& data, const std::string& after = {}) {
    CAPTURE(input);
    const auto result = decode(input + after);
    REQUIRE(result);
    CHECK(result->done);
    CHECK(result->data == data);
    CHECK(result->used == input.size());
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/chunk_decoder");

TEST_CASE("a body is the data of its chunks") {
    check_body("0\r\n\r\n", "");
    check_body("5\r\nhello\r\n0\r\n\r\n", "hello");
    check_body("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", "hello, world");
    check_body("A\r\n0123456789\r\na\r\nabcdefghij\r\n000\r\n\r\n", "0123456789abcdefghij");
    check_body("0000000000000001\r\nx\r\n0000000000000000\r\n\r\n", "x");
    check_body("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n");
    check_body("10\r\n0123456789abcdef\r\n0\r\n\r\n", "0123456789abcdef");
}

TEST_CASE("what follows a body is left alone") {
    check_body("0\r\n\r\n", "", "HTTP/1.1 200 OK\r\n");
    check_body("1\r\nx\r\n0\r\n\r\n", "x", "\r\n");
    check_body("0\r\n\r\n", "", "\n");
}

TEST_CASE("extensions and trailers are passed over") {
    check_body("1;a\r\nx\r\n0;b=c;d=\"e;f\"\r\n\r\n", "x");
    check_body("1 ; a = b\r\nx\r\n0\r\n\r\n", "x");
    check_body("1;\r\nx\r\n0;\r\n\r\n", "x");
    check_body("1\r\nx\r\n0\r\nDigest: a\r\nContent-Length: 5\r\n\r\n", "x");
    check_body("0\r\na\r\n\r\n", "");
    check_body("0\r\na: b\r\n c\r\n\r\n", "");
}

TEST_CASE("blanks after a size are harmless") {
    check_body("1 \t \r\nx\r\n0  \r\n\r\n", "x");
}

TEST_CASE("nothing but CRLF ends a line or data") {
    // a size that is one too large takes the CR for data
    CHECK_FALSE(decode("6\r\nhello\r\n0\r\n\r\n"));
    for (const char* input :
         {"1\nx\r\n0\r\n\r\n", "1 \nx\r\n0\r\n\r\n", "1;a\nx\r\n0\r\n\r\n",
          "1;a\rx\r\nx\r\n0\r\n\r\n", "1;a\r\r\nx\r\n0\r\n\r\n", "1\r\nx\n0\r\n\r\n",
          "1\r\nx\r0\r\n\r\n", "0\n\r\n", "0;a\n\r\n", "0\r\n\n", "0\r\na: b\n\r\n",
          "0\r\na: b\rc\r\n\r\n", "0\r\na: b\r\r\n\r\n", "0\r\na: b\r\n\n"}) {
        CAPTURE(input);
        CHECK_FALSE(decode(input));
    }
}

TEST_CASE("a body that stops early is not done") {
    const std::string body = "5;x\r\nhello\r\n0\r\na: b\r\n\r\n";
    for (std::size_t size = 0; size < body.size(); ++size) {
        CAPTURE(size);
        const auto result = feed(body.substr(0, size), {});
        REQUIRE(result);
        CHECK_FALSE(result->done);
        CHECK(result->used == size);
    }
    CHECK(feed(body, {})->done);
}

TEST_CASE("framing that is broken is refused wherever it is cut") {
    for (const char* input : {"\r\n",
                              "\n",
                              ";a\r\n",
                              " 5\r\nhello\r\n",
                              "\t5\r\n",
                              "x\r\n",
                              "5x\r\n",
                              "0x5\r\nhello\r\n",
                              "+5\r\n",
                              "-5\r\n",
                              "-0\r\n",
                              "5 5\r\n",
                              "5 x\r\n",
                              "5\r\r\n",
                              "5\rhello",
                              "5 \rx\n",
                              "5,\r\n",
                              "5.\r\n",
                              "5\x0b\r\n",
                              "\xef\xbc\x95\r\n",
                              "g\r\n",
                              "G\r\n",
                              "@\r\n",
                              "`\r\n",
                              "5\r\nhello0\r\n\r\n",
                              "5\r\nhello\r0\r\n",
                              "5\r\nhello\r\r\n",
                              "5\r\nhello \r\n",
                              "5\r\nhello\r\n\r\n",
                              "1\r\nx\r\n\n0\r\n\r\n",
                              "4\r\nhello\r\n0\r\n\r\n",
                              "1\r\nx\n\r0\r\n\r\n",
                              "0\r\n\rx\r\n\r\n",
                              "0\r\n\r\r\n\r\n"}) {
        CAPTURE(input);
        CHECK_FALSE(decode(input));
    }
    CHECK_FALSE(decode(std::string("5\0\r\n", 4)));
}

TEST_CASE("a size has at most 16 digits, leading zeros not counted") {
    const auto huge = feed("FFFFFFFFFFFFFFFF\r\nabc", {});
    REQUIRE(huge);
    CHECK(huge->data == "abc");
    CHECK_FALSE(huge->done);
    CHECK_FALSE(decode("10000000000000000\r\n"));
    // not taken modulo 2^64: the size would be 0, and the body complete
    CHECK_FALSE(decode("10000000000000000\r\n\r\n"));
    check_body("00000000000000005\r\nhello\r\n00000000000000000000\r\n\r\n", "hello");
    const auto zeros = [](std::size_t line) {
        return std::string(line - 3, '0') + "1\r\nx\r\n0\r\n\r\n";
    };
    check_body(zeros(4096), "x");
    CHECK_FALSE(decode(zeros(4097)));
}

TEST_CASE("the digits of one chunk do not count for the next") {
    std::string input, data;
    for (int i = 0; i < 40; ++i) {
        input += "001\r\nx\r\n";
        data += 'x';
    }
    check_body(input + "0\r\n\r\n", data);
}

TEST_CASE("a chunk line is at most 4 KiB, its end included") {
    const auto body = [](std::size_t line) {
        return "1;" + std::string(line - 4, 'e') + "\r\nx\r\n0\r\n\r\n";
    };
    check_body(body(4096), "x");
    CHECK_FALSE(decode(body(4097)));
    const auto blanks = [](std::size_t line) {
        return "1" + std::string(line - 3, ' ') + "\r\nx\r\n0\r\n\r\n";
    };
    check_body(blanks(4096), "x");
    CHECK_FALSE(decode(blanks(4097)));
    CHECK_FALSE(feed("1;" + std::string(100000, 'e'), {}));
    CHECK_FALSE(feed("0;" + std::string(5000, 'e') + "\r\n\r\n", {}));
    // each line for itself
    check_body(body(4096).substr(0, 4099) + body(4096), "xx");
}

TEST_CASE("trailers are at most 16 KiB together") {
    const auto body = [](std::size_t trailers) {
        std::string text = "0\r\n";
        const std::size_t end = text.size() + trailers - 2;
        while (text.size() + 200 < end) {
            text += "name: " + std::string(92, 'v') + "\r\n";
        }
        text += std::string(end - text.size() - 2, 'x') + "\r\n\r\n";
        return text;
    };
    const auto fits = feed(body(16384), {});
    REQUIRE(fits);
    CHECK(fits->done);
    CHECK_FALSE(feed(body(16385), {}));
    std::vector<std::size_t> every;
    for (std::size_t cut = 1; cut < 16384; ++cut) {
        every.push_back(cut);
    }
    CHECK(feed(body(16384), every) == fits);
    CHECK_FALSE(feed(body(16385), every));
    CHECK_FALSE(feed("0\r\n" + std::string(100000, 'x'), {}));
}

TEST_CASE("the payload lies together within the buffer that was fed") {
    std::string buffer = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nrest";
    const auto bytes = std::as_writable_bytes(std::span(buffer));
    chunk_decoder decoder;
    const auto step = decoder.feed(bytes);
    REQUIRE(step);
    CHECK(step->data.data() >= bytes.data());
    CHECK(step->data.data() + step->data.size() <= bytes.data() + step->used);
    CHECK(buffer.substr(step->used) == "rest");
}

TEST_CASE("random bodies come out as they went in, however they are cut") {
    std::mt19937 dice(4711);
    for (int round = 0; round < 300; ++round) {
        std::string input, data;
        for (std::size_t left = dice() % 8; left > 0; --left) {
            std::string chunk(1 + dice() % 40, '\0');
            std::generate(chunk.begin(), chunk.end(), [&] { return static_cast<char>(dice()); });
            char size[8];
            std::snprintf(size, sizeof size, dice() % 2 ? "%zx" : "%zX", chunk.size());
            input += size + std::string(dice() % 2 ? ";e" : "") + "\r\n";
            input += chunk + "\r\n";
            data += chunk;
        }
        input += dice() % 2 ? "0\r\n\r\n" : "0\r\nt: u\r\n\r\n";
        check_body(input, data, "next");
    }
}

TEST_SUITE_END();
