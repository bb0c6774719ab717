// The same download again: a file that the server says is unchanged is kept, and every other answer
// gives the server's file. Which files are looked at at all: own_file_test.cpp.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/again.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

constexpr std::uint64_t whole = 150'000;
const std::string by_date = "If-Modified-Since: Sat, 01 Jun 2024 12:00:00 GMT";
const std::string another_day = "Sun, 02 Jun 2024 12:00:00 GMT";

remote_file with(const std::string& etag, const std::string& last_modified, unsigned version = 1) {
    remote_file file(whole, version);
    file.etag = etag;
    file.last_modified = last_modified;
    return file;
}

const std::string day = remote_file(whole).last_modified;

TEST_SUITE_BEGIN("integration/same_again");

TEST_CASE_TEMPLATE("a file that the server says is unchanged is kept", How, plain, tls) {
    const std::pair<remote_file, std::string> cases[] = {
        {with("\"v1\"", day), by_etag},
        {with("\"v1\"", ""), by_etag},
        {with("", day), by_date},
        {with("W/\"v1\"", day), by_date},
    };
    for (const auto& [file, condition] : cases) {
        for (const file_io calls : {file_io::offload, file_io::in_place}) {
            CAPTURE(file.etag);
            again<How> on;
            on.options.file_calls = calls;
            if (!on.can_keep()) {
                return;
            }
            check_fetched(on, on.get(file), file);
            const auto inode = inode_of(on.local());
            check_kept(on, on.get(file), file);
            check_kept(on, on.get(file), file);
            CHECK(inode_of(on.local()) == inode);
            CHECK(on.conditions() == texts{"-", condition, condition});
        }
    }
}

TEST_CASE_TEMPLATE(
    "a 304 has no body, whatever length it tells, and need not repeat the validators", How, plain,
    tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file file(whole);
    check_fetched(on, on.get(file), file);
    response bare;
    bare.status = 304;
    response with_length = bare;
    with_length.fields.emplace_back("Content-Length", std::to_string(whole));
    response with_none = bare;
    with_none.fields.emplace_back("Content-Length", "0");
    downloader client(on.io.get_executor(), on.options);
    const std::size_t accepted = on.server.accepted();
    for (const response& answer : {bare, with_length, with_none, bare}) {
        on.server.on("/file", answer);
        check_kept(on, on.fetch(client, on.ask("/file")), file);
    }
    CHECK(on.server.accepted() == accepted + 1);
}

TEST_CASE_TEMPLATE("a file that is another one now is fetched anew, and kept after that", How,
                   plain, tls) {
    const std::pair<remote_file, remote_file> cases[] = {
        {with("\"v1\"", day), with("\"v2\"", day, 2)},
        {with("\"v1\"", day), with("\"v2\"", another_day, 2)},
        {with("\"v1\"", ""), with("\"v2\"", "", 2)},
        {with("", day), with("", another_day, 2)},
        {with("W/\"v1\"", day), with("W/\"v2\"", another_day, 2)},
        {with("\"v1\"", day), with("", another_day, 2)},
        {with("", day), with("\"v2\"", another_day, 2)},
    };
    for (const auto& [old, now] : cases) {
        CAPTURE(old.etag);
        CAPTURE(now.etag);
        again<How> on;
        check_fetched(on, on.get(old), old);
        check_fetched(on, on.get(now), now);
        if (on.can_keep()) {
            check_kept(on, on.get(now), now);
        }
    }
}

TEST_CASE_TEMPLATE("a server that does not look at conditions gives its file", How, plain, tls) {
    again<How> on;
    check_fetched(on, on.get(remote_file(whole)), remote_file(whole));
    for (unsigned version = 2; version < 5; ++version) {
        remote_file file(whole, version);
        file.conditions = condition_support::none;
        check_fetched(on, on.get(file), file);
    }
}

