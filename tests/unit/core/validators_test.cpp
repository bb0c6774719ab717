#include "core/validators.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace asyncdl::core;

namespace {

const std::string modified = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string a_second_later = "Sun, 06 Nov 1994 08:49:38 GMT";
const std::string a_day_later = "Mon, 07 Nov 1994 08:49:37 GMT";

using lines = std::vector<std::pair<std::string, std::string>>;

validators of(const lines& given) {
    fields read;
    for (const auto& [name, value] : given) {
        read.add(name, value);
    }
    return validators::of(read);
}

validators made(std::string etag, std::string last_modified = "", std::string date = "") {
    validators result;
    result.etag = std::move(etag);
    result.last_modified = std::move(last_modified);
    result.date = std::move(date);
    return result;
}

// The same in both directions.
agreement both(const validators& a, const validators& b) {
    const agreement result = compare(a, b);
    CHECK(compare(b, a) == result);
    return result;
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/validators");

TEST_CASE("validators are kept as they were sent") {
    const validators read = of({{"etag", "\"xyzzy\""},
                                {"LAST-MODIFIED", " " + modified + "\t"},
                                {"Date", a_day_later},
                                {"Content-Length", "5"}});
    CHECK(read.etag == "\"xyzzy\"");
    CHECK(read.last_modified == modified);
    CHECK(read.date == a_day_later);
    CHECK_FALSE(read.length);
    CHECK(read == made("\"xyzzy\"", modified, a_day_later));
    CHECK(of({}) == validators());
    CHECK(of({{"ETag", ""}, {"Date", " "}}) == validators());
}

TEST_CASE("the ETags of RFC 9110, 8.8.3, and other well-formed ones are taken") {
    for (const std::string etag : {"\"xyzzy\"", "W/\"xyzzy\"", "\"\"", "W/\"\"", "\"a\\b\"",
                                   "\"W/x\"", "\"!#~\"", "\"\x80\xff\"", "\"5e-60a;gzip\""}) {
        CAPTURE(etag);
        CHECK(of({{"ETag", etag}}).etag == etag);
        CHECK(of({{"ETag", etag}}).has_strong_etag() == (etag.front() == '"'));
    }
    const std::string longest = '"' + std::string(1022, 'x') + '"';
    CHECK(of({{"ETag", longest}}).etag == longest);
}

TEST_CASE("an ETag that is not well formed is none") {
    const std::vector<std::string> malformed{
        "xyzzy",
        "\"",
        "\"xyzzy",
        "xyzzy\"",
        "w/\"xyzzy\"",
        "W/",
        "W/xyzzy",
        "W/\"",
        "W\"xyzzy\"",
        "W/ \"xyzzy\"",
        "W/W/\"xyzzy\"",
        "'xyzzy'",
        "\"a b\"",
        "\"a\tb\"",
        "\"a\x7f\"",
        "\"a\x01\"",
        std::string("\"a\0b\"", 5),
        "\"a\"b\"",
        "\"a\", \"b\"",
        "\"a\";x",
        "*",
        '"' + std::string(1023, 'x') + '"',
    };
    for (const std::string& etag : malformed) {
        CAPTURE(etag);
        CHECK(of({{"ETag", etag}}).etag.empty());
        CHECK_FALSE(of({{"ETag", etag}}).has_strong_etag());
        CHECK_FALSE(made(etag).has_strong_etag());
        CHECK(if_range(made(etag)).empty());
    }
}

TEST_CASE("lines that agree are one, lines that do not are none") {
    CHECK(of({{"ETag", "\"a\""}, {"etag", " \"a\""}}).etag == "\"a\"");
    CHECK(of({{"ETag", "\"a\""}, {"ETag", "\"b\""}}).etag.empty());
    CHECK(of({{"ETag", "\"a\""}, {"ETag", "W/\"a\""}}).etag.empty());
    CHECK(of({{"ETag", "\"a\""}, {"ETag", ""}}).etag.empty());
    CHECK(of({{"ETag", ""}, {"ETag", "\"a\""}}).etag.empty());
    CHECK(of({{"Date", modified}, {"Date", a_day_later}}).date.empty());
    CHECK(of({{"Last-Modified", modified}, {"Last-Modified", a_day_later}}).last_modified.empty());
    CHECK(of({{"Last-Modified", modified}, {"Last-Modified", modified}}).last_modified == modified);
}

TEST_CASE("a date that could not be kept and sent back is none") {
    CHECK(of({{"Last-Modified", "yesterday"}}).last_modified == "yesterday");
    CHECK(of({{"Last-Modified", std::string(64, 'x')}}).last_modified.size() == 64);
    CHECK(of({{"Last-Modified", std::string(65, 'x')}}).last_modified.empty());
    CHECK(of({{"Last-Modified", "a\x01z"}}).last_modified.empty());
    CHECK(of({{"Last-Modified", "a\tz"}}).last_modified.empty());
    CHECK(of({{"Date", "a\x80"}}).date.empty());
    CHECK(of({{"Date", "a\x7f"}}).date.empty());
}

TEST_CASE("Last-Modified is strong where Date is at least a second later") {
    CHECK(made("", modified, a_second_later).has_strong_date());
    CHECK(made("", modified, a_day_later).has_strong_date());
    CHECK(made("", "Sun Nov  6 08:49:37 1994", a_second_later).has_strong_date());
    CHECK(made("", "Sunday, 06-Nov-94 08:49:37 GMT", a_second_later).has_strong_date());
    CHECK(made("", "Sunday, 06-Nov-94 08:49:37 GMT", "Monday, 07-Nov-94 08:49:37 GMT")
              .has_strong_date());

    CHECK_FALSE(made("", modified, modified).has_strong_date());
    CHECK_FALSE(made("", a_second_later, modified).has_strong_date());
    CHECK_FALSE(made("", modified).has_strong_date());
    CHECK_FALSE(made("", "", a_day_later).has_strong_date());
    CHECK_FALSE(made("", "yesterday", a_day_later).has_strong_date());
    CHECK_FALSE(made("", modified, "today").has_strong_date());
    CHECK_FALSE(made("", "Sunday, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT")
                    .has_strong_date());
}

TEST_CASE("two digits of a year mean the same whenever they are read") {
    // 2050 and 1951
    CHECK_FALSE(made("", "Saturday, 01-Jan-50 00:00:00 GMT", "Monday, 01-Jan-51 00:00:00 GMT")
                    .has_strong_date());
    CHECK(made("", "Monday, 01-Jan-51 00:00:00 GMT", "Friday, 31-Dec-49 00:00:00 GMT")
              .has_strong_date());
}

TEST_CASE("If-Range takes a strong ETag, else a strong date, else nothing") {
    CHECK(if_range(made("\"a\"", modified, a_day_later)) == "\"a\"");
    CHECK(if_range(made("\"a\"")) == "\"a\"");
    CHECK(if_range(made("", modified, a_second_later)) == modified);
    CHECK(if_range(made("W/\"a\"", modified, a_second_later)) == modified);

    CHECK(if_range(made("")).empty());
    CHECK(if_range(made("W/\"a\"")).empty());
    CHECK(if_range(made("W/\"a\"", modified, modified)).empty());
    CHECK(if_range(made("W/\"a\"", modified)).empty());
    CHECK(if_range(made("", modified, modified)).empty());
    CHECK(if_range(made("", modified)).empty());
    CHECK(if_range(made("", "", a_day_later)).empty());
    CHECK(if_range(made("", "yesterday", a_day_later)).empty());
}

TEST_CASE("unequal lengths are different, whatever else agrees") {
    validators kept = made("\"a\"", modified, a_day_later);
    validators now = kept;
    kept.length = 10;
    CHECK(both(kept, now) == agreement::same);
    now.length = 11;
    CHECK(both(kept, now) == agreement::different);
    now.length = 0;
    CHECK(both(kept, now) == agreement::different);
    now.length = 10;
    CHECK(both(kept, now) == agreement::same);
}

TEST_CASE("equal lengths alone say nothing") {
    validators kept, now;
    CHECK(both(kept, now) == agreement::unknown);
    kept.length = 10;
    now.length = 10;
    CHECK(both(kept, now) == agreement::unknown);
}

TEST_CASE("strong ETags decide alone") {
    CHECK(both(made("\"a\""), made("\"a\"")) == agreement::same);
    CHECK(both(made("\"a\"", modified), made("\"a\"", a_day_later)) == agreement::same);
    CHECK(both(made("\"a\""), made("\"b\"")) == agreement::different);
    CHECK(both(made("\"a\""), made("\"A\"")) == agreement::different);
    CHECK(both(made("\"a\"", modified, a_day_later), made("\"b\"", modified, a_day_later)) ==
          agreement::different);
}

TEST_CASE("weak ETags speak against, never for") {
    // the table of RFC 9110, 8.8.3.2
    CHECK(both(made("W/\"1\""), made("W/\"1\"")) == agreement::unknown);
    CHECK(both(made("W/\"1\""), made("W/\"2\"")) == agreement::different);
    CHECK(both(made("W/\"1\""), made("\"1\"")) == agreement::unknown);
    CHECK(both(made("W/\"1\""), made("\"2\"")) == agreement::different);
    CHECK(both(made("W/\"1\"", modified, a_day_later), made("\"2\"", modified, a_day_later)) ==
          agreement::different);
}

TEST_CASE("where ETags do not decide the dates do") {
    const std::vector<std::pair<std::string, std::string>> undecided{
        {"", ""},      {"W/\"1\"", "W/\"1\""}, {"W/\"1\"", "\"1\""}, {"\"1\"", ""},
        {"", "\"1\""}, {"\"1\"", "W/\"1\""},   {"W/\"1\"", ""},
    };
    for (const auto& [kept, now] : undecided) {
        CAPTURE(kept);
        CAPTURE(now);
        const auto compared = [&](const validators& a, const validators& b) {
            validators left = a, right = b;
            left.etag = kept;
            right.etag = now;
            return compare(left, right);
        };
        CHECK(compared(made(""), made("")) == agreement::unknown);
        CHECK(compared(made("", modified, a_day_later), made("")) == agreement::unknown);
        CHECK(compared(made(""), made("", modified, a_day_later)) == agreement::unknown);
        CHECK(compared(made("", modified, a_day_later), made("", modified)) == agreement::same);
        // strong for what is kept, not only for what comes now
        CHECK(compared(made("", modified), made("", modified, a_day_later)) == agreement::unknown);
        CHECK(compared(made("", modified, modified), made("", modified, a_day_later)) ==
              agreement::unknown);
        CHECK(compared(made("", modified, a_day_later), made("", a_second_later)) ==
              agreement::different);
        CHECK(compared(made("", modified), made("", a_second_later)) == agreement::different);
        // an older file was put in its place
        CHECK(compared(made("", a_second_later, a_day_later), made("", modified, a_day_later)) ==
              agreement::different);
        CHECK(compared(made("", "v1", a_day_later), made("", "v1")) == agreement::unknown);
        CHECK(compared(made("", "v1"), made("", "v2")) == agreement::different);
    }
}

TEST_CASE("Date by itself says nothing") {
    CHECK(both(made("", "", modified), made("", "", modified)) == agreement::unknown);
    CHECK(both(made("", "", modified), made("", "", a_day_later)) == agreement::unknown);
    CHECK(both(made("\"a\"", "", modified), made("\"a\"", "", a_day_later)) == agreement::same);
}

TEST_SUITE_END();
