// What servers answer to a request for the rest of a file, right and wrong. Whatever it is, the
// file has the right bytes in the end, nothing loops, and what can be used is used.

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

using texts = std::vector<std::string>;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t kept = 200'000;

template <typename How>
class retrying : public stage_over<How> {
public:
    retrying() {
        this->options.retries = 1;
        this->options.retry_delay = 0ms;
        this->options.timeout = 2s;
    }

    /// One attempt is cut, the retry gets what `now` answers; then a later run does.
    void both_ways(const remote_file& before, const remote_file& now,
                   const std::function<void(const download_result&)>& check) {
        this->server.on("/file", in_turn({before.cut(kept), now}));
        const std::size_t asked_before = this->server.requests("/file");
        check(this->fetch("/file"));
        CHECK(this->server.requests("/file") - asked_before <= 4);
        std::filesystem::remove(this->dir / "out/file");

        const std::size_t asked = this->server.requests("/file");
        leave_part(*this, before, kept);
        this->server.on("/file", now);
        check(this->fetch("/file"));
        CHECK(this->server.requests("/file") - asked <= 4);
        std::filesystem::remove(this->dir / "out/file");
    }
};

struct lie {
    std::string name;
    std::function<void(partial_answer&)> tell;
};

const std::vector<lie>& harmless() {
    static const std::vector<lie> all{
        {"the truth", [](partial_answer&) {}},
        {"begins a block earlier", [](partial_answer& part) { part.begin -= 8192; }},
        {"begins at the start", [](partial_answer& part) { part.begin = 0; }},
        {"says no total", [](partial_answer& part) { part.total = "*"; }},
        {"is chunked", [](partial_answer& part) { part.chunked = true; }},
        {"ends with the connection", [](partial_answer& part) { part.until_close = true; }},
        {"spells the range oddly",
         [](partial_answer& part) {
             part.content_range = "Bytes=" + std::to_string(part.begin) + '-' +
                                  std::to_string(part.end - 1) + '/' + part.total;
         }},
    };
    return all;
}

const std::vector<lie>& harmful() {
    static const std::vector<lie> all{
        {"begins a byte later", [](partial_answer& part) { part.begin += 1; }},
        {"begins a block later", [](partial_answer& part) { part.begin += 8192; }},
        {"sends the file's first bytes",
         [](partial_answer& part) {
             part.end -= part.begin;
             part.begin = 0;
         }},
        {"says that there is one byte more", [](partial_answer& part) { part.total = "300001"; }},
        {"says that there is one byte less",
         [](partial_answer& part) {
             part.end -= 1;
             part.total = "299999";
         }},
        {"says a total that cannot be", [](partial_answer& part) { part.total = "1000"; }},
        {"says nothing of the range", [](partial_answer& part) { part.content_range = ""; }},
        {"says nonsense of the range",
         [](partial_answer& part) { part.content_range = "bytes 200000"; }},
        {"counts in another unit",
         [](partial_answer& part) { part.content_range = "lines 200000-299999/300000"; }},
        {"answers like a 416", [](partial_answer& part) { part.content_range = "bytes */300000"; }},
        {"says a range of one byte more than it sends",
         [](partial_answer& part) {
             part.end -= 1;
             part.content_range = "bytes 200000-299999/300000";
         }},
        {"says a range of one byte less than it sends",
         [](partial_answer& part) { part.content_range = "bytes 200000-299998/300000"; }},
        {"sends several parts",
         [](partial_answer& part) {
             part.say("Content-Type", "multipart/byteranges; boundary=X");
             part.content_range = "";
             part.body =
                 "--X\r\nContent-Range: bytes 200000-200004/300000\r\n\r\nhello\r\n"
                 "--X--\r\n";
         }},
        {"calls it several parts and says a range",
         [](partial_answer& part) {
             part.say("Content-Type", "Multipart/ByteRanges; boundary=X");
         }},
        {"sends bytes of another file, and says so by the ETag",
         [](partial_answer& part) {
             part.version = 2;
             part.say("ETag", "\"v2\"");
         }},
        {"sends bytes of another file, with an ETag that is weak and another",
         [](partial_answer& part) {
             part.version = 2;
             part.say("ETag", "W/\"v2\"");
         }},
        {"sends bytes of another file, and says so by the date",
         [](partial_answer& part) {
             part.version = 2;
             part.say("ETag", "");
             part.say("Last-Modified", "Sun, 02 Jun 2024 12:00:00 GMT");
         }},
        {"sends bytes of another file, and nothing about it",
         [](partial_answer& part) {
             part.version = 2;
             part.say("ETag", "");
             part.say("Last-Modified", "");
         }},
    };
    return all;
}

TEST_SUITE_BEGIN("integration/range_fault");

