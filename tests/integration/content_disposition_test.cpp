// Names that servers give: read as RFC 6266 and browsers do, made safe, and never in the way of a
// name that was given.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

using texts = std::vector<std::string>;

handler named(std::string disposition, std::string body = "hello") {
    return [=](connection& peer, const request&) {
        response answer;
        answer.fields.emplace_back("Content-Disposition", disposition);
        answer.body = body;
        peer.send(answer);
    };
}

TEST_SUITE_BEGIN("integration/content_disposition");

TEST_CASE_TEMPLATE("a file gets the name that the server gives", How, plain, tls) {
    const struct {
        std::string disposition;
        std::string name;
    } cases[] = {
        {"attachment; filename=\"report.pdf\"", "report.pdf"},
        {"attachment; filename=report.pdf", "report.pdf"},
        {"inline; filename=\"report.pdf\"", "report.pdf"},
        {"filename=\"report.pdf\"", "report.pdf"},
        {"ATTACHMENT; FILENAME=report.pdf", "report.pdf"},
        {"attachment;filename = \"a b.pdf\"", "a b.pdf"},
        {"attachment; filename=a b.pdf", "a b.pdf"},
        {"attachment; filename=\"a \\\"b\\\".pdf\"; size=5", "a \"b\".pdf"},
        {"attachment; filename=\"a;b.pdf\"", "a;b.pdf"},
        {"attachment; filename=\"x.pdf\"; filename*=UTF-8''%e2%82%ac.pdf", "\u20ac.pdf"},
        {"attachment; filename*=UTF-8''%e2%82%ac.pdf; filename=\"x.pdf\"", "\u20ac.pdf"},
        {"attachment; filename*=iso-8859-1'en'%A3.pdf", "\u00a3.pdf"},
        {"attachment; filename*=UTF-8''%ff.pdf; filename=x.pdf", "x.pdf"},
        {"attachment; filename*=KOI8-R''%d0.pdf; filename=x.pdf", "x.pdf"},
        {"attachment; filename=\"%e2%82%ac.pdf\"", "\u20ac.pdf"},
        {"attachment; filename=\"\u20ac.pdf\"", "\u20ac.pdf"},
        {"attachment; filename=a.pdf; filename=b.pdf", "a.pdf"},
        {"attachment", "asked.bin"},
        {"attachment; filename=\"\"", "asked.bin"},
        {"attachment; filename=", "asked.bin"},
        {"attachment; name=\"x.pdf\"", "asked.bin"},
        {"", "asked.bin"},
        {";;;", "asked.bin"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.disposition);
        stage_over<How> on;
        on.server.on("/asked.bin", named(one.disposition));
        const download_result result = on.fetch(on.ask("/asked.bin", ""));
        CHECK(result.success);
        CHECK(result.file_name == one.name);
        CHECK(on.names() == texts{one.name});
        CHECK(on.content(one.name) == "hello");
    }
}

TEST_CASE_TEMPLATE("no name that a server gives leaves the directory", How, plain, tls) {
    const char* const names[] = {
        "../up",
        "../../../../tmp/up",
        "/etc/up",
        "..\\\\..\\\\up",
        "C:\\\\up",
        "folder/up",
        "folder\\\\up",
        "..%2fup",
        "%2e%2e%2fup",
        "..",
        ".",
        "/",
        "../",
        "...",
        "up%00.txt",
        "up%0d%0a.txt",
        "~/up",
        "\\\\\\\\host\\\\up",
    };
    for (const char* name : names) {
        for (const std::string& form :
             {std::string("filename=\"") + name + '"', std::string("filename*=UTF-8''") + name}) {
            CAPTURE(form);
            stage_over<How> on;
            on.server.on("/asked.bin", named("attachment; " + form));
            const download_result result = on.fetch(on.ask("/asked.bin", ""));
            CHECK(result.success);
            REQUIRE(on.dir.names().size() == 2);  // the directory and one file in it
            const std::string stored = on.names().at(0);
            CHECK(stored == result.file_name);
            CHECK(stored.find_first_of(std::string("/\\\r\n\0", 5)) == std::string::npos);
            CHECK(on.content(stored) == "hello");
        }
    }
}

