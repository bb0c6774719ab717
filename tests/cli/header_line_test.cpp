#include "cli/header_line.hpp"

#include <doctest/doctest.h>

using namespace asyncdl;
using namespace asyncdl::cli;

TEST_SUITE("cli/header_line") {
    TEST_CASE("a name and a value, with blanks around the value cut") {
        const auto field = parse_header("X-A:  one: two\t");
        REQUIRE(field.has_value());
        CHECK(field->name == "X-A");
        CHECK(field->value == "one: two");
        CHECK_FALSE(field->remove);
        CHECK(parse_header("X:y")->value == "y");
        CHECK(parse_header("X: a\tb")->value == "a\tb");
        CHECK(parse_header("X: \xE4")->value == "\xE4");
        CHECK(parse_header("Host: other")->value == "other");
    }

    TEST_CASE("a colon alone removes, a semicolon sends the field empty") {
        for (const char* line : {"Accept:", "Accept: ", "Accept:\t "}) {
            const auto removed = parse_header(line);
            REQUIRE(removed.has_value());
            CHECK(removed->name == "Accept");
            CHECK(removed->remove);
        }
        const auto empty = parse_header("X-Empty;");
        REQUIRE(empty.has_value());
        CHECK(empty->name == "X-Empty");
        CHECK(empty->value.empty());
        CHECK_FALSE(empty->remove);
        CHECK(parse_header("X: a;")->value == "a;");
    }

    TEST_CASE("what is no header is refused") {
        using namespace std::string_literals;
        for (const std::string& line :
             {""s, "X"s, ":"s, ": v"s, ";"s, " X: y"s, "X : y"s, "X Y: z"s, "X\r\nY: z"s,
              "X: a\r\nY: b"s, "X: a\nb"s, "X: a\0b"s, "X\0: a"s, "X: \x1b"s, "X: \x7f"s,
              "\xC3\xA4: b"s, "(X): y"s, "X; y"s}) {
            CAPTURE(line);
            CHECK_FALSE(parse_header(line).has_value());
        }
    }

    TEST_CASE("a line names no file: only the option does") {
        CHECK_FALSE(parse_header("@file").has_value());
        CHECK_FALSE(parse_header("@file: x").has_value());
        CHECK_FALSE(parse_header("@file;").has_value());
    }

    TEST_CASE("what frames a request or belongs to the connection is refused, removed or not") {
        for (const std::string name :
             {"Range", "If-Range", "content-length", "Transfer-Encoding", "CONNECTION", "TE",
              "Trailer", "Upgrade", "Expect", "Keep-Alive", "Proxy-Connection", "Content-Range",
              "HTTP2-Settings"}) {
            CAPTURE(name);
            CHECK_FALSE(parse_header(name + ": x").has_value());
            CHECK_FALSE(parse_header(name + ":").has_value());
            CHECK_FALSE(parse_header(name + ";").has_value());
        }
    }
}
