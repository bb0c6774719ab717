#include "cli/text.hpp"

#include <doctest/doctest.h>

using namespace asyncdl::cli;
using namespace std::string_literals;
using seconds = std::chrono::duration<double>;

TEST_SUITE("cli/text") {
    TEST_CASE("control characters are replaced, all others kept") {
        const std::string mark(replacement);
        CHECK(clean("a\x1b[31mb\r\n\0c"s) == "a" + mark + "[31mb" + mark + mark + mark + "c");
        CHECK(clean("\x7f") == mark);
        CHECK(clean("\xC2\x9B") == mark);  // CSI as one character
        CHECK(clean("\xC2\xA0ä€😀") == "\xC2\xA0ä€😀");
        CHECK(clean("").empty());
    }

    TEST_CASE("controls of the direction are replaced, their neighbours kept") {
        const std::string mark(replacement);
        CHECK(clean("\u202a\u202e\u2066\u2069") == mark + mark + mark + mark);
        CHECK(clean("a\u202etxt.exe") == "a" + mark + "txt.exe");
        CHECK(clean("\u2029\u202f\u2065\u206a") == "\u2029\u202f\u2065\u206a");
        CHECK(clean("\U0001202e") == "\U0001202e");
    }

    TEST_CASE("a value in an error shows nothing that may be a password") {
        CHECK(shown_value("http://u:s3cr3t@h/") == "...@h/");
        CHECK(shown_value("http://u:s3/cr3t@h/") == "...@h/");
        CHECK(shown_value("http://s3cr3t@h/") == "...@h/");
        CHECK(shown_value("u:s3@cr3t@h") == "...@h");
        CHECK(shown_value("me@home") == "me@home");
        CHECK(shown_value("a\x1b") == "a" + std::string(replacement));
        CHECK(shown_value("") == "");
        CHECK(shown_value("http://h/?a=1&sig=s3cr3t") == "http://h/?a=1&sig=...");
        CHECK(shown_value("http://u:s3cr3t@h/?sig=s3cr3t") == "...@h/?sig=...");
    }

    TEST_CASE("each byte of broken UTF-8 is replaced") {
        const std::string mark(replacement);
        CHECK(clean("\x80") == mark);
        CHECK(clean("\xC3") == mark);
        CHECK(clean("\xC3(") == mark + "(");
        CHECK(clean("\xC0\xAF") == mark + mark);             // overlong
        CHECK(clean("\xE0\x80\xAF") == mark + mark + mark);  // overlong
        CHECK(clean("\xED\xA0\x80") == mark + mark + mark);  // a surrogate
        CHECK(clean("\xF4\x90\x80\x80") == mark + mark + mark + mark);
        CHECK(clean("\xF5") == mark);
        CHECK(clean("\xE2\x82") == mark + mark);
        CHECK(clean("\xF0\x9F\x98") == mark + mark + mark);
    }

    TEST_CASE("userinfo is cut out of every URL") {
        CHECK(redact("http://user:pw@host/p") == "http://host/p");
        CHECK(redact("http://token@host") == "http://host");
        CHECK(redact("ftp://u:p@h/x?a@b#c@d") == "ftp://h/x?a@b#c@d");
        CHECK(redact("http://u:p@ss@h/") == "http://h/");
        CHECK(redact("http://u:p@h?x@y") == "http://h?x@y");
        CHECK(redact("n=http://u:p@h/\thttp://u:p@i/") == "n=http://h/\thttp://i/");
        CHECK(redact("u:p@h/x") == "h/x");
    }

    TEST_CASE("what holds no userinfo is kept") {
        for (const char* text :
             {"", "x", "a@b", "http://", "http://h/@", "://", "a b c", "mail@host/x"}) {
            CHECK(redact(text) == text);
        }
    }

    TEST_CASE("sizes are readable") {
        CHECK(readable_size(0) == "0 B");
        CHECK(readable_size(1023) == "1023 B");
        CHECK(readable_size(1024) == "1.0 KiB");
        CHECK(readable_size(1536) == "1.5 KiB");
        CHECK(readable_size(1048575) == "1.0 MiB");
        CHECK(readable_size(std::uint64_t{5} << 30) == "5.0 GiB");
        CHECK(readable_size(~std::uint64_t{0}) == "16384.0 PiB");
        CHECK(readable_rate(2048.7) == "2.0 KiB/s");
        CHECK(readable_rate(-1) == "0 B/s");
        CHECK(readable_rate(1e300) == "888.2 PiB/s");
    }

    TEST_CASE("times are readable") {
        CHECK(readable_time(seconds(0)) == "0.00 s");
        CHECK(readable_time(seconds(0.345)) == "0.34 s");
        CHECK(readable_time(seconds(12.34)) == "12.3 s");
        CHECK(readable_time(seconds(59.96)) == "1 min 0 s");
        CHECK(readable_time(seconds(125)) == "2 min 5 s");
        CHECK(readable_time(seconds(-1)) == "0.00 s");
    }
}
