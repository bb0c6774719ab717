// What the caller has a say in: conditions of its own, checksums, and the modes that keep more or
// less of what is there.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "support/again.hpp"
#include "support/digest.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

constexpr std::uint64_t whole = 300'000;
const std::string day = remote_file(whole).last_modified;

std::string sha_256(const std::string& bytes) {
    return "sha-256=" + hex_digest("SHA256", bytes);
}

download_request with_header(const stage& on, header field) {
    download_request request = on.ask("/file");
    request.headers.push_back(std::move(field));
    return request;
}

/// Kept without a request.
void check_kept_unasked(const stage& on, const download_result& result, const remote_file& file) {
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK(result.skipped);
    CHECK(result.attempts == 0);
    CHECK(result.status == 0);
    CHECK(result.checksum == sha_256(file.bytes()));
    CHECK(result.file_size == file.size);
    CHECK(result.bytes_received == 0);
    CHECK(on.names() == texts{"file"});
    const bool same_bytes = on.content() == file.bytes();
    CHECK(same_bytes);
}

/// A file at `NAME` that this program has not made.
void put(const stage& on, const std::string& bytes) {
    std::filesystem::create_directories(on.dir / "out");
    write_file(on.dir / "out/file", bytes);
}

TEST_SUITE_BEGIN("integration/same_again_option");

TEST_CASE_TEMPLATE("a 304 to a condition of the caller's own is a success without a file", How,
                   plain, tls) {
    for (const header& own :
         {header("If-None-Match", "\"v1\""), header("If-Modified-Since", day)}) {
        CAPTURE(own.name);
        again<How> on;
        const remote_file file(whole);
        on.server.on("/file", file);
        const download_result nothing = on.fetch(with_header(on, own));
        CHECK(nothing.success);
        CHECK(nothing.skipped);
        CHECK(nothing.status == 304);
        CHECK(nothing.file_path.empty());
        CHECK(nothing.file_size == 0);
        CHECK(on.names().empty());

        put(on, "the caller's");
        const download_result kept = on.fetch(with_header(on, own));
        CHECK(kept.success);
        CHECK(kept.skipped);
        CHECK(kept.file_path == on.local().string());
        CHECK(on.content() == "the caller's");
    }
}

TEST_CASE_TEMPLATE("a condition of the caller's own is the only one", How, plain, tls) {
    const std::pair<header, std::string> cases[] = {
        {{"If-None-Match", "\"v0\""}, "If-None-Match: \"v0\""},
        {{"if-none-match", "\"v0\""}, "If-None-Match: \"v0\""},
        {{"If-Modified-Since", "Fri, 31 May 2024 12:00:00 GMT"},
         "If-Modified-Since: Fri, 31 May 2024 12:00:00 GMT"},
    };
    for (const auto& [own, condition] : cases) {
        CAPTURE(own.name);
        const remote_file file(whole);
        again<How> by_request;
        check_fetched(by_request, by_request.get(file), file);
        check_fetched(by_request, by_request.fetch(with_header(by_request, own)), file);
        CHECK(by_request.conditions() == texts{"-", condition});

        again<How> by_options;
        check_fetched(by_options, by_options.get(file), file);
        by_options.options.headers.push_back(own);
        check_fetched(by_options, by_options.get(file), file);
        CHECK(by_options.conditions() == texts{"-", condition});
    }
}

TEST_CASE_TEMPLATE("a file that agrees with its checksum is kept and nothing is asked", How, plain,
                   tls) {
    const remote_file file(whole);
    for (const on_exists mode : {on_exists::update, on_exists::timestamp}) {
        again<How> on;
        on.options.if_exists = mode;
        on.server.on("/file", remote_file(whole, 2));
        put(on, file.bytes());
        download_request request = on.ask("/file");
        request.checksum = sha_256(file.bytes());
        check_kept_unasked(on, on.fetch(request), file);

        on.options.checksums = {{"file", sha_256(file.bytes())}};
        check_kept_unasked(on, on.fetch("/file"), file);
        CHECK(on.server.requests().empty());
    }
}

TEST_CASE_TEMPLATE("a small file that agrees with its checksum is kept as well", How, plain, tls) {
    const remote_file file(10);
    again<How> on;
    put(on, file.bytes());
    download_request request = on.ask("/file");
    request.checksum = sha_256(file.bytes());
    check_kept_unasked(on, on.fetch(request), file);
}

TEST_CASE_TEMPLATE("a file with another checksum is fetched anew, whatever the server's ETag is",
                   How, plain, tls) {
    const remote_file old(whole, 1);
    remote_file now(whole, 2);
    now.etag = old.etag;  // it has changed bytes but not their validators
    again<How> on;
    check_fetched(on, on.get(old), old);
    on.server.on("/file", now);
    download_request request = on.ask("/file");
    request.checksum = sha_256(now.bytes());
    const download_result result = on.fetch(request);
    check_fetched(on, result, now);
    CHECK(result.checksum == request.checksum);
    CHECK(on.conditions() == texts{"-", "-"});

    request.checksum = sha_256("something else");
    check_failure(on.fetch(request), errc::checksum);
    const bool stays = on.content() == now.bytes();
    CHECK(stays);
}