TEST_CASE_TEMPLATE("a part that can be used is used", How, plain, tls) {
    retrying<How> on;
    for (const lie& one : harmless()) {
        CAPTURE(one.name);
        const remote_file file(whole);
        remote_file now = file;
        now.lie = one.tell;
        const std::size_t before = on.server.requests("/file");
        on.both_ways(file, now, [&](const download_result& result) {
            check_stored(on, result, file.bytes());
            CHECK(result.status == 206);
        });
        CHECK(on.server.requests("/file") - before == 4);
    }
}

TEST_CASE_TEMPLATE("a part that does not fit is never used", How, plain, tls) {
    retrying<How> on;
    for (const lie& one : harmful()) {
        CAPTURE(one.name);
        const remote_file file(whole);
        remote_file now = file;
        now.lie = one.tell;
        on.both_ways(file, now, [&](const download_result& result) {
            check_stored(on, result, file.bytes());
            CHECK(result.resumed_from == 0);
            CHECK(result.status == 200);
        });
    }
}

TEST_CASE_TEMPLATE("to start over because the server forces it is no attempt", How, plain, tls) {
    retrying<How> on;
    for (const lie& one : harmful()) {
        CAPTURE(one.name);
        const remote_file file(whole);
        remote_file now = file;
        now.lie = one.tell;
        leave_part(on, file, kept);
        on.server.on("/file", now);
        CHECK(on.fetch("/file").attempts == 1);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("a part that is shorter than asked is followed by the next", How, plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    remote_file now = file;
    now.lie = [](partial_answer& part) { part.end = std::min(part.end, part.begin + 40'000); };
    leave_part(on, file, kept);
    on.server.on("/file", now);
    const download_result result = on.fetch("/file");
    check_resumed(on, result, file, kept);
    CHECK(asked_with(on.server, "/file", "Range").size() == 4);
}

TEST_CASE_TEMPLATE("parts of one byte end, right or wrong", How, plain, tls) {
    retrying<How> on;
    const remote_file file(2000);
    remote_file now = file;
    now.lie = [](partial_answer& part) { part.end = part.begin + 1; };
    leave_part(on, file, 1990);
    on.server.on("/file", now);
    check_whole_or_nothing(on, on.fetch("/file"), file);
    CHECK(on.server.requests("/file") <= 20);
}

TEST_CASE_TEMPLATE("a part whose connection breaks is gone on with", How, plain, tls) {
    retrying<How> on;
    on.options.retries = 2;
    const remote_file file(whole);
    for (const ending how : {ending::close, ending::reset}) {
        leave_part(on, file, kept);
        on.server.on("/file", in_turn({file.cut(30'000, how), file.cut(30'000, how), file}));
        const download_result result = on.fetch("/file");
        check_resumed(on, result, file, kept);
        CHECK(result.attempts == 3);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("the whole file in answer to a range is not appended", How, plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    remote_file now = file;
    now.ranges = range_support::none;
    on.both_ways(file, now, [&](const download_result& result) {
        check_stored(on, result, file.bytes());
        CHECK(result.resumed_from == 0);
        CHECK(result.status == 200);
    });
    CHECK(on.server.requests("/file") == 4);
}

TEST_CASE_TEMPLATE("a server that takes only dates in If-Range is no endless loop", How, plain,
                   tls) {
    retrying<How> on;
    on.options.retries = 3;
    const remote_file file(whole);
    remote_file now = file;
    now.ranges = range_support::dates_only;
    on.both_ways(file, now, [&](const download_result& result) {
        check_stored(on, result, file.bytes());
        CHECK(result.bytes_received <= kept + whole);
    });

    // Cut again and again, it needs the date to ever get to the end.
    on.server.on("/file", now.cut(130'000));
    const download_result result = on.fetch("/file");
    check_whole_or_nothing(on, result, file);
    CHECK(result.attempts <= 4);
}

TEST_CASE_TEMPLATE("an ETag that changes at each response is no validator, a strong date is one",
                   How, plain, tls) {
    retrying<How> on;
    remote_file file(whole);
    file.etag = "W/\"v1\"";
    remote_file now = file;
    now.etag = "W/\"v2\"";
    on.both_ways(file, now,
                 [&](const download_result& result) { check_stored(on, result, file.bytes()); });
}

TEST_CASE_TEMPLATE("a part that nobody asked for is refused", How, plain, tls) {
    retrying<How> on;
    response part;
    part.status = 206;
    part.fields = {{"Content-Range", "bytes 0-4/5"}, {"ETag", "\"v1\""}};
    part.body = "hello";
    on.server.on("/file", part);
    check_failed(on, on.fetch("/file"), errc::protocol);
    CHECK(on.server.requests("/file") == 1);
}

TEST_CASE_TEMPLATE("an error page in answer to a range is never stored", How, plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    for (const unsigned code : {400U, 403U, 404U, 500U, 503U}) {
        CAPTURE(code);
        leave_part(on, file, kept);
        on.server.on("/file", status(code));
        CHECK_FALSE(on.fetch("/file").success);
        CHECK(on.names() == unfinished);
        on.server.on("/file", file);
        check_resumed(on, on.fetch("/file"), file, kept);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_SUITE_END();

}  // namespace
