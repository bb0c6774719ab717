#include "storage/file_record.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "storage/byte_packing.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;

constexpr const char* modified = "Sat, 01 Jun 2024 12:00:00 GMT";
constexpr const char* a_minute_later = "Sat, 01 Jun 2024 12:01:00 GMT";

core::validators about(std::string etag, std::string last_modified = {}, std::string date = {}) {
    core::validators result;
    result.etag = std::move(etag);
    result.last_modified = std::move(last_modified);
    result.date = std::move(date);
    return result;
}

file_record record_of(const core::validators& response) {
    file_record record;
    record.source = 0x123456789abcdef0;
    record.answered = 0xfedcba9876543210;
    record.size = 1'500'000;
    record.time = {1'717'243'200, 123'456'789};
    for (std::size_t i = 0; i < record.boot.size(); ++i) {
        record.boot[i] = static_cast<std::byte>(i + 1);
    }
    record.take(response);
    return record;
}

std::span<const std::byte> bytes(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::optional<file_record> decoded(const std::string& text) {
    return decode_record(bytes(text));
}

/// The check made anew, as who wants to deceive us can do.
std::string resigned(std::string text) {
    const auto check = check_of(bytes(text).first(text.size() - 8));
    for (std::size_t i = 0; i < 8; ++i) {
        text[text.size() - 8 + i] = static_cast<char>(check >> (8 * i));
    }
    return text;
}

/// What a request with this record says; empty if it has no condition.
std::string asked(const file_record& record) {
    const auto condition = condition_of(record);
    return condition ? std::string(condition->name) + ": " + std::string(condition->value) : "";
}

std::string etag_of_size(std::size_t size) {
    return '"' + std::string(size - 2, 'e') + '"';
}

}  // namespace

TEST_SUITE("unit/storage/file_record") {
    TEST_CASE("what was encoded is decoded") {
        const core::validators responses[] = {
            about("\"v1\"", modified, a_minute_later),
            about("\"v1\""),
            about("W/\"v1\"", modified, a_minute_later),
            about("", modified, a_minute_later),
            about("", modified),
            about(""),
        };
        for (const auto& response : responses) {
            CAPTURE(response.etag);
            file_record record = record_of(response);
            CHECK(decoded(encode(record)) == record);
            for (const bool on : {true, false}) {
                record.decoded = on;
                record.synced = !on;
                CHECK(decoded(encode(record)) == record);
            }
            record.size = std::numeric_limits<std::uint64_t>::max();
            record.time = {-1, 999'999'999};
            record.boot = {};
            CHECK(decoded(encode(record)) == record);
        }
        CHECK(decoded(encode(file_record())) == file_record());
    }

    TEST_CASE("numbers are little-endian, wherever the record was written") {
        const std::string text = encode(record_of(about("\"v1\"")));
        CHECK(text.substr(0, 4) == std::string("\1\0\4\0", 4));
        CHECK(text.substr(4, 2) == "\xf0\xde");
        CHECK(text.find("\"v1\"") == text.size() - 8 - 4);
    }

    TEST_CASE("a record is under 200 bytes, whatever the validators are") {
        std::size_t longest = 0;
        for (std::size_t etag = 2; etag <= 1024; ++etag) {
            for (const std::size_t date : {0U, 29U, 33U, 35U, 36U, 64U}) {
                const file_record record =
                    record_of(about(etag_of_size(etag), std::string(date, 'd')));
                const std::string text = encode(record);
                longest = std::max(longest, text.size());
                REQUIRE(text.size() <= max_record_bytes);
                REQUIRE(decoded(text) == record);
            }
        }
        CHECK(longest < 200);
        CHECK(longest == encode(record_of(about(etag_of_size(100), std::string(35, 'd')))).size());
    }

    TEST_CASE("a record with any bit changed gives nothing") {
        for (const char* etag : {"\"v1\"", ""}) {
            const std::string good = encode(record_of(about(etag, modified, a_minute_later)));
            for (std::size_t at = 0; at < good.size(); ++at) {
                for (unsigned bit = 0; bit < 8; ++bit) {
                    std::string bad = good;
                    bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ 1U << bit);
                    if (decoded(bad)) {
                        FAIL_CHECK("bit " << bit << " of byte " << at << " does not count");
                    }
                }
            }
        }
    }

    TEST_CASE("a record that is torn, or goes on behind its end, gives nothing") {
        const std::string good = encode(record_of(about("\"v1\"", modified, a_minute_later)));
        for (std::size_t size = 0; size < good.size(); ++size) {
            if (decoded(good.substr(0, size))) {
                FAIL_CHECK("the first " << size << " bytes are enough");
            }
        }
        for (std::size_t more = 1; more <= 300; ++more) {
            if (decoded(good + std::string(more, '\0'))) {
                FAIL_CHECK(more << " bytes more do not count");
            }
        }
        CHECK_FALSE(decoded(std::string(good.size(), '\0')));
    }

    TEST_CASE("a record that is signed but of another version or absurd gives nothing") {
        const std::string good = encode(record_of(about("\"v1\"", modified, a_minute_later)));
        REQUIRE(decoded(resigned(good)).has_value());  // so that the others fail for their reason
        for (unsigned version = 0; version < 256; ++version) {
            std::string other = good;
            other[0] = static_cast<char>(version);
            CHECK(decoded(resigned(other)).has_value() == (version == 1));
        }
        for (const std::size_t length_at : {2U, 3U}) {
            for (unsigned length = 0; length < 256; ++length) {
                std::string other = good;
                const bool same = static_cast<unsigned char>(other[length_at]) == length;
                other[length_at] = static_cast<char>(length);
                CHECK(decoded(resigned(other)).has_value() == same);
            }
        }
        for (const char control : {'\r', '\n', '\0', '\t', '\x7f'}) {
            std::string injected = good;
            injected[injected.find("v1")] = control;
            CHECK_FALSE(decoded(resigned(injected)).has_value());
            injected = good;
            injected[injected.find("Sat")] = control;
            CHECK_FALSE(decoded(resigned(injected)).has_value());
        }
    }

    TEST_CASE("a record that is signed but would ask by no ETag or no date gives nothing") {
        for (const char* etag :
             {"*", "v1", "\"", "\"a\"b\"", "\"a b\"", "W/", "W/v1", "w/\"v1\""}) {
            CAPTURE(etag);
            CHECK_FALSE(decoded(encode(record_of(about(etag)))).has_value());
        }
        file_record dateless = record_of(about("\"v1\""));
        dateless.settled_date = true;
        CHECK_FALSE(decoded(encode(dateless)).has_value());
    }

    TEST_CASE("a date is settled if it is at least 60 s older than the response") {
        const struct {
            const char* date;
            bool settled;
        } cases[] = {
            {"Sat, 01 Jun 2024 11:59:59 GMT", false},
            {"Sat, 01 Jun 2024 12:00:00 GMT", false},
            {"Sat, 01 Jun 2024 12:00:01 GMT", false},
            {"Sat, 01 Jun 2024 12:00:59 GMT", false},
            {"Sat, 01 Jun 2024 12:01:00 GMT", true},
            {"Sat, 01 Jun 2024 12:01:01 GMT", true},
            {"Sun, 01 Jun 2025 12:00:00 GMT", true},
            {"Saturday, 01-Jun-24 12:00:59 GMT", false},
            {"Saturday, 01-Jun-24 12:01:00 GMT", true},
            {"Sat Jun  1 12:01:00 2024", true},
            {"", false},
            {"soon", false},
        };
        for (const auto& one : cases) {
            CAPTURE(one.date);
            const file_record record = record_of(about("", modified, one.date));
            CHECK(record.settled_date == one.settled);
            CHECK(record.has_condition() == one.settled);
        }
        CHECK_FALSE(record_of(about("", "", a_minute_later)).settled_date);
        CHECK_FALSE(record_of(about("", "long ago", a_minute_later)).settled_date);
    }

    TEST_CASE("a request asks by a strong ETag, else by a settled date, else not") {
        const std::string by_date = std::string("If-Modified-Since: ") + modified;
        const std::string just_fits = etag_of_size(100);
        CHECK(asked(record_of(about("\"v1\""))) == "If-None-Match: \"v1\"");
        CHECK(asked(record_of(about("\"v1\"", modified, a_minute_later))) ==
              "If-None-Match: \"v1\"");
        CHECK(asked(record_of(about("", modified, a_minute_later))) == by_date);
        CHECK(asked(record_of(about("W/\"v1\"", modified, a_minute_later))) == by_date);
        CHECK(asked(record_of(about("W/\"v1\""))).empty());
        CHECK(asked(record_of(about("W/\"v1\"", modified, modified))).empty());
        CHECK(asked(record_of(about("", modified, modified))).empty());
        CHECK(asked(record_of(about(""))).empty());
        CHECK(asked(record_of(about(just_fits))) == "If-None-Match: " + just_fits);
        CHECK(asked(record_of(about(etag_of_size(101)))).empty());
        // A date beside an ETag that is not known would prove less.
        CHECK(asked(record_of(about(etag_of_size(101), modified, a_minute_later))).empty());
        CHECK(asked(file_record()).empty());
    }

    TEST_CASE("what was taken before does not stay beside what is taken anew") {
        file_record record = record_of(about("\"v1\"", modified, a_minute_later));
        record.take(about("", "Sat, 01 Jun 2024 12:00:01 GMT", a_minute_later));
        CHECK(record.etag.empty());
        CHECK_FALSE(record.settled_date);
        record.take(about("\"v2\""));
        CHECK(asked(record) == "If-None-Match: \"v2\"");
        CHECK(record.last_modified.empty());
        record.take(about(etag_of_size(101), modified, a_minute_later));
        CHECK(asked(record).empty());
        CHECK(record.last_modified.empty());
    }
}

