// Names that are known only from a redirect or a response head: what an earlier run left under them
// is found nonetheless.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
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
    REQUIRE(ranges.size() == 2);
    CHECK(ranges[1].starts_with("bytes=200000-"));
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

TEST_CASE_TEMPLATE("a file that the server names anew each time is resumed", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/get", named("first.bin").cut(kept));
    check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
    CHECK(on.names() == texts{"first.bin.part", "first.bin.part.state"});
    const remote_file file = named("second.bin");
    on.server.on("/get", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    check_stored_as(on, result, "second.bin", file);
    CHECK(result.resumed_from == kept);
}

TEST_CASE_TEMPLATE("attempts that each get another name come to one file", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 3;
    on.options.retry_delay = std::chrono::milliseconds(0);
    const remote_file file = named("3.bin");
    on.server.on("/get", in_turn({named("0.bin").cut(100'000), named("1.bin").cut(50'000),
                                  named("2.bin").cut(50'000), file}));
    const download_result result = on.fetch(on.ask("/get", ""));
    check_stored_as(on, result, "3.bin", file);
    CHECK(result.attempts == 4);
    CHECK(result.bytes_received == whole);
}

TEST_CASE("what one downloader has left under another name is found by its next download") {
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    CHECK(on.fetch(client, on.ask("/bytes/5", "")).success);  // it has looked through the directory
    on.server.on("/get", named("first.bin").cut(kept));
    check_failure(on.fetch(client, on.ask("/get", "")), errc::truncated);
    const remote_file file = named("second.bin");
    on.server.on("/get", file);
    const download_result result = on.fetch(client, on.ask("/get", ""));
    CHECK(result.success);
    CHECK(result.resumed_from == kept);
    CHECK(on.names() == texts{"5", "second.bin"});
}

TEST_CASE("attempts that get a name again that they had before come to it") {
    stage_over<plain> on;
    on.options.retries = 2;
    on.options.retry_delay = std::chrono::milliseconds(0);
    const remote_file file = named("0.bin");
    on.server.on("/get", in_turn({file.cut(100'000), named("1.bin").cut(50'000), file}));
    const download_result result = on.fetch(on.ask("/get", ""));
    check_stored_as(on, result, "0.bin", file);
    CHECK(result.bytes_received == whole);
}

TEST_CASE("what another run has locked under another name is left to it") {
    stage_over<plain> on;
    const remote_file file(whole);
    on.server.on("/get", file.cut(kept));
    for (const on_exists mode : {on_exists::overwrite, on_exists::rename}) {
        on.options.if_exists = mode;
        on.server.on("/get", named("theirs.bin").cut(kept));
        check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
        const int held = ::open((on.dir / "out" / "theirs.bin.part").c_str(), O_RDONLY | O_CLOEXEC);
        REQUIRE(held >= 0);
        REQUIRE(::flock(held, LOCK_EX | LOCK_NB) == 0);
        on.server.on("/get", file);
        const download_result result = on.fetch(on.ask("/get", ""));
        CHECK(result.success);
        CHECK(result.file_name == "get");
        CHECK(result.resumed_from == 0);
        CHECK(on.names() == texts{"get", "theirs.bin.part", "theirs.bin.part.state"});
        ::close(held);
        std::filesystem::remove_all(on.dir / "out");
    }
}

TEST_CASE("what a download to a given name has left is not taken by one to a derived name") {
    stage_over<plain> on;
    const remote_file file(whole);
    on.server.on("/get", file.cut(kept));
    check_failure(on.fetch(on.ask("/get", "mine.iso")), errc::truncated);
    on.server.on("/get", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    CHECK(result.success);
    CHECK(result.resumed_from == 0);
    CHECK(on.names() == texts{"get", "mine.iso.part", "mine.iso.part.state"});
    const download_result mine = on.fetch(on.ask("/get", "mine.iso"));
    CHECK(mine.resumed_from == kept);
}

TEST_CASE("states that others have planted lead to nothing of theirs") {
    if (::geteuid() != 0)
        return;
    for (const bool with_part : {false, true}) {
        stage_over<plain> on;
        const remote_file file = named("first.bin");
        on.server.on("/get", file.cut(kept));
        check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
        const auto out = on.dir / "out";
        std::filesystem::rename(out / "first.bin.part.state", out / "thesis.part.state");
        REQUIRE(::chown((out / "thesis.part.state").c_str(), 4711, 4711) == 0);
        std::filesystem::remove(out / "first.bin.part");
        std::ofstream(out / "thesis.part") << "a year's work";
        if (with_part)
            REQUIRE(::chown((out / "thesis.part").c_str(), 4711, 4711) == 0);
        on.server.on("/get", file);
        const download_result result = on.fetch(on.ask("/get", ""));
        CHECK(result.success);
        CHECK(on.content("thesis.part") == "a year's work");
        CHECK(on.names() == texts{"first.bin", "thesis.part", "thesis.part.state"});
    }
}

TEST_CASE("what is left under another name is kept for the URL that it came from") {
    stage_over<plain> on;
    on.server.on("/a", named("0.bin").cut(kept));
    check_failure(on.fetch(on.ask("/a", "")), errc::truncated);
    const remote_file other = named("1.bin", 2);
    on.server.on("/b", other);
    const download_result result = on.fetch(on.ask("/b", ""));
    CHECK(result.success);
    CHECK(result.resumed_from == 0);
    CHECK(on.names() == texts{"0.bin.part", "0.bin.part.state", "1.bin"});
    const bool same_bytes = on.content("1.bin") == other.bytes();
    CHECK(same_bytes);
}

TEST_CASE("a file of the name that the server gives late is treated as the caller asked") {
    for (const on_exists mode : {on_exists::skip, on_exists::fail, on_exists::rename}) {
        stage_over<plain> on;
        on.server.on("/get", named("first.bin").cut(kept));
        check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
        std::ofstream(on.dir / "out" / "second.bin") << "old";
        const remote_file file = named("second.bin");
        on.server.on("/get", file);
        on.options.if_exists = mode;
        const download_result result = on.fetch(on.ask("/get", ""));
        CHECK(on.content("second.bin") == "old");
        if (mode == on_exists::skip) {
            CHECK(result.success);
            CHECK(result.skipped);
            CHECK(result.file_size == 3);
            CHECK(on.names() == texts{"second.bin"});
        } else if (mode == on_exists::fail) {
            check_failure(result, errc::exists);
            CHECK(on.names() == texts{"second.bin"});
        } else {
            CHECK(result.success);
            CHECK(result.file_name == "second.1.bin");
            CHECK(result.resumed_from == kept);
            CHECK(on.names() == texts{"second.1.bin", "second.bin"});
            const bool same_bytes = on.content("second.1.bin") == file.bytes();
            CHECK(same_bytes);
        }
    }
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