TEST_CASE_TEMPLATE("a file that nothing validates has no record and is fetched anew", How, plain,
                   tls) {
    remote_file young = with("", day);
    young.date = "Sat, 01 Jun 2024 12:00:59 GMT";
    remote_file young_and_weak = young;
    young_and_weak.etag = "W/\"v1\"";
    for (remote_file file : {with("W/\"v1\"", ""), with("", ""), young, young_and_weak}) {
        CAPTURE(file.etag);
        again<How> on;
        check_fetched(on, on.get(file), file);
        CHECK_FALSE(attribute_of(on.local()).has_value());
        file.version = 2;  // another file deployed in the same second
        check_fetched(on, on.get(file), file);
        CHECK(on.conditions() == texts{"-", "-"});
    }
}

TEST_CASE_TEMPLATE("a date that is 60 s older than its response is asked by", How, plain, tls) {
    again<How> on;
    remote_file file = with("", day);
    file.date = "Sat, 01 Jun 2024 12:01:00 GMT";
    if (!on.can_keep()) {
        return;
    }
    check_fetched(on, on.get(file), file);
    check_kept(on, on.get(file), file);
    CHECK(on.conditions() == texts{"-", by_date});
}

TEST_CASE_TEMPLATE("a file below 16 KiB has no record and is fetched anew", How, plain, tls) {
    for (const std::uint64_t size : {smallest_recorded - 1, smallest_recorded}) {
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        const remote_file file(size);
        check_fetched(on, on.get(file), file);
        const bool small = size < smallest_recorded;
        CHECK(attribute_of(on.local()).has_value() != small);
        const download_result result = on.get(file);
        if (small) {
            check_fetched(on, result, file);
        } else {
            check_kept(on, result, file);
        }
    }
}

TEST_CASE_TEMPLATE("a 304 with another validator is not believed, but asked again without one", How,
                   plain, tls) {
    const std::pair<remote_file, remote_file> cases[] = {
        {with("\"v1\"", day), with("\"v2\"", day, 2)},
        {with("\"v1\"", day), with("W/\"v2\"", day, 2)},
        {with("\"v1\"", day), with("", another_day, 2)},
        {with("", day), with("", another_day, 2)},
        {with("W/\"v1\"", day), with("W/\"v2\"", day, 2)},
    };
    for (auto [old, now] : cases) {
        CAPTURE(old.etag);
        CAPTURE(now.etag);
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        check_fetched(on, on.get(old), old);
        now.conditions = condition_support::always;
        check_fetched(on, on.get(now), now);
        const texts asked = on.conditions();
        REQUIRE(asked.size() == 3);
        CHECK(asked[1] != "-");
        CHECK(asked[2] == "-");
    }
}

