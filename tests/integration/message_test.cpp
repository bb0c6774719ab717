// What a failure says besides what failed: what to try, and what is lost.

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

const std::string lost =
    "; cannot be resumed (1000 bytes are discarded): the server gives no strong ETag and no usable "
    "Last-Modified";

/// Sends half of a body of 2000 bytes with these header lines, and no more.
void serve_half(stage& on, const std::string& lines) {
    on.server.on("/", misbehave::raw("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n" + lines +
                                     "\r\n" + pattern(0, 1000)));
}

/// Cancels a download of `/` once half of it is there.
download_result cancelled(stage& on, disposition what = disposition::keep) {
    downloader client(on.io.get_executor(), on.options);
    std::optional<download_result> result;
    client.async_download(on.ask("/"), [&](download_result ended) { result = std::move(ended); });
    REQUIRE(runs_until(on.io, [&] {
        const auto now = client.progress(1);
        return !now.downloads.empty() && now.downloads[0].received == 1000;
    }));
    client.cancel(client.progress(1).downloads[0].id, what);
    REQUIRE(runs_until(on.io, [&] { return result.has_value(); }));
    check_failure(*result, errc::cancelled);
    return *std::move(result);
}

TEST_SUITE_BEGIN("integration/message");

TEST_CASE("a cancelled download that nothing validates says that it cannot be resumed") {
    stage on{origin_options()};
    for (const char* lines : {"", "ETag: W/\"1\"\r\n"}) {
        serve_half(on, lines);
        CHECK(cancelled(on).message == "cancelled" + lost);
        CHECK(on.names().empty());
    }
    on.options.max_time = 300ms;
    CHECK(on.fetch("/").message == "the download took longer than 0.3 s" + lost);
}

TEST_CASE("a cancelled download that can be resumed, or that nobody wants to resume, does not") {
    stage on{origin_options()};
    serve_half(on, "");
    CHECK(cancelled(on, disposition::discard).message == "cancelled");
    on.options.resume = false;
    CHECK(cancelled(on).message == "cancelled");
    CHECK(on.names().empty());
    on.options.resume = true;
    on.options.resume_unvalidated = true;
    CHECK(cancelled(on).message == "cancelled");
    CHECK(on.names() == std::vector<std::string>{"file.part", "file.part.state"});

    stage validated{origin_options()};
    serve_half(validated, "ETag: \"1\"\r\n");
    CHECK(cancelled(validated).message == "cancelled");
    CHECK(validated.names() == std::vector<std::string>{"file.part", "file.part.state"});
}

TEST_CASE("401 tells whether credentials were sent") {
    stage on{origin_options()};
    response answer;
    answer.status = 401;
    answer.reason = "Unauthorized";
    on.server.on("/", answer);
    const std::string wanted =
        "HTTP status 401 Unauthorized: it wants credentials, in the URL (USER:PASSWORD@HOST) or an "
        "Authorization header";
    const std::string refused = "HTTP status 401 Unauthorized: it refused the credentials";
    const download_result none = on.fetch("/");
    check_failed(on, none, errc::http_status);
    CHECK(none.message == wanted);

    const std::string port = std::to_string(on.server.port());
    CHECK(on.fetch(download_request("http://me:secret@127.0.0.1:" + port + "/", "file")).message ==
          refused);
    download_request own = on.ask("/");
    own.headers.emplace_back("authorization", "Bearer abcdefgh");
    CHECK(on.fetch(own).message == refused);

    // They are not sent to another origin, so what it wants is still missing.
    on.server.on("/away", redirect_to("http://localhost:" + port + "/"));
    CHECK(on.fetch(download_request("http://me:secret@127.0.0.1:" + port + "/away", "file"))
              .message == wanted);
}

TEST_SUITE_END();

}  // namespace