TEST_CASE_TEMPLATE("a name that is too long is cut and keeps its extension", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/", named("attachment; filename=\"" + std::string(500, 'x') + ".tar\""));
    const download_result result = on.fetch(on.ask("/", ""));
    CHECK(result.success);
    CHECK(result.file_name.size() == 244);
    CHECK(result.file_name.ends_with("x.tar"));
}

TEST_CASE_TEMPLATE("a name that was given is kept to", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/", named("attachment; filename=\"theirs\""));
    check_stored(on, on.fetch("/"), "hello");
}

TEST_CASE_TEMPLATE("only the final response names the file", How, plain, tls) {
    stage_over<How> on;
    const std::string name = "Content-Disposition: attachment; filename=\"wrong\"\r\n";
    on.server.on("/from", [](connection& peer, const request&) {
        response answer = redirect_to("/asked.bin");
        answer.fields.emplace_back("Content-Disposition", "attachment; filename=\"wrong\"");
        peer.send(answer);
    });
    on.server.on("/asked.bin",
                 misbehave::raw("HTTP/1.1 103 Early Hints\r\n" + name +
                                "\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
    CHECK(on.fetch(on.ask("/from", "")).file_name == "asked.bin");
    on.server.on("/asked.bin",
                 misbehave::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "5\r\nhello\r\n0\r\n" +
                                name + "\r\n"));
    CHECK(on.fetch(on.ask("/from", "")).file_name == "asked.bin");
    CHECK(on.names() == texts{"asked.bin"});
}

TEST_CASE_TEMPLATE("an error's name names nothing", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/asked.bin",
                 status(404, {{"Content-Disposition", "attachment; filename=\"theirs\""}}));
    const download_result result = on.fetch(on.ask("/asked.bin", ""));
    check_failed(on, result, errc::http_status);
    CHECK(result.file_name == "asked.bin");
}

TEST_CASE_TEMPLATE(
    "what exists under the server's name is replaced, kept, stepped around or an error", How, plain,
    tls) {
    const struct {
        on_exists mode;
        std::string name;
        errc error;
        const char* old;
    } cases[] = {
        {on_exists::overwrite, "theirs.txt", {}, "hello"},
        {on_exists::rename, "theirs.1.txt", {}, "old"},
        {on_exists::skip, "theirs.txt", {}, "old"},
        {on_exists::fail, "theirs.txt", errc::exists, "old"},
    };
    for (const auto& one : cases) {
        CAPTURE(static_cast<int>(one.mode));
        stage_over<How> on;
        std::filesystem::create_directory(on.dir / "out");
        write_file(on.dir / "out/theirs.txt", "old");
        on.server.on("/asked.bin", named("attachment; filename=\"theirs.txt\""));
        on.options.if_exists = one.mode;
        const download_result result = on.fetch(on.ask("/asked.bin", ""));
        CHECK(result.success == (one.error == errc{}));
        CHECK(result.skipped == (one.mode == on_exists::skip));
        CHECK(result.file_name == one.name);
        CHECK(on.content("theirs.txt") == one.old);
        CHECK(on.names().size() == (one.mode == on_exists::rename ? 2 : 1));
    }
}

TEST_CASE_TEMPLATE("two downloads that get the same name from the server never share a target", How,
                   plain, tls) {
    stage_over<How> on;
    on.server.on("/a", named("attachment; filename=\"theirs.txt\"", "a"));
    on.server.on("/b", named("attachment; filename=\"theirs.txt\"", "b"));
    on.server.on("/c", named("attachment; filename=\"theirs.txt.part\"", "c"));
    const batch_result batch = on.fetch_all({on.ask("/a", ""), on.ask("/b", ""), on.ask("/c", "")});
    CHECK(batch.summary.succeeded == 3);
    texts bodies;
    for (const download_result& result : batch.results) {
        bodies.push_back(on.content(result.file_name));
    }
    CHECK(bodies == texts{"a", "b", "c"});
    CHECK(on.names().size() == 3);
}

TEST_SUITE_END();

}  // namespace
