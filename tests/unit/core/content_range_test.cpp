#include "core/content_range.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace asyncdl::core;

namespace {

void check_reads(std::string_view text, std::optional<byte_range> range,
                 std::optional<std::uint64_t> total) {
    CAPTURE(text);
    const auto read = parse_content_range(text);
    REQUIRE(read);
    CHECK(read->range == range);
    CHECK(read->total == total);
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/content_range");

TEST_CASE("the examples of RFC 9110, 14.4, are read") {
    check_reads("bytes 42-1233/1234", byte_range{42, 1234}, 1234);
    check_reads("bytes 42-1233/*", byte_range{42, 1234}, {});
    check_reads("bytes */1234", {}, 1234);
    check_reads("bytes 0-499/1234", byte_range{0, 500}, 1234);
    check_reads("bytes 734-1233/1234", byte_range{734, 1234}, 1234);
}

TEST_CASE("the ends of what a number can say are read") {
    check_reads("bytes 0-0/1", byte_range{0, 1}, 1);
    check_reads("bytes */0", {}, 0);
    check_reads("bytes */18446744073709551615", {}, 18446744073709551615U);
    check_reads("bytes 0-18446744073709551614/18446744073709551615",
                byte_range{0, 18446744073709551615U}, 18446744073709551615U);
    check_reads("bytes 18446744073709551614-18446744073709551614/*",
                byte_range{18446744073709551614U, 18446744073709551615U}, {});
    check_reads("bytes 007-09/0010", byte_range{7, 10}, 10);
    check_reads("bytes " + std::string(1000, '0') + "-9/10", byte_range{0, 10}, 10);
}

TEST_CASE("what changes no meaning is passed over") {
    for (const char* text :
         {"bytes 0-9/100", "Bytes 0-9/100", "BYTES 0-9/100", "bytes  0-9/100", "bytes\t0-9/100",
          " bytes 0-9/100\t", "bytes=0-9/100", "bytes: 0-9/100", "bytes = 0-9/100",
          "bytes 0 - 9 / 100", "bytes 0-9 /100", "bytes 0-9/ 100"}) {
        check_reads(text, byte_range{0, 10}, 100);
    }
    check_reads("bytes * / 100", {}, 100);
    check_reads("bytes=*/100", {}, 100);
}

TEST_CASE("what is no Content-Range of bytes gives nothing") {
    for (const char* text : {
             "",
             " ",
             "bytes",
             "bytes ",
             "bytes=",
             "0-9/100",
             "0-9",
             "*/100",
             "/100",
             "bytes0-9/100",
             "bytes*/100",
             "byte 0-9/100",
             "bytesx 0-9/100",
             "xbytes 0-9/100",
             "items 0-9/100",
             "seconds 0-9/100",
             "exampleunit 1.2-4.3/25",
             "bytes/0-9/100",
             "bytes==0-9/100",
             "bytes=:0-9/100",
             "bytes 0-9",
             "bytes 0-9/",
             "bytes 0-9/x",
             "bytes 0-9/100x",
             "bytes 0-9/100/",
             "bytes 0-9/100 200",
             "bytes 0-9/1 00",
             "bytes 0-9/100;x",
             "bytes 0-9/100, bytes 0-9/100",
             "bytes 0-9,20-29/100",
             "bytes 0-9/100,",
             "bytes 0-/100",
             "bytes -9/100",
             "bytes -/100",
             "bytes 09/100",
             "bytes 0--9/100",
             "bytes +0-9/100",
             "bytes 0-+9/100",
             "bytes 0-9/+100",
             "bytes 0-9/-100",
             "bytes -1-9/100",
             "bytes 0x0-0x9/0x100",
             "bytes 0-9.0/100",
             "bytes 0-9/1e2",
             "bytes \"0-9/100\"",
             "bytes 0-9//100",
             "bytes */*",
             "bytes */",
             "bytes *",
             "bytes **/100",
             "bytes *-9/100",
             "bytes 0-*/100",
             "bytes */100*",
             "bytes */**",
         }) {
        CAPTURE(text);
        CHECK_FALSE(parse_content_range(text));
    }
    CHECK_FALSE(parse_content_range(std::string_view("bytes 0-9/100\0", 14)));
    CHECK_FALSE(parse_content_range("bytes 0-9/100\r\n"));
}

TEST_CASE("ranges that contradict themselves give nothing") {
    for (const char* text : {
             "bytes 9-0/100",
             "bytes 1-0/100",
             "bytes 1-0/*",
             "bytes 0-0/0",
             "bytes 0-9/9",
             "bytes 0-100/100",
             "bytes 100-100/100",
             "bytes 100-199/100",
         }) {
        CAPTURE(text);
        CHECK_FALSE(parse_content_range(text));
    }
}

TEST_CASE("numbers over 64 bits give nothing and wrap around nowhere") {
    for (const char* text : {
             "bytes 0-18446744073709551615/*",
             "bytes 18446744073709551615-18446744073709551615/*",
             "bytes 0-18446744073709551615/18446744073709551615",
             "bytes 0-18446744073709551616/*",
             "bytes 0-18446744073709551625/*",
             "bytes 18446744073709551616-9/*",
             "bytes 0-9/18446744073709551616",
             "bytes 0-9/18446744073709551716",
             "bytes */18446744073709551616",
             "bytes */99999999999999999999999999999999",
         }) {
        CAPTURE(text);
        CHECK_FALSE(parse_content_range(text));
    }
}

TEST_CASE("a Content-Range that is cut anywhere says nothing wrong") {
    const std::string text = "bytes 42-1233/1234";
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        // The total has its digits cut: too small for the range.
        CHECK_FALSE(parse_content_range(text.substr(0, size)));
    }
}

TEST_SUITE_END();
