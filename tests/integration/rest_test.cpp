// What a server's words about a failure may and may not do.

#include <doctest/doctest.h>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

TEST_SUITE_BEGIN("integration/rest");

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
