// A retry goes on where the last attempt ended, with the validator that RFC 9110 allows; without
// one it starts over.

#include <doctest/doctest.h>

#include <asyncdl/memory_sink.hpp>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

using texts = std::vector<std::string>;

// The part that is kept ends within the second piece of 1 MiB.
constexpr std::uint64_t whole = 1'500'000;
constexpr std::uint64_t kept = 1'200'000;

template <typename How>
class retrying : public stage_over<How> {
public:
    retrying() {
        this->options.retries = 3;
        this->options.retry_delay = 1ms;
    }
};

TEST_SUITE_BEGIN("integration/retry_resume");

TEST_CASE_TEMPLATE("a retry goes on where the last attempt ended", How, plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    on.server.on("/file", in_turn({file.cut(kept), file}));
    const download_result result = on.fetch("/file");
    check_all_new(on, result, file);
    CHECK(result.attempts == 2);
    CHECK(result.status == 206);
    CHECK(asked_with(on.server, "/file", "If-Range") == texts{"-", "\"v1\""});
    const texts ranges = asked_with(on.server, "/file", "Range");
    REQUIRE(ranges.size() == 2);
    CHECK(ranges[0] == "-");
    CHECK(ranges[1].starts_with("bytes=1200000-"));
}

TEST_CASE_TEMPLATE("each retry goes on further, with the same validator", How, plain, tls) {
    retrying<How> on;
    const remote_file file(1000);
    on.server.on("/file", file.cut(300));
    const download_result result = on.fetch("/file");
    check_all_new(on, result, file);
    CHECK(result.attempts == 4);
    const texts ranges = asked_with(on.server, "/file", "Range");
    REQUIRE(ranges.size() == 4);
    CHECK(ranges[1].starts_with("bytes=300-"));
    CHECK(ranges[2].starts_with("bytes=600-"));
    CHECK(ranges[3].starts_with("bytes=900-"));
    CHECK(asked_with(on.server, "/file", "If-Range") == texts{"-", "\"v1\"", "\"v1\"", "\"v1\""});
}