TEST_CASE_TEMPLATE("a 304 that nobody asked for is a failure", How, plain, tls) {
    again<How> on;
    remote_file file(whole);
    file.conditions = condition_support::unasked;
    const download_result first = on.get(file);
    check_failed(on, first, errc::http_status);
    CHECK(first.status == 304);

    std::filesystem::create_directories(on.dir / "out");
    write_file(on.local(), "old");
    check_failure(on.get(file), errc::http_status);
    CHECK(on.content() == "old");
    CHECK(on.conditions() == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("a server that answers 304 to everything keeps no other file than its own", How,
                   plain, tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    remote_file file(whole);
    check_fetched(on, on.get(file), file);
    file.conditions = condition_support::unasked;
    check_kept(on, on.get(file), file);

    remote_file now(whole, 2);
    now.conditions = condition_support::unasked;
    check_failure(on.get(now), errc::http_status);  // the second question has no condition
    CHECK(on.conditions() == texts{"-", by_etag, by_etag, "-"});

    move_time(on.local(), 1);
    check_failure(on.get(file), errc::http_status);
    CHECK(on.conditions().size() == 5);
    CHECK(on.conditions().back() == "-");
    const bool stays = on.content() == file.bytes();
    CHECK(stays);
}

TEST_CASE_TEMPLATE("a file that changes here while the server answers is fetched anew", How, plain,
                   tls) {
    struct {
        std::string name;
        void (*change)(const std::filesystem::path&);
    } const cases[] = {
        {"written to", [](const std::filesystem::path& path) { write_file(path, "changed"); }},
        {"touched", [](const std::filesystem::path& path) { move_time(path, 1); }},
        {"replaced", [](const std::filesystem::path& path) { replace_by_copy(path, path); }},
        {"removed", [](const std::filesystem::path& path) { std::filesystem::remove(path); }},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        const remote_file file(whole);
        check_fetched(on, on.get(file), file);
        const handler changing = [&](connection& peer, const request& asked) {
            one.change(on.local());
            file(peer, asked);
        };
        on.server.on("/file", in_turn({changing, file}));
        check_fetched(on, on.fetch("/file"), file);
        CHECK(on.conditions() == texts{"-", by_etag, "-"});
    }
}

TEST_CASE_TEMPLATE("what a cut run has left of the next version is resumed, not the old one kept",
                   How, plain, tls) {
    again<How> on;
    const remote_file old(whole, 1);
    const remote_file now(whole, 2);
    check_fetched(on, on.get(old), old);
    check_failure(on.get(now.cut(100'000)), errc::truncated);
    const bool stays = on.content() == old.bytes();
    CHECK(stays);
    CHECK(on.names() == texts{"file", "file.part", "file.part.state"});
    check_resumed(on, on.get(now), now, 100'000);
    CHECK(on.conditions().back() == "-");
    CHECK(asked_with(on.server, "/file", "If-Range").back() == "\"v2\"");
    if (on.can_keep()) {
        check_kept(on, on.get(now), now);
    }
}

TEST_CASE_TEMPLATE("two URLs with one ETag are two files", How, plain, tls) {
    again<How> on;
    const remote_file one = with("\"v1\"", day, 1);
    const remote_file other = with("\"v1\"", day, 2);
    check_fetched(on, on.get(one), one);
    on.server.on("/other", other);
    check_fetched(on, on.fetch("/other"), other);
    CHECK(on.conditions("/other") == texts{"-"});
    on.server.on("/file", one);
    check_fetched(on, on.fetch("/file?version=1"), one);
    on.server.on("/file", other);
    check_fetched(on, on.fetch("/file?version=2"), other);
    CHECK(on.conditions() == texts{"-", "-", "-"});
}

TEST_CASE_TEMPLATE("a mirror is not asked whether it has another's file", How, plain, tls) {
    again<How> on;
    const remote_file one = with("\"v1\"", day, 1);
    const remote_file other = with("\"v1\"", day, 2);
    check_fetched(on, on.get(one), one);
    on.server.on("/file", status(404));
    on.server.on("/mirror", other);
    download_request both = on.ask("/file");
    both.urls.push_back(on.server.url("/mirror"));
    const download_result result = on.fetch(both);
    check_stored(on, result, other.bytes());
    CHECK_FALSE(result.skipped);
    CHECK(on.conditions("/mirror") == texts{"-"});
}

TEST_CASE("1,000 complete files cost 1,000 conditional requests and no body") {
    constexpr std::size_t count = 1000;
    constexpr std::size_t at_once = 8;
    again<plain> on;
    if (!on.can_keep()) {
        return;
    }
    const auto bodies = std::make_shared<std::atomic<std::size_t>>(0);
    on.server.on("/n/*", [=](connection& peer, const request& asked) {
        remote_file file(64 * 1024);
        file.etag = '"' + asked.path() + '"';
        *bodies += file.status_for(asked) == 200 ? 1 : 0;
        file(peer, asked);
    });
    on.options.max_concurrent = at_once;
    std::vector<download_request> requests;
    for (std::size_t i = 0; i < count; ++i) {
        requests.push_back(on.ask("/n/" + std::to_string(i), std::to_string(i)));
    }
    CHECK(on.fetch_all(requests).summary.succeeded == count);
    CHECK(*bodies == count);
    const std::size_t accepted = on.server.accepted();

    const batch_result second = on.fetch_all(requests);
    CHECK(second.summary.succeeded == count);
    CHECK(second.summary.skipped == count);
    CHECK(second.summary.bytes == 0);
    CHECK(*bodies == count);
    CHECK(on.server.requests().size() == 2 * count);
    CHECK(on.server.accepted() - accepted <= at_once);
    std::size_t conditional = 0;
    for (const request& one : on.server.requests()) {
        conditional += one.value("If-None-Match") == '"' + one.path() + '"' ? 1 : 0;
    }
    CHECK(conditional == count);
    CHECK(on.names().size() == count);
}

TEST_SUITE_END();

}  // namespace
