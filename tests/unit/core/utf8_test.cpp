#include "core/utf8.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace utf8 = asyncdl::core::utf8;

namespace {

std::string encoded(char32_t code) {
    const auto byte = [](char32_t value) { return static_cast<char>(value); };
    if (code < 0x80) {
        return {byte(code)};
    }
    if (code < 0x800) {
        return {byte(0xc0 | code >> 6), byte(0x80 | (code & 63))};
    }
    if (code < 0x10000) {
        return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63))};
    }
    return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 63)), byte(0x80 | (code >> 6 & 63)),
            byte(0x80 | (code & 63))};
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/utf8");

TEST_CASE("every code point but the surrogates is read, whole and alone") {
    for (char32_t code = 0; code <= 0x110010; ++code) {
        const std::string text = encoded(code);
        const bool wanted = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
        const utf8::character got = utf8::first(text);
        if (got.valid != wanted || (wanted && (got.code != code || got.size != text.size()))) {
            FAIL("U+" << static_cast<unsigned>(code));
        }
        for (std::size_t size = 1; size < text.size(); ++size) {
            if (utf8::valid(text.substr(0, size))) {
                FAIL("a cut U+" << static_cast<unsigned>(code));
            }
        }
    }
}

TEST_CASE("overlong forms and stray bytes are not valid") {
    for (const char* text : {"\x80", "\xbf", "\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf",
                             "\xe0\x9f\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe",
                             "\xff", "\xc3(", "\xe2\x82(", "\xf0\x9f\x98(", "\xc3\xc3\xa4"}) {
        CHECK_FALSE(utf8::valid(text));
        CHECK(utf8::first(text).size == 1);
    }
    CHECK(utf8::valid(""));
    CHECK(utf8::valid("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"));
}

TEST_CASE("plain text ends at the first byte that is no printable ASCII") {
    CHECK(utf8::plain_length("") == 0);
    CHECK(utf8::plain_length(" az~") == 4);
    for (const char* text : {"a\x1f", "a\x7f", "a\x80", "a\xff", "a\n", "a\xc3\xa4"}) {
        CHECK(utf8::plain_length(text) == 1);
    }
    CHECK(utf8::plain_length({"a\0b", 3}) == 1);
}

TEST_CASE("a front is cut between characters") {
    const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";  // starts at 0 1 3 6 10
    const std::vector<std::size_t> ends{0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (std::size_t limit = 0; limit < ends.size(); ++limit) {
        CAPTURE(limit);
        CHECK(utf8::front(text, limit) == text.substr(0, ends[limit]));
    }
    CHECK(utf8::front("\x80\x80\x80\x80\x80\x80", 5).size() == 5);
    CHECK(utf8::front("\x80\x80", 1).size() == 1);
}

TEST_SUITE_END();