TEST_CASE_TEMPLATE("what came before a reset or a stall is not asked for again", How, plain, tls) {
    retrying<How> on;
    on.options.timeout = 1s;
    const remote_file file(whole);
    for (const ending how : {ending::reset, ending::stall}) {
        on.server.on("/file", in_turn({file.cut(kept, how), file}));
        const download_result result = on.fetch("/file");
        check_all_new(on, result, file);
        CHECK(result.attempts == 2);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("a failure in between takes nothing away", How, plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    const handler failures[] = {
        status(503),
        status(500),
        status(429, {{"Retry-After", "0"}}),
        misbehave::close_before_head(),
        misbehave::reset_before_head(),
        file.cut(0),
    };
    for (const handler& failure : failures) {
        on.server.on("/file", in_turn({file.cut(kept), failure, file}));
        const download_result result = on.fetch("/file");
        check_all_new(on, result, file);
        CHECK(result.attempts == 3);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("a failure for good in between ends it, and a later run goes on", How, plain,
                   tls) {
    retrying<How> on;
    const remote_file file(whole);
    for (const unsigned code : {403U, 404U, 410U}) {
        on.server.on("/file", in_turn({file.cut(kept), status(code), file}));
        const download_result result = on.fetch("/file");
        check_failure(result, errc::http_status);
        CHECK(result.attempts == 2);
        CHECK(on.names() == unfinished);
        check_resumed(on, on.fetch("/file"), file, kept);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("a redirect is followed again by the retry, and its target gives the rest", How,
                   plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    on.server.on("/from", redirect_to("/file"));
    on.server.on("/file", in_turn({file.cut(kept), file}));
    const download_result result = on.fetch("/from");
    check_all_new(on, result, file);
    CHECK(result.attempts == 2);
    CHECK(on.server.requests("/from") == 2);
}

TEST_CASE_TEMPLATE("a redirect that leads elsewhere by now gives a whole file", How, plain, tls) {
    retrying<How> on;
    const remote_file old(whole, 1);
    const remote_file now(whole, 2);
    on.server.on(
        "/from",
        in_turn({[](connection& peer, const request&) { peer.send(redirect_to("/old")); },
                 [](connection& peer, const request&) { peer.send(redirect_to("/now")); }}));
    on.server.on("/old", old.cut(kept));
    on.server.on("/now", now);
    const download_result result = on.fetch("/from");
    check_stored(on, result, now.bytes());
    CHECK(result.attempts == 2);
}

TEST_CASE_TEMPLATE(
    "If-Range has a strong ETag, else a date that is strong, else nothing is resumed", How, plain,
    tls) {
    const std::string modified = "Sat, 01 Jun 2024 12:00:00 GMT";
    const std::string later = "Sat, 01 Jun 2024 12:00:01 GMT";
    const struct {
        std::string etag;
        std::string last_modified;
        std::string date;
        std::string sent;  ///< "-": starts over
    } cases[] = {
        {"\"v1\"", modified, "", "\"v1\""},
        {"\"v1\"", "", "", "\"v1\""},
        {"\"v1\"", modified, modified, "\"v1\""},
        {"\"\"", "", "", "\"\""},
        {"W/\"v1\"", modified, later, modified},
        {"W/\"v1\"", modified, modified, "-"},
        {"W/\"v1\"", "", "", "-"},
        {"w/\"v1\"", "", "", "-"},
        {"", modified, later, modified},
        {"", modified, modified, "-"},
        {"", later, modified, "-"},
        {"", "yesterday", later, "-"},
        {"", modified, "nonsense", "-"},
        {"", "", "", "-"},
        {"v1", modified, later, modified},
        {"v1", "", "", "-"},
        {"\"v1", "", "", "-"},
        {"\"v1\" \"v2\"", "", "", "-"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.etag);
        CAPTURE(one.last_modified);
        CAPTURE(one.date);
        retrying<How> on;
        remote_file file(5000);
        file.etag = one.etag;
        file.last_modified = one.last_modified;
        file.date = one.date;
        on.server.on("/file", in_turn({file.cut(2000), file}));
        const download_result result = on.fetch("/file");
        check_stored(on, result, file.bytes());
        CHECK(result.attempts == 2);
        CHECK(asked_with(on.server, "/file", "If-Range") == texts{"-", one.sent});
        const bool resumes = one.sent != "-";
        CHECK(asked_with(on.server, "/file", "Range")[1].starts_with("bytes=2000-") == resumes);
        CHECK(result.bytes_received == (resumes ? 5000 : 7000));
    }
}

TEST_CASE_TEMPLATE(
    "a file without validators is gone on with where that was allowed, if an overlap agrees", How,
    plain, tls) {
    retrying<How> on;
    on.options.resume_unvalidated = true;
    remote_file file(whole);
    file.etag.clear();
    file.last_modified.clear();
    on.server.on("/file", in_turn({file.cut(kept), file}));
    const download_result same = on.fetch("/file");
    check_stored(on, same, file.bytes());
    CHECK(same.bytes_received > whole);  // the overlap came twice
    CHECK(same.bytes_received < whole + kept);
    CHECK(asked_with(on.server, "/file", "If-Range") == texts{"-", "-"});
    std::filesystem::remove(on.dir / "out/file");

    remote_file other(whole, 2);
    other.etag.clear();
    other.last_modified.clear();
    on.server.on("/file", in_turn({file.cut(kept), other}));
    check_stored(on, on.fetch("/file"), other.bytes());
}

TEST_CASE_TEMPLATE("a sink of the caller's, which cannot go on, gets the whole body again", How,
                   plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    on.server.on("/file", in_turn({file.cut(kept), file}));
    memory_sink sink(whole);
    download_request request = on.ask("/file");
    request.destination = &sink;
    const download_result result = on.fetch(request);
    CHECK(result.success);
    CHECK(result.attempts == 2);
    const std::string bytes(reinterpret_cast<const char*>(sink.bytes().data()),
                            sink.bytes().size());
    const bool same_bytes = bytes == file.bytes();
    CHECK(same_bytes);
}

TEST_SUITE_END();

}  // namespace
