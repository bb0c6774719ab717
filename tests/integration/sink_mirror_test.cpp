// A sink of the caller's and a file that has mirrors.

#include <doctest/doctest.h>

#include <asyncdl/memory_sink.hpp>
#include <string>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

TEST_SUITE_BEGIN("integration/sink_mirror");

TEST_CASE_TEMPLATE("a sink is filled by the mirror that has the file", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/cut", misbehave::truncated_body(1000, 10));
    for (const std::string first : {"/status/404", "/cut"}) {
        CAPTURE(first);
        memory_sink kept(100'000);
        download_request ask = on.ask(first, "");
        ask.urls.push_back(on.server.url("/bytes/1000"));
        ask.destination = &kept;
        const download_result result = on.fetch(ask);
        CHECK(result.success);
        CHECK(result.attempts == 2);
        CHECK(std::string(reinterpret_cast<const char*>(kept.bytes().data()),
                          kept.bytes().size()) == pattern(0, 1000));
    }
}

TEST_SUITE_END();

}  // namespace
