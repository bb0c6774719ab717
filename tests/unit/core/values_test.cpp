#include <doctest/doctest.h>

#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_result.hpp>
#include <asyncdl/error.hpp>
#include <asyncdl/progress_snapshot.hpp>

using namespace asyncdl;

TEST_SUITE_BEGIN("unit/core/values");

TEST_CASE("a summary counts every result once, skips and cancellations besides") {
    batch_summary summary;
    summary.elapsed = std::chrono::seconds(4);
    CHECK(summary.success_rate() == 1.0);

    download_result good;
    good.success = true;
    good.bytes_received = 100;
    download_result kept;
    kept.success = true;
    kept.skipped = true;
    download_result bad;
    bad.error = errc::truncated;
    bad.bytes_received = 20;
    download_result stopped;
    stopped.error = errc::cancelled;
    stopped.bytes_received = 3;
    for (const auto* each : {&good, &kept, &bad, &stopped, &bad}) {
        summary.add(*each);
    }

    CHECK(summary.total == 5);
    CHECK(summary.succeeded == 2);
    CHECK(summary.skipped == 1);
    CHECK(summary.failed == 3);
    CHECK(summary.cancelled == 1);
    CHECK(summary.bytes == 143);
    CHECK(summary.elapsed == std::chrono::seconds(4));
    CHECK(summary.success_rate() == doctest::Approx(0.4));
    CHECK(summary.speed() == doctest::Approx(35.75));
}

TEST_CASE("every state has its word") {
    CHECK(to_string(download_state::queued) == "queued");
    CHECK(to_string(download_state::connecting) == "connecting");
    CHECK(to_string(download_state::receiving) == "receiving");
    CHECK(to_string(download_state::waiting) == "waiting");
    CHECK(to_string(download_state::verifying) == "verifying");
    CHECK(to_string(download_state::finishing) == "finishing");
}

TEST_SUITE_END();
