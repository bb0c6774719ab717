#include "core/range_verdict.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace asyncdl::core;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

const std::string tag = "\"v1\"";
const std::string modified = "Mon, 01 Jan 2024 00:00:00 GMT";
const std::string later = "Mon, 01 Jan 2024 00:10:00 GMT";

validators kept(std::uint64_t length = 100) {
    validators about;
    about.etag = tag;
    about.last_modified = modified;
    about.date = later;
    about.length = length;
    return about;
}

part_request rest_from(std::uint64_t begin) {
    return {{begin, part_request::to_the_end}, kept(), false};
}

part_verdict judge(unsigned status, const lines& given, const part_request& asked) {
    response_head head;
    head.status = status;
    for (const auto& [name, value] : given) {
        head.fields.add(name, value);
    }
    return judge_part(head, asked);
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/range_verdict");

TEST_CASE("the part that was asked for, of the same representation, fits") {
    const auto verdict =
        judge(206, {{"Content-Range", "bytes 40-99/100"}, {"ETag", tag}, {"Content-Length", "60"}},
              rest_from(40));
    CHECK(verdict.answer == part_answer::fits);
    CHECK(verdict.bytes == byte_range{40, 100});
    CHECK(verdict.total == 100);
}

TEST_CASE("a part that begins earlier or ends earlier fits with what it holds") {
    const auto aligned =
        judge(206, {{"Content-Range", "bytes 32-99/100"}, {"ETag", tag}}, rest_from(40));
    CHECK(aligned.answer == part_answer::fits);
    CHECK(aligned.bytes == byte_range{32, 100});
    const auto shorter =
        judge(206, {{"Content-Range", "bytes 40-49/100"}, {"ETag", tag}}, rest_from(40));
    CHECK(shorter.answer == part_answer::fits);
    CHECK(shorter.bytes == byte_range{40, 50});
}

TEST_CASE("an unknown total is that of what is kept") {
    const auto verdict =
        judge(206, {{"Content-Range", "bytes 40-99/*"}, {"ETag", tag}}, rest_from(40));
    CHECK(verdict.answer == part_answer::fits);
    CHECK(verdict.total == 100);
}

TEST_CASE("another part than asked for starts over") {
    for (const char* range : {"bytes 41-99/100", "bytes 0-39/100", "bytes 0-9/100", "nonsense",
                              "bytes */100", "items 40-99/100"}) {
        CAPTURE(range);
        CHECK(judge(206, {{"Content-Range", range}, {"ETag", tag}}, rest_from(40)).answer ==
              part_answer::start_over);
    }
    CHECK(judge(206, {{"ETag", tag}}, rest_from(40)).answer == part_answer::start_over);
}

TEST_CASE("several parts for one start over") {
    CHECK(judge(206,
                {{"Content-Type", "Multipart/ByteRanges; boundary=x"},
                 {"Content-Range", "bytes 40-99/100"},
                 {"ETag", tag}},
                rest_from(40))
              .answer == part_answer::start_over);
}

TEST_CASE("a length that is not that of the range starts over") {
    CHECK(judge(206,
                {{"Content-Range", "bytes 40-99/100"}, {"ETag", tag}, {"Content-Length", "61"}},
                rest_from(40))
              .answer == part_answer::start_over);
}

TEST_CASE("another total, tag or date is another file") {
    for (const lines& given : {lines{{"Content-Range", "bytes 40-99/101"}, {"ETag", tag}},
                               lines{{"Content-Range", "bytes 40-99/100"}, {"ETag", "\"v2\""}},
                               lines{{"Content-Range", "bytes 40-99/100"},
                                     {"Last-Modified", "Mon, 01 Jan 2024 00:00:01 GMT"}}}) {
        CHECK(judge(206, given, rest_from(40)).answer == part_answer::changed);
    }
}

TEST_CASE("a part without any validator proves nothing") {
    const lines bare{{"Content-Range", "bytes 40-99/100"}};
    CHECK(judge(206, bare, rest_from(40)).answer == part_answer::start_over);
    auto unvalidated = rest_from(40);
    unvalidated.unvalidated = true;
    CHECK(judge(206, bare, unvalidated).answer == part_answer::fits);
}

TEST_CASE("416 is complete only with the length of what is kept") {
    auto all = rest_from(100);
    all.about.length.reset();
    CHECK(judge(416, {{"Content-Range", "bytes */100"}}, all).answer == part_answer::complete);
    CHECK(judge(416, {{"Content-Range", "bytes */100"}, {"ETag", tag}}, all).answer ==
          part_answer::complete);
    CHECK(judge(416, {{"Content-Range", "bytes */100"}, {"ETag", "\"v2\""}}, all).answer ==
          part_answer::changed);
    CHECK(judge(416, {{"Content-Range", "bytes */99"}}, all).answer == part_answer::changed);
    CHECK(judge(416, {{"Content-Range", "bytes */101"}}, all).answer == part_answer::changed);
    CHECK(judge(416, {}, all).answer == part_answer::start_over);
    CHECK(judge(416, {{"Content-Range", "bytes 0-99/100"}}, all).answer == part_answer::start_over);
}

TEST_CASE("416 to a gap in the middle is no completion") {
    part_request gap{{100, 200}, kept(1000), false};
    CHECK(judge(416, {{"Content-Range", "bytes */100"}}, gap).answer == part_answer::changed);
}

TEST_SUITE_END();
