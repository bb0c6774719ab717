// The same download again where a server or the caller makes it hard to say whether the file that
// is there is the one that would come.

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/again.hpp"
#include "support/digest.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

constexpr std::uint64_t whole = 300'000;

remote_file dated(unsigned version = 1) {
    remote_file file(whole, version);
    file.etag.clear();
    return file;
}

download_request checked(download_request request, const std::string& bytes) {
    request.checksum = "sha-256=" + hex_digest("SHA256", bytes);
    return request;
}

download_request with(download_request request, header field) {
    request.headers.push_back(std::move(field));
    return request;
}

TEST_SUITE_BEGIN("integration/same_again_trap");

TEST_CASE_TEMPLATE("a file that the server names is kept only if it agrees with its checksum", How,
                   plain, tls) {
    const remote_file file = named("data.bin");
    for (const bool redirected : {false, true}) {
        CAPTURE(redirected);
        again<How> on;
        if (redirected) {
            on.server.on("/get", redirect_to("/files/data.bin"));
        }
        on.server.on(redirected ? "/files/data.bin" : "/get", file);
        check_fetched(on, on.fetch(on.ask("/get", "")), file, "data.bin");
        const std::string other(whole, 'x');
        const auto wrong = on.fetch(checked(on.ask("/get", ""), other));
        CHECK(wrong.error == errc::checksum);
        CHECK(on.content("data.bin") == file.bytes());
        write_file(on.local("data.bin"), other);
        const auto result = on.fetch(checked(on.ask("/get", ""), file.bytes()));
        check_fetched(on, result, file, "data.bin");
        CHECK(!result.checksum.empty());
        const auto kept = on.fetch(checked(on.ask("/get", ""), file.bytes()));
        CHECK(kept.success);
        CHECK(kept.skipped);
        CHECK(!kept.checksum.empty());
        CHECK(on.content("data.bin") == file.bytes());
    }
}

