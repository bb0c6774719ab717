// A remote file that changes while it is downloaded: one version or the other, never a mixture.

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t cut_at = 200'000;

template <typename How>
class retrying : public stage_over<How> {
public:
    retrying() {
        this->options.retries = 3;
        this->options.retry_delay = 0ms;
    }
};

/// Another version at each request, each cut.
handler ever_changing(range_support ranges) {
    return [=, next = std::make_shared<std::atomic<unsigned>>(1)](connection& peer,
                                                                  const request& asked) {
        remote_file now(whole, next->fetch_add(1));
        now.ranges = ranges;
        now.cut(100'000)(peer, asked);
    };
}

TEST_SUITE_BEGIN("integration/change");

TEST_CASE_TEMPLATE("a change between attempts gives the new file, quietly", How, plain, tls) {
    struct {
        std::string name;
        void (*edit)(remote_file&);
    } const cases[] = {
        {"ETag", [](remote_file&) {}},
        {"dates alone",
         [](remote_file& now) {
             now.etag.clear();
             now.last_modified = "Sun, 02 Jun 2024 12:00:00 GMT";
         }},
        {"If-Range not looked at",
         [](remote_file& now) { now.ranges = range_support::unconditional; }},
        {"ranges not looked at", [](remote_file& now) { now.ranges = range_support::none; }},
        {"ranges refused", [](remote_file& now) { now.ranges = range_support::refused; }},
        {"longer", [](remote_file& now) { now = remote_file(whole + 1, 2); }},
        {"shorter than what came", [](remote_file& now) { now = remote_file(1000, 2); }},
        {"as long as what came", [](remote_file& now) { now = remote_file(cut_at, 2); }},
        {"empty", [](remote_file& now) { now = remote_file(0, 2); }},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        retrying<How> on;
        remote_file now(whole, 2);
        one.edit(now);
        on.server.on("/file", in_turn({remote_file(whole, 1).cut(cut_at), now}));
        const download_result result = on.fetch("/file");
        check_stored(on, result, now.bytes());
        CHECK(result.attempts == 2);
        CHECK(result.resumed_from == 0);
    }
}

TEST_CASE_TEMPLATE("a change back to what an earlier run left does not bring its bytes back", How,
                   plain, tls) {
    retrying<How> on;
    const remote_file old(whole, 1);
    const remote_file now(whole, 2);
    leave_part(on, old, cut_at);
    on.server.on("/file", in_turn({now.cut(1000), old}));
    const download_result result = on.fetch("/file");
    check_stored(on, result, old.bytes());
    CHECK(result.attempts == 2);
    CHECK(result.resumed_from == 0);
}

TEST_CASE_TEMPLATE("a file that changes at every attempt is `changed` when the budget is used up",
                   How, plain, tls) {
    retrying<How> on;
    on.server.on("/file", ever_changing(range_support::full));
    const download_result result = on.fetch("/file");
    check_failure(result, errc::changed);
    CHECK(result.attempts == 4);
    CHECK_FALSE(std::filesystem::exists(on.dir / "out/file"));
}

TEST_CASE_TEMPLATE("a file that changes at every request is given up", How, plain, tls) {
    retrying<How> on;
    // The whole is never sent: only a part of what is another file each time.
    on.server.on("/file", [next = std::make_shared<std::atomic<unsigned>>(1)](
                              connection& peer, const request& asked) {
        remote_file now(whole, next->fetch_add(1) % 200 + 1);
        now.ranges = range_support::unconditional;
        if (asked.value("Range")) {
            now(peer, asked);
        } else {
            now.cut(1000)(peer, asked);
        }
    });
    const download_result result = on.fetch("/file");
    check_failure(result, errc::changed);
    CHECK_FALSE(std::filesystem::exists(on.dir / "out/file"));
    CHECK(on.server.requests("/file") <= 20);
}

TEST_CASE_TEMPLATE("the old file survives a download that never gets one whole version", How, plain,
                   tls) {
    retrying<How> on;
    std::filesystem::create_directory(on.dir / "out");
    write_file(on.dir / "out/file", "old");
    on.server.on("/file", ever_changing(range_support::unconditional));
    CHECK_FALSE(on.fetch("/file").success);
    CHECK(on.content() == "old");
}

TEST_CASE_TEMPLATE("what is left after a change belongs to the new file", How, plain, tls) {
    retrying<How> on;
    on.options.retries = 1;
    const remote_file now(whole, 2);
    on.server.on("/file", in_turn({remote_file(whole, 1).cut(cut_at), now.cut(100'000)}));
    check_failure(on.fetch("/file"), errc::changed);
    CHECK(on.names() == unfinished);
    on.server.on("/file", now);
    check_resumed(on, on.fetch("/file"), now, 100'000);
}

TEST_CASE_TEMPLATE("whatever version answers whenever, the file is one of them", How, plain, tls) {
    // Every way in which four responses can be of two versions, three of them cut.
    for (unsigned bits = 0; bits < 16; ++bits) {
        CAPTURE(bits);
        retrying<How> on;
        const auto version = [&](unsigned place) {
            return remote_file(whole, (bits >> place & 1U) + 1);
        };
        on.server.on("/file", in_turn({version(0).cut(80'000), version(1).cut(80'000),
                                       version(2).cut(80'000), version(3)}));
        const download_result result = on.fetch("/file");
        check_stored(on, result, version(3).bytes());
        CHECK(result.attempts == 4);
    }
}

TEST_SUITE_END();

}  // namespace
