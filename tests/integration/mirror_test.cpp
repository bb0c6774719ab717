// Mirrors: the URLs of one file are tried in turn, and no byte of one is mixed with another's.

#include <doctest/doctest.h>

#include <boost/asio/use_future.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "core/url.hpp"
#include "support/digest.hpp"
#include "support/expect.hpp"
#include "support/silent_port.hpp"
#include "support/unfinished.hpp"

namespace {

namespace asio = boost::asio;
using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

using texts = std::vector<std::string>;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t cut_at = 200'000;

/// A stage with a second origin on another host; both have the file at `/file`.
template <typename How>
class mirrored : public stage_over<How> {
public:
    mirrored() : other(How::options()) {
        this->options.retry_delay = 0ms;
        this->server.on("/file", file);
        other.on("/file", file);
    }

    download_request ask_both(std::string_view path = "/file") const {
        download_request request = this->ask(path);
        request.urls.push_back(other_url(path));
        return request;
    }

    std::string other_url(std::string_view path = "/file") const {
        return other.url(path, "localhost");
    }

    const remote_file file{whole};
    origin other;
};

TEST_SUITE_BEGIN("integration/mirror");

TEST_CASE_TEMPLATE("where the first URL works, no mirror is asked", How, plain, tls) {
    mirrored<How> on;
    const download_result result = on.fetch(on.ask_both());
    check_all_new(on, result, on.file);
    CHECK(result.attempts == 1);
    CHECK(on.other.accepted() == 0);
}

TEST_CASE_TEMPLATE("where a URL fails in any way, the next one is tried at once", How, plain, tls) {
    const struct {
        std::string name;
        handler wrong;
    } cases[] = {
        {"404", status(404)},
        {"403", status(403)},
        {"503", status(503)},
        {"503 that asks for an hour", status(503, {{"Retry-After", "3600"}})},
        {"close", misbehave::close_before_head()},
        {"truncated", remote_file(whole, 3).cut(cut_at)},
        {"reset", remote_file(whole, 3).cut(cut_at, ending::reset)},
        {"stall", remote_file(whole, 3).cut(cut_at, ending::stall)},
        {"broken framing", misbehave::bad_chunk_size()},
        {"no protocol", misbehave::http09()},
        {"a circle", [](connection& peer, const request&) { peer.send(redirect_to("/file")); }},
        {"a part", status(206)},
        {"a redirect to nowhere", status(302)},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        mirrored<How> on;
        on.options.retry_delay = 30s;
        if (one.name == "stall") {
            on.options.timeout = 1s;
        }
        on.server.on("/file", one.wrong);
        const download_result result = on.fetch(on.ask_both());
        check_stored(on, result, on.file.bytes());
        CHECK(result.attempts == 2);
        CHECK(result.url == on.server.url("/file"));
        CHECK(result.final_url == on.other_url());
        CHECK(asked_with(on.other, "/file", "Range") == texts{"-"});
        CHECK(result.download_time < soon);
    }
}

TEST_CASE_TEMPLATE(
    "a mirror takes over where the first URL's host cannot be reached or does not exist", How,
    plain, tls) {
    mirrored<How> on;
    const closed_port port;
    const std::string closed = "http://127.0.0.1:" + std::to_string(port.number()) + "/file";
    for (const std::string& url : {closed, std::string("http://name.invalid/file")}) {
        CAPTURE(url);
        download_request request(url, "file");
        request.urls.push_back(on.other_url());
        const download_result result = on.fetch(request);
        check_all_new(on, result, on.file);
        CHECK(result.attempts == 2);
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("mirrors are tried in the order given, until one works", How, plain, tls) {
    mirrored<How> on;
    texts order;
    for (const char* path : {"/a", "/b", "/c"}) {
        on.server.on(path, status(404));
    }
    download_request request = on.ask("/a");
    for (const char* path : {"/b", "/c", "/file", "/d"}) {
        request.urls.push_back(on.server.url(path));
    }
    const download_result result = on.fetch(request);
    check_all_new(on, result, on.file);
    CHECK(result.attempts == 4);
    for (const auto& one : on.server.requests()) {
        order.push_back(one.target);
    }
    CHECK(order == texts{"/a", "/b", "/c", "/file"});
}

TEST_CASE_TEMPLATE("when all were tried, those whose failure can pass are tried again", How, plain,
                   tls) {
    mirrored<How> on;
    on.options.retries = 2;
    on.server.on("/file", status(404));
    on.other.on("/file", status(503));
    const download_result failed = on.fetch(on.ask_both());
    check_failed(on, failed, errc::http_status_transient);
    CHECK(failed.attempts == 4);
    CHECK(failed.status == 503);
    CHECK(on.server.requests("/file") == 1);
    CHECK(on.other.requests("/file") == 3);

    on.server.on("/file", in_turn({status(503), on.file}));
    const download_result result = on.fetch(on.ask_both());
    check_all_new(on, result, on.file);
    CHECK(result.attempts == 3);
    CHECK(result.final_url == on.server.url("/file"));
}

TEST_CASE_TEMPLATE("where no failure can pass, nothing is tried twice", How, plain, tls) {
    mirrored<How> on;
    on.options.retries = 3;
    on.server.on("/file", status(404));
    on.other.on("/file", status(410));
    const download_result result = on.fetch(on.ask_both());
    check_failed(on, result, errc::http_status);
    CHECK(result.attempts == 2);
    CHECK(on.server.requests("/file") == 1);
    CHECK(on.other.requests("/file") == 1);
}

TEST_CASE_TEMPLATE("bytes of one mirror are never mixed with another's", How, plain, tls) {
    // The mirrors have different bytes; everything that could show it says that they are the same.
    for (const bool cut_again : {false, true}) {
        mirrored<How> on;
        on.options.retries = 2;
        remote_file there(whole, 2);
        there.etag = on.file.etag;
        on.server.on("/file", on.file.cut(cut_at));
        on.other.on("/file", cut_again ? in_turn({there.cut(100'000), there}) : there);
        const download_result result = on.fetch(on.ask_both());
        CHECK(result.success);
        const std::string stored = on.content();
        const bool one_of_them = stored == on.file.bytes() || stored == there.bytes();
        CHECK(one_of_them);
        CHECK(asked_with(on.other, "/file", "Range")[0] == "-");
    }
}

TEST_CASE_TEMPLATE("what a run left of one mirror is gone on with there, not at another", How,
                   plain, tls) {
    mirrored<How> on;
    leave_part(on, on.file, cut_at);
    on.server.on("/file", on.file);
    check_resumed(on, on.fetch(on.ask_both()), on.file, cut_at);
    std::filesystem::remove(on.dir / "out/file");

    leave_part(on, on.file, cut_at);
    on.server.on("/file", status(404));
    remote_file there(whole, 2);
    there.etag = on.file.etag;
    on.other.on("/file", there);
    const download_result result = on.fetch(on.ask_both());
    check_stored(on, result, there.bytes());
    CHECK(result.resumed_from == 0);
    CHECK(asked_with(on.other, "/file", "Range") == texts{"-"});
}

TEST_CASE_TEMPLATE(
    "what this run got of a mirror is gone on with in the next round, and is not called earlier",
    How, plain, tls) {
    mirrored<How> on;
    on.options.retries = 1;
    on.server.on("/file", in_turn({on.file.cut(cut_at), on.file}));
    on.other.on("/file", status(503));
    const download_result result = on.fetch(on.ask_both());
    check_all_new(on, result, on.file);
    CHECK(result.attempts == 3);
}

TEST_CASE_TEMPLATE("a failure of all mirrors tells what earlier runs left", How, plain, tls) {
    mirrored<How> on;
    leave_part(on, on.file, cut_at);
    on.server.on("/file", status(503));
    on.other.on("/file", status(404));
    const download_result result = on.fetch(on.ask_both());
    CHECK_FALSE(result.success);
    CHECK(on.names() == unfinished);
    CHECK(result.resumed_from == cut_at);
}

TEST_CASE_TEMPLATE("a mirror with the wrong bytes is passed over where the checksum shows it", How,
                   plain, tls) {
    mirrored<How> on;
    on.options.retries = 3;
    on.server.on("/file", remote_file(whole, 2));
    download_request request = on.ask_both();
    request.checksum = "sha-256=" + hex_digest("SHA256", on.file.bytes());
    const download_result result = on.fetch(request);
    check_stored(on, result, on.file.bytes());
    CHECK(result.attempts == 2);
    CHECK(result.checksum == request.checksum);

    on.other.on("/file", remote_file(whole, 3));
    std::filesystem::remove(on.dir / "out/file");
    const download_result wrong = on.fetch(request);
    check_failed(on, wrong, errc::checksum);
    CHECK(wrong.attempts == 2);
    CHECK(wrong.checksum.empty());
}

TEST_CASE_TEMPLATE("nothing stays of a mirror with the wrong bytes, however the others fail", How,
                   plain, tls) {
    mirrored<How> on;
    on.options.retries = 1;
    on.server.on("/file", remote_file(whole, 2));
    for (const handler& failure : {status(404), status(503), handler(on.file.cut(0))}) {
        on.other.on("/file", failure);
        download_request request = on.ask_both();
        request.checksum = "sha-256=" + hex_digest("SHA256", on.file.bytes());
        const download_result result = on.fetch(request);
        CHECK_FALSE(result.success);
        CHECK(on.names().empty());
    }
}

TEST_CASE_TEMPLATE("headers and credentials go to the first URL's origin alone", How, plain, tls) {
    mirrored<How> on;
    on.server.on("/file", status(404));
    download_request request = on.ask_both();
    request.urls[0].insert(request.urls[0].find("//") + 2, "user:pass@");
    request.headers.emplace_back("X-Api-Key", "secret");
    request.headers.emplace_back("Accept", "text/x-test");
    CHECK(on.fetch(request).success);
    CHECK(asked_with(on.server, "/file", "X-Api-Key") == texts{"secret"});
    CHECK(asked_with(on.server, "/file", "Authorization")[0].starts_with("Basic "));
    CHECK(asked_with(on.other, "/file", "X-Api-Key") == texts{"-"});
    CHECK(asked_with(on.other, "/file", "Authorization") == texts{"-"});
    CHECK(asked_with(on.other, "/file", "Accept") == texts{"text/x-test"});
}

TEST_CASE_TEMPLATE("what one mirror left goes where a download is discarded at another", How, plain,
                   tls) {
    mirrored<How> on;
    on.options.timeout = patience;
    on.server.on("/file", on.file.cut(cut_at));
    on.other.on("/file", misbehave::stall_before_head());
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download(on.ask_both(), asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return on.other.requests("/file") > 0; }));
    CHECK(on.names() == unfinished);
    client.cancel(client.progress().downloads.at(0).id, disposition::discard);
    check_failed(on, run_for_result(on.io, std::move(done)), errc::cancelled);
}

TEST_CASE_TEMPLATE("a URL that cannot be asked is passed over with a warning, wherever it stands",
                   How, plain, tls) {
    mirrored<How> on;
    on.options.retries = 1;
    on.server.on("/bad", status(503));
    const std::string bad = on.server.url("/bad");
    const std::string good = on.server.url("/file");
    for (const std::string& foreign :
         {std::string("ftp://u:s3cr3t@a/file"), std::string("magnet:?x"),
          std::string("http://a:0/file"), std::string()}) {
        for (const texts& urls : {texts{foreign, good}, texts{bad, foreign, good},
                                  texts{foreign, foreign, bad, good}}) {
            texts lines;
            on.options.log = {log_level::warn,
                              [&](log_level, std::string_view line) { lines.emplace_back(line); }};
            download_request request(urls[0], "file");
            request.urls = urls;
            const download_result result = on.fetch(request);
            check_all_new(on, result, on.file);
            CHECK(result.attempts == (urls.back() == good && urls.size() > 2 ? 2 : 1));
            CHECK(result.url == core::without_userinfo(urls[0]));
            REQUIRE(lines.size() >= 1);
            CHECK(lines[0].find(" is passed over: ") != std::string::npos);
            CHECK(lines[0].find("s3cr3t") == std::string::npos);
            std::filesystem::remove(on.dir / "out/file");
        }
    }
    on.options.log = {};
    download_request none("ftp://a/file", "file");
    none.urls.push_back("http://b:0/file");
    const download_result result = on.fetch(none);
    check_failed(on, result, errc::invalid_url);
    CHECK(result.attempts == 0);
}

TEST_CASE_TEMPLATE("what was for a first URL that is passed over goes to no mirror", How, plain,
                   tls) {
    mirrored<How> on;
    on.options.headers = {header("Cookie", "secret"), header("Accept", "text/x-test")};
    download_request request("ftp://user:pass@127.0.0.1/file", "file");
    request.urls.push_back(on.server.url("/file"));
    request.urls.back().insert(request.urls.back().find("//") + 2, "its:own@");
    request.headers.emplace_back("X-Api-Key", "secret");
    CHECK(on.fetch(request).success);
    CHECK(asked_with(on.server, "/file", "X-Api-Key") == texts{"-"});
    CHECK(asked_with(on.server, "/file", "Cookie") == texts{"-"});
    CHECK(asked_with(on.server, "/file", "Accept") == texts{"text/x-test"});
    CHECK(asked_with(on.server, "/file", "Authorization") == texts{"Basic aXRzOm93bg=="});
}

TEST_SUITE_END();

}  // namespace
