#include "core/http_date.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace std::chrono;

namespace {

sys_seconds at(int y, unsigned m, unsigned d, int h = 0, int min = 0, int s = 0) {
    return sys_days(year(y) / month(m) / day(d)) + hours(h) + minutes(min) + seconds(s);
}

constexpr auto example = sys_seconds(seconds(784111777));  // 1994-11-06 08:49:37

std::optional<sys_seconds> parse_http_date(std::string_view text,
                                           system_clock::time_point now = example) {
    return asyncdl::core::parse_http_date(text, now);
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/http_date");

TEST_CASE("the three forms of RFC 9110 name the same moment") {
    const auto now = at(2024, 5, 1);
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now) == example);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now) == example);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", now) == example);
    CHECK(parse_http_date("Sun Nov 06 08:49:37 1994", now) == example);
}

TEST_CASE("the day's name is not checked against the date") {
    CHECK(parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT") == example);
    CHECK(parse_http_date("Tue Nov  6 08:49:37 1994") == example);
}

TEST_CASE("the ends of the calendar are read") {
    CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == sys_seconds());
    CHECK(parse_http_date("Wed, 31 Dec 1969 23:59:59 GMT") == sys_seconds(seconds(-1)));
    CHECK(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT") == at(2024, 2, 29));
    CHECK(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT") == at(9999, 12, 31, 23, 59, 59));
    CHECK(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == at(2017, 1, 1));
}

TEST_CASE("a two-digit year is at most 50 years ahead, to the second") {
    const auto now = at(2024, 6, 15, 12, 30, 30);
    const auto read = [&](const std::string& text) { return parse_http_date(text, now); };
    CHECK(read("Monday, 01-Jan-24 00:00:00 GMT") == at(2024, 1, 1));
    CHECK(read("Monday, 31-Dec-73 00:00:00 GMT") == at(2073, 12, 31));
    CHECK(read("Friday, 15-Jun-74 12:30:30 GMT") == at(2074, 6, 15, 12, 30, 30));
    CHECK(read("Friday, 15-Jun-74 12:30:31 GMT") == at(1974, 6, 15, 12, 30, 31));
    CHECK(read("Friday, 16-Jun-74 00:00:00 GMT") == at(1974, 6, 16));
    CHECK(read("Friday, 01-Jul-74 00:00:00 GMT") == at(1974, 7, 1));
    CHECK(read("Friday, 01-Jan-75 00:00:00 GMT") == at(1975, 1, 1));
    CHECK(read("Friday, 01-Jan-99 00:00:00 GMT") == at(1999, 1, 1));
    CHECK(read("Friday, 29-Feb-00 00:00:00 GMT") == at(2000, 2, 29));
    CHECK(parse_http_date("Friday, 01-Jan-00 00:00:00 GMT", at(2099, 1, 1)) == at(2100, 1, 1));
    CHECK_FALSE(parse_http_date("Friday, 29-Feb-00 00:00:00 GMT", at(2099, 1, 1)));
}

TEST_CASE("what is no date is refused") {
    for (const char* text : {"",
                             " ",
                             "0",
                             "1994-11-06T08:49:37Z",
                             "Sun, 06 Nov 1994 08:49:37",
                             "Sun, 06 Nov 1994 08:49:37 UTC",
                             "Sun, 06 Nov 1994 08:49:37 GMT ",
                             " Sun, 06 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 08:49:37 GMTx",
                             "Sun, 6 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 94 08:49:37 GMT",
                             "Sun, 06 Nov 1994 8:49:37 GMT",
                             "Sun, 06 Nov 1994 08:49 GMT",
                             "Sun, 06 Nov 1994 24:00:00 GMT",
                             "Sun, 06 Nov 1994 08:60:37 GMT",
                             "Sun, 06 Nov 1994 08:49:61 GMT",
                             "Sun, 00 Nov 1994 08:49:37 GMT",
                             "Sun, 31 Nov 1994 08:49:37 GMT",
                             "Sun, 32 Jan 1994 08:49:37 GMT",
                             "Wed, 29 Feb 2023 00:00:00 GMT",
                             "Sun, 06 Nox 1994 08:49:37 GMT",
                             "Sax, 06 Nov 1994 08:49:37 GMT",
                             "Sun 06 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov -994 08:49:37 GMT",
                             "Sun, +6 Nov 1994 08:49:37 GMT",
                             "Sun, 06-Nov-94 08:49:37 GMT",
                             "Sunday, 06 Nov 1994 08:49:37 GMT",
                             "Sunday, 06-Nov-1994 08:49:37 GMT",
                             "Sun Nov 6 08:49:37 1994",
                             "Sun Nov  6 08:49:37 94",
                             "Sun Nov  6 08:49:37 1994 GMT",
                             "Sun, 06 Nov 19940"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_http_date(text));
    }
}

TEST_CASE("a date that is cut anywhere is refused") {
    for (const std::string text : {"Sun, 06 Nov 1994 08:49:37 GMT",
                                   "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        REQUIRE(parse_http_date(text));
        for (std::size_t size = 0; size < text.size(); ++size) {
            CHECK_FALSE(parse_http_date(text.substr(0, size)));
        }
    }
}

TEST_SUITE_END();