TEST_SUITE("unit/storage/file_record, responses") {
    const char* const another_day = "Sun, 02 Jun 2024 12:00:00 GMT";

    TEST_CASE("a response of the same length with an equal strong validator is of the file") {
        const file_record by_etag = record_of(about("\"v1\"", modified, a_minute_later));
        const file_record by_date = record_of(about("", modified, a_minute_later));
        const file_record weak = record_of(about("W/\"v1\"", modified, a_minute_later));
        const file_record young = record_of(about("", modified, modified));
        const file_record nothing = record_of(about(""));
        const struct {
            const file_record& kept;
            core::validators response;
            bool same;
        } cases[] = {
            {by_etag, about("\"v1\"", modified), true},
            {by_etag, about("\"v1\""), true},
            {by_etag, about("\"v2\"", modified), false},
            {by_etag, about("W/\"v2\"", modified), false},
            {by_etag, about("\"v1\"", another_day), false},
            {by_etag, about("", another_day), false},
            {by_etag, about(""), false},
            {by_date, about("", modified), true},
            {by_date, about("\"v1\"", modified), true},
            {by_date, about("", another_day), false},
            {by_date, about(""), false},
            {weak, about("W/\"v1\"", modified), true},
            {weak, about("W/\"v2\"", modified), false},
            {weak, about("\"v2\"", modified), false},
            {weak, about("W/\"v1\""), false},
            {young, about("", modified), false},
            {young, about("", modified, another_day), false},
            {nothing, about(""), false},
        };
        for (const auto& one : cases) {
            CAPTURE(one.kept.etag);
            CAPTURE(one.kept.settled_date);
            CAPTURE(one.response.etag);
            CAPTURE(one.response.last_modified);
            core::validators response = one.response;
            response.length = one.kept.size;
            CHECK(is_of(one.kept, response) == one.same);
            response.length = one.kept.size - 1;
            CHECK_FALSE(is_of(one.kept, response));
        }
    }

    TEST_CASE("a response contradicts by another ETag or another date, never by its length") {
        const file_record kept = record_of(about("\"v1\"", modified, a_minute_later));
        const file_record by_date = record_of(about("", modified, a_minute_later));
        const auto contradicting = [](const file_record& record, core::validators response) {
            const bool without = contradicts(record, response);
            response.length = 0;  // as a 304 with "Content-Length: 0" says
            CHECK(contradicts(record, response) == without);
            return without;
        };
        CHECK_FALSE(contradicting(kept, about("")));
        CHECK_FALSE(contradicting(kept, about("\"v1\"")));
        CHECK_FALSE(contradicting(kept, about("W/\"v1\"")));
        CHECK_FALSE(contradicting(kept, about("\"v1\"", modified, a_minute_later)));
        CHECK_FALSE(contradicting(kept, about("", modified)));
        CHECK(contradicting(kept, about("\"v2\"")));
        CHECK(contradicting(kept, about("\"v2\"", modified)));
        CHECK(contradicting(kept, about("W/\"v2\"")));
        CHECK(contradicting(kept, about("", another_day)));
        CHECK_FALSE(contradicting(by_date, about("")));
        CHECK_FALSE(contradicting(by_date, about("\"v2\"", modified)));
        CHECK(contradicting(by_date, about("", another_day)));
    }
}
