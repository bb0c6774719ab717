// Names that are known only from a redirect or a response head: what an earlier run left under them
// is found nonetheless.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

using texts = std::vector<std::string>;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t kept = 200'000;

remote_file named(std::string name, unsigned version = 1) {
    remote_file file(whole, version);
    file.fields.emplace_back("Content-Disposition", "attachment; filename=\"" + name + '"');
    return file;
}

void check_stored_as(const stage& on, const download_result& result, const std::string& name,
                     const remote_file& file) {
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK(result.file_name == name);
    CHECK(on.names() == texts{name});
    const bool same_bytes = on.content(name) == file.bytes();
    CHECK(same_bytes);
}

TEST_SUITE_BEGIN("integration/late_name");

TEST_CASE_TEMPLATE("a name that the response's head gives finds its part file", How, plain, tls) {
    stage_over<How> on;
    const remote_file file = named("theirs.bin");
    on.server.on("/get", file.cut(kept));
    check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
    CHECK(on.names() == texts{"theirs.bin.part", "theirs.bin.part.state"});

    on.server.on("/get", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    check_stored_as(on, result, "theirs.bin", file);
    CHECK(result.resumed_from == kept);
    CHECK(result.attempts == 1);
    const texts ranges = asked_with(on.server, "/get", "Range");
    REQUIRE(ranges.size() == 3);
    CHECK(ranges[1] == "-");
    CHECK(ranges[2].starts_with("bytes=200000-"));
}

TEST_CASE_TEMPLATE("a name that comes from a redirect finds its part file", How, plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    on.server.on("/get", redirect_to("/files/data.bin"));
    on.server.on("/files/data.bin", file.cut(kept));
    check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
    CHECK(on.names() == texts{"data.bin.part", "data.bin.part.state"});

    on.server.on("/files/data.bin", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    check_stored_as(on, result, "data.bin", file);
    CHECK(result.resumed_from == kept);
    CHECK(result.attempts == 1);
    CHECK(asked_with(on.server, "/files/data.bin", "Range").back().starts_with("bytes=200000-"));
}

TEST_CASE_TEMPLATE(
    "a name given beforehand finds its part file behind a redirect that changes each time", How,
    plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    on.server.on(
        "/get",
        in_turn(
            {[](connection& peer, const request&) { peer.send(redirect_to("/signed?key=1")); },
             [](connection& peer, const request&) { peer.send(redirect_to("/signed?key=2")); }}));
    on.server.on("/signed", in_turn({file.cut(kept), file}));
    check_failure(on.fetch("/get"), errc::truncated);
    CHECK(on.names() == unfinished);
    check_resumed(on, on.fetch("/get"), file, kept);
    CHECK(asked_with(on.server, "/signed", "If-Range") == texts{"-", "\"v1\""});
}

TEST_CASE_TEMPLATE("a retry keeps the name that was learned late", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 1;
    on.options.retry_delay = std::chrono::milliseconds(0);
    const remote_file file = named("theirs.bin");
    on.server.on("/get", in_turn({file.cut(kept), file}));
    const download_result result = on.fetch(on.ask("/get", ""));
    check_stored_as(on, result, "theirs.bin", file);
    CHECK(result.bytes_received == whole);
    CHECK(asked_with(on.server, "/get", "Range")[1].starts_with("bytes=200000-"));
}

TEST_CASE_TEMPLATE("a server that gives another name each time gives a whole file", How, plain,
                   tls) {
    stage_over<How> on;
    on.server.on("/get", named("first.bin").cut(kept));
    check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
    const remote_file file = named("second.bin");
    on.server.on("/get", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    CHECK(result.success);
    CHECK(result.file_name == "second.bin");
    CHECK(result.resumed_from == 0);
    const bool same_bytes = on.content("second.bin") == file.bytes();
    CHECK(same_bytes);
}

TEST_CASE_TEMPLATE("what was left under a late name is of no use to another file", How, plain,
                   tls) {
    stage_over<How> on;
    on.server.on("/get", named("theirs.bin").cut(kept));
    check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
    const remote_file now = named("theirs.bin", 2);
    on.server.on("/get", now);
    const download_result result = on.fetch(on.ask("/get", ""));
    check_stored_as(on, result, "theirs.bin", now);
    CHECK(result.resumed_from == 0);
    CHECK(result.attempts == 1);
}

TEST_SUITE_END();

}  // namespace
