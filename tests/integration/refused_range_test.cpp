// 416: a range that is refused ends a download only where the file is complete.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t kept = 200'000;

TEST_SUITE_BEGIN("integration/refused_range");

TEST_CASE_TEMPLATE("a range that is refused is the end only of a file that is complete", How, plain,
                   tls) {
    const struct {
        std::string name;
        std::string unsatisfied;
        std::string etag;
        std::string last_modified;
        bool complete;
    } cases[] = {
        {"right", "bytes */300000", "\"v1\"", "Sat, 01 Jun 2024 12:00:00 GMT", true},
        {"without validators", "bytes */300000", "", "", true},
        {"a longer file", "bytes */300001", "\"v1\"", "", false},
        {"a shorter file", "bytes */299999", "\"v1\"", "", false},
        {"an empty file", "bytes */0", "\"v1\"", "", false},
        {"no length", "bytes */*", "\"v1\"", "", false},
        {"nothing", "", "\"v1\"", "", false},
        {"a range", "bytes 0-299999/300000", "\"v1\"", "", false},
        {"another ETag", "bytes */300000", "\"v2\"", "", false},
        {"another date", "bytes */300000", "", "Sun, 02 Jun 2024 12:00:00 GMT", false},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        stage_over<How> on;
        remote_file file(whole);
        file.chunked = true;  // so that the first run does not know that it has everything
        leave_part(on, file, whole);
        // The file behind the refusal is another, so that to take the old one for it shows.
        remote_file now(whole, one.complete ? 1 : 2);
        now.ranges = range_support::refused;
        now.unsatisfied = one.unsatisfied;
        now.etag = one.etag;
        now.last_modified = one.last_modified;
        on.server.on("/file", now);
        const download_result result = on.fetch("/file");
        check_stored(on, result, now.bytes());
        CHECK(result.attempts == 1);
        CHECK(result.resumed_from == (one.complete ? whole : 0));
        CHECK(result.bytes_received == (one.complete ? 0 : whole));
        CHECK(on.server.requests("/file") <= 4);
    }
}

TEST_CASE_TEMPLATE("a range that is refused in the middle of a file starts it over", How, plain,
                   tls) {
    stage_over<How> on;
    on.options.retries = 1;
    on.options.retry_delay = std::chrono::milliseconds(0);
    const remote_file file(whole);
    remote_file now = file;
    now.ranges = range_support::refused;
    for (const std::string total : {"bytes */300000", "bytes */200000", ""}) {
        CAPTURE(total);
        now.unsatisfied = total;
        on.server.on("/file", in_turn({file.cut(kept), now}));
        const download_result retried = on.fetch("/file");
        check_stored(on, retried, file.bytes());
        CHECK(retried.attempts == 2);
        std::filesystem::remove(on.dir / "out/file");

        leave_part(on, file, kept);
        on.server.on("/file", now);
        const download_result later = on.fetch("/file");
        check_stored(on, later, file.bytes());
        CHECK(later.resumed_from == 0);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("a range that is refused to a request without one is a failure", How, plain,
                   tls) {
    stage_over<How> on;
    on.server.on("/file", status(416, {{"Content-Range", "bytes */7"}}));
    check_failed(on, on.fetch("/file"), errc::http_status);
    CHECK(on.server.requests("/file") == 1);

    const remote_file file(whole);
    leave_part(on, file, kept);
    on.server.on("/file", status(416, {{"Content-Range", "bytes */7"}}));
    check_failure(on.fetch("/file"), errc::http_status);
    CHECK_FALSE(std::filesystem::exists(on.dir / "out/file"));
    CHECK(on.server.requests("/file") <= 4);
}

TEST_SUITE_END();

}  // namespace