TEST_CASE_TEMPLATE("a file that the server names is kept or not as its checksum says", How, plain,
                   tls) {
    const remote_file old(whole, 1);
    remote_file now(whole, 2);
    now.etag = old.etag;
    for (const bool redirects : {true, false}) {
        CAPTURE(redirects);
        again<How> on;
        const auto serve = [&](remote_file file) {
            file.fields.emplace_back("Content-Disposition", "attachment; filename=file");
            on.server.on(redirects ? "/a/file" : "/get", file);
        };
        on.server.on("/get", redirect_to("/a/file"));
        download_request request = on.ask("/get", "");
        serve(old);
        check_fetched(on, on.fetch(request), old);
        request.checksum = sha_256(now.bytes());
        serve(now);
        check_fetched(on, on.fetch(request), now);

        const download_result kept = on.fetch(request);
        CHECK(kept.success);
        CHECK(kept.skipped);
        CHECK(kept.checksum == request.checksum);
        const bool same_bytes = on.content() == now.bytes();
        CHECK(same_bytes);
    }
}

TEST_CASE_TEMPLATE("a symlink to a file that agrees with the checksum is replaced", How, plain,
                   tls) {
    const remote_file file(whole);
    again<How> on;
    write_file(on.dir / "elsewhere", file.bytes());
    std::filesystem::create_directories(on.dir / "out");
    std::filesystem::create_symlink(on.dir / "elsewhere", on.local());
    on.server.on("/file", file);
    download_request request = on.ask("/file");
    request.checksum = sha_256(file.bytes());
    check_fetched(on, on.fetch(request), file);
    CHECK_FALSE(std::filesystem::is_symlink(on.local()));
}

TEST_CASE_TEMPLATE("by timestamp a file of the response's time and length is kept", How, plain,
                   tls) {
    const remote_file file(whole);
    again<How> on;
    check_fetched(on, on.get(file), file);
    if (attribute_of(on.local())) {
        remove_attribute(on.local());
    }
    on.options.if_exists = on_exists::timestamp;
    const auto inode = inode_of(on.local());
    const download_result result = on.get(file.cut(1000, ending::stall));
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK(result.skipped);
    CHECK(result.file_size == whole);
    CHECK(inode_of(on.local()) == inode);
    const bool same_bytes = on.content() == file.bytes();
    CHECK(same_bytes);
}

TEST_CASE_TEMPLATE("by timestamp a file of another time or length is fetched anew", How, plain,
                   tls) {
    remote_file longer(whole + 1, 2);
    remote_file later(whole, 2);
    later.last_modified = "Sat, 01 Jun 2024 12:00:01 GMT";
    remote_file unknown(whole, 2);
    unknown.chunked = true;
    remote_file timeless(whole, 2);
    timeless.last_modified.clear();
    for (const remote_file& now : {longer, later, unknown, timeless}) {
        CAPTURE(now.size);
        CAPTURE(now.last_modified);
        again<How> on;
        on.options.if_exists = on_exists::timestamp;
        check_fetched(on, on.get(remote_file(whole)), remote_file(whole));
        if (attribute_of(on.local())) {
            remove_attribute(on.local());
        }
        check_fetched(on, on.get(now), now);
    }
}

TEST_CASE_TEMPLATE("time and length are enough by timestamp alone", How, plain, tls) {
    again<How> on;
    check_fetched(on, on.get(remote_file(whole)), remote_file(whole));
    if (attribute_of(on.local())) {
        remove_attribute(on.local());
    }
    const remote_file now(whole, 2);  // deployed in the same second
    check_fetched(on, on.get(now), now);
}

TEST_CASE_TEMPLATE("by timestamp a file that has its record is asked for by its ETag", How, plain,
                   tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    on.options.if_exists = on_exists::timestamp;
    const remote_file file(whole);
    check_fetched(on, on.get(file), file);
    check_kept(on, on.get(file), file);
    CHECK(on.conditions() == texts{"-", by_etag});
}

TEST_CASE_TEMPLATE("a file is kept whether or not it has the server's time", How, plain, tls) {
    for (const bool remote_time : {true, false}) {
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        on.options.remote_time = remote_time;
        const remote_file file(whole);
        check_fetched(on, on.get(file), file);
        check_kept(on, on.get(file), file);
    }
}

TEST_CASE_TEMPLATE("other modes ask without a condition", How, plain, tls) {
    const remote_file file(whole);
    again<How> on;
    check_fetched(on, on.get(file), file);
    on.options.if_exists = on_exists::overwrite;
    check_fetched(on, on.get(file), file);
    on.options.if_exists = on_exists::rename;
    const download_result renamed = on.get(file);
    CHECK(renamed.success);
    CHECK(renamed.file_name == "file.1");
    CHECK(on.conditions() == texts{"-", "-", "-"});
}

TEST_SUITE_END();

}  // namespace
