// What a host's rest and a server's words about a failure may and may not do.

#include <doctest/doctest.h>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("integration/rest");

TEST_CASE("after a host's rest its other downloads go on") {
    stage_over<plain> on;
    response busy;
    busy.status = 503;
    busy.fields = {{"Retry-After", "1"}};
    on.server.on("/busy", busy);
    on.options.max_concurrent = 1;
    const auto results = on.fetch_all({on.ask("/busy", "a"), on.ask("/bytes/10", "b")}).results;
    CHECK(results[0].error == errc::http_status_transient);
    CHECK(results[1].success);
    CHECK(results[1].download_time.count() >= 0.9);
    CHECK(results[1].download_time < soon);
}

TEST_CASE("a reason phrase that repeats what was sent is not shown") {
    stage_over<plain> on;
    response refused;
    refused.status = 403;
    refused.reason = "token s3cret-t0ken is not known";
    on.server.on("/", refused);
    download_request ask = on.ask("/");
    CHECK(on.fetch(ask).message == "HTTP status 403 token s3cret-t0ken is not known");
    ask.headers = {header("Authorization", "Bearer s3cret-t0ken")};
    CHECK(on.fetch(ask).message == "HTTP status 403");
}

TEST_SUITE_END();

}  // namespace
