#include "core/percent.hpp"

#include <doctest/doctest.h>

#include <string>

using asyncdl::core::append_encoded;
using asyncdl::core::path_chars;
using asyncdl::core::percent_decoded;
using asyncdl::core::query_chars;

TEST_SUITE_BEGIN("unit/core/percent");

TEST_CASE("decoding reads valid escapes and leaves the rest") {
    CHECK(percent_decoded("") == "");
    CHECK(percent_decoded("a%20b%2F%2f") == "a b//");
    CHECK(percent_decoded("%00") == std::string(1, '\0'));
    CHECK(percent_decoded("%ff%FF") == "\xff\xff");
    CHECK(percent_decoded("100%") == "100%");
    CHECK(percent_decoded("%4") == "%4");
    CHECK(percent_decoded("%g0%0g%") == "%g0%0g%");
    CHECK(percent_decoded("%%41") == "%A");
    CHECK(percent_decoded("%2541") == "%41");
}

TEST_CASE("every byte survives encoding, which a second time changes nothing") {
    for (int byte = 0; byte < 256; ++byte) {
        CAPTURE(byte);
        const std::string text(1, static_cast<char>(byte));
        for (const auto& allowed : {path_chars, query_chars}) {
            std::string once;
            append_encoded(once, text, allowed);
            std::string twice;
            append_encoded(twice, once, allowed);
            CHECK(percent_decoded(once) == text);
            CHECK(twice == once);
        }
    }
}

TEST_CASE("the sets are those of RFC 3986") {
    std::string out = "x";
    append_encoded(out, "/?#[]@!$&'()*+,;=:%", path_chars);
    CHECK(out == "x/%3F%23%5B%5D@!$&'()*+,;=:%25");
    out.clear();
    append_encoded(out, "/?#[]@!$&'()*+,;=:%", query_chars);
    CHECK(out == "/?%23%5B%5D@!$&'()*+,;=:%25");
}

TEST_SUITE_END();