TEST_CASE_TEMPLATE("a checksum that disagrees behind a redirect to the same name is no loop", How,
                   plain, tls) {
    again<How> on;
    const remote_file file(whole);
    on.server.on("/get/data.bin", redirect_to("/files/data.bin"));
    on.server.on("/files/data.bin", file);
    check_fetched(on, on.fetch(on.ask("/get/data.bin", "")), file, "data.bin");
    const auto result = on.fetch(checked(on.ask("/get/data.bin", ""), "another"));
    CHECK(result.error == errc::checksum);
    CHECK(on.conditions("/files/data.bin") == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("the same URL twice behind a redirect comes as two files, and is kept as two",
                   How, plain, tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    on.options.max_concurrent = 1;
    const remote_file file(whole);
    on.server.on("/get", redirect_to("/files/data.bin"));
    on.server.on("/files/data.bin", file);
    for (const bool again : {false, true}) {
        CAPTURE(again);
        const batch_result all = on.fetch_all({on.ask("/get", ""), on.ask("/get", "")});
        for (const download_result& result : all.results) {
            CAPTURE(result.message);
            CHECK(result.success);
            CHECK(result.skipped == again);
        }
        CHECK(on.names() == texts{"data.1.bin", "data.bin"});
        CHECK(on.content("data.1.bin") == file.bytes());
        CHECK(on.content("data.bin") == file.bytes());
    }
}

TEST_CASE_TEMPLATE("a 304 with another validator behind a redirect is asked again once", How, plain,
                   tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file file(whole);
    on.server.on("/get", redirect_to("/files/data.bin"));
    on.server.on("/files/data.bin", file);
    check_fetched(on, on.fetch(on.ask("/get", "")), file, "data.bin");
    const remote_file now(whole, 2);
    on.server.on("/files/data.bin", in_turn({status(304, {{"ETag", "\"v2\""}}), now}));
    check_fetched(on, on.fetch(on.ask("/get", "")), now, "data.bin");
    CHECK(on.conditions("/files/data.bin") == texts{"-", by_etag, "-"});
}

TEST_CASE_TEMPLATE("a URL that may be asked once is asked once", How, plain, tls) {
    again<How> on;
    const remote_file file(whole);
    const auto number = std::make_shared<std::atomic<int>>(0);
    on.server.on("/file", [number](connection& peer, const request&) {
        peer.send(redirect_to("/once/" + std::to_string(++*number) + "/file"));
    });
    for (const std::string path : {"/once/1/file", "/once/2/file"}) {
        on.server.on(path, in_turn({file, status(403)}));
        check_fetched(on, on.fetch("/file"), file);
        CHECK(on.conditions(path) == texts{"-"});
    }
}

TEST_CASE_TEMPLATE("a date says nothing of bytes that a field, a user or a query chose", How, plain,
                   tls) {
    const header french("Accept-Language", "fr");
    for (const int first : {0, 1}) {
        again<How> on;
        on.server.on("/file", dated());
        const download_request plainly = on.ask("/file");
        const download_request chosen = with(on.ask("/file"), french);
        check_fetched(on, on.fetch(first == 0 ? plainly : chosen), dated());
        on.server.on("/file", dated(2));
        check_fetched(on, on.fetch(first == 0 ? chosen : plainly), dated(2));
        CHECK(on.conditions() == texts{"-", "-"});
    }
    again<How> on;
    on.server.on("/file", redirect_to("/get?id=1"));
    on.server.on("/get", dated());
    check_fetched(on, on.fetch("/file"), dated());
    on.server.on("/file", redirect_to("/get?id=2"));
    on.server.on("/get", dated(2));
    check_fetched(on, on.fetch("/file"), dated(2));
}

TEST_CASE_TEMPLATE("a date of 1970 is none", How, plain, tls) {
    remote_file file = dated();
    file.last_modified = "Thu, 01 Jan 1970 00:00:01 GMT";
    again<How> on;
    check_fetched(on, on.get(file), file);
    file.version = 2;
    check_fetched(on, on.get(file), file);
    CHECK(on.conditions() == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("a condition that the caller leaves out is not sent", How, plain, tls) {
    again<How> on;
    const remote_file file(whole);
    check_fetched(on, on.get(file), file);
    header none("If-None-Match", "");
    none.remove = true;
    check_fetched(on, on.fetch(with(on.ask("/file"), none)), file);
    CHECK(on.conditions() == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("a file that is kept has no part file beside it", How, plain, tls) {
    for (const bool resumes : {true, false}) {
        for (const bool damaged : {true, false}) {
            CAPTURE(resumes);
            CAPTURE(damaged);
            again<How> on;
            if (!on.can_keep()) {
                return;
            }
            const remote_file file(whole);
            check_fetched(on, on.get(file), file);
            on.get(remote_file(whole, 2).cut(100'000));
            REQUIRE(on.names() == texts{"file", "file.part", "file.part.state"});
            if (damaged) {
                std::filesystem::resize_file(on.local("file.part"), 0);
            }
            on.options.resume = resumes;
            const download_result result = on.get(file);
            CHECK(result.success);
            CHECK(on.names() == texts{"file"});
            CHECK(on.content() == file.bytes());
        }
    }
}

TEST_CASE_TEMPLATE("a 304 to a range starts over", How, plain, tls) {
    again<How> on;
    on.get(remote_file(whole).cut(100'000));
    REQUIRE(on.names().size() == 2);
    const remote_file file(whole);
    on.server.on("/file", in_turn({status(304), file}));
    check_fetched(on, on.fetch("/file"), file);
}

TEST_CASE_TEMPLATE("a name that comes late is no reason to believe a date beside an ETag", How,
                   plain, tls) {
    for (const char* etag : {"", "W/\"v1\""}) {
        CAPTURE(etag);
        again<How> on;
        on.server.on("/get", named("data.bin"));
        check_fetched(on, on.fetch(on.ask("/get", "")), remote_file(whole), "data.bin");
        remote_file other(whole, 2);
        other.etag = etag;
        on.server.on("/get", named("data.bin", other));
        check_fetched(on, on.fetch(on.ask("/get", "")), other, "data.bin");
    }
}

TEST_CASE_TEMPLATE("a file that is gone when the response is there is fetched", How, plain, tls) {
    again<How> on;
    const remote_file file = named("data.bin", dated());
    on.server.on("/get", file);
    check_fetched(on, on.fetch(on.ask("/get", "")), file, "data.bin");
    on.options.if_exists = on_exists::timestamp;
    const auto local = on.local("data.bin");
    on.server.on("/data.bin", [&](connection& peer, const request& asked) {
        std::filesystem::remove(local);
        dated()(peer, asked);
    });
    download_request request = on.ask("/data.bin", "data.bin");
    request.headers.emplace_back("X-Any", "1");
    check_fetched(on, on.fetch(request), dated(), "data.bin");
}

TEST_CASE_TEMPLATE("a part file that is not ours stays beside a file that is kept", How, plain,
                   tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file file(whole);
    on.server.on("/bad", status(404));
    on.server.on("/file", file);
    download_request request = on.ask("/bad");
    request.urls.push_back(on.ask("/file").urls.front());
    REQUIRE(on.fetch(request).success);
    write_file(on.local("file.part"), "somebody else's");
    const download_result result = on.fetch(request);
    CHECK(result.success);
    CHECK(result.skipped);
    CHECK(read_file(on.local("file.part")) == "somebody else's");
}

TEST_SUITE_END();

}  // namespace
