#include <doctest/doctest.h>

#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <asyncdl/error.hpp>
#include <asyncdl/progress_snapshot.hpp>
#include <string>

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
    stopped.kept_bytes = 7;
    download_result torn = bad;
    torn.kept_bytes = 20;
    for (const auto* each : {&good, &kept, &bad, &stopped, &torn}) {
        summary.add(*each);
    }

    CHECK(summary.total == 5);
    CHECK(summary.succeeded == 2);
    CHECK(summary.skipped == 1);
    CHECK(summary.failed == 3);
    CHECK(summary.cancelled == 1);
    CHECK(summary.kept_parts == 2);
    CHECK(summary.kept_bytes == 27);
    CHECK(summary.bytes == 143);
    CHECK(summary.elapsed == std::chrono::seconds(4));
    CHECK(summary.success_rate() == doctest::Approx(0.4));
    CHECK(summary.speed() == doctest::Approx(35.75));
}

TEST_CASE("a header field that can be sent has nothing wrong with it") {
    for (const header& good :
         {header("X", ""), header("x-a!#$%&'*+.^_`|~0", "a\tb"), header("Host", "h"),
          header("Accept", "\xe4 \xc3\xa4"), header("Range-Unit", "x"), header("Cookie", "a=b")}) {
        CAPTURE(good.name);
        CHECK(check_header(good).empty());
    }
}

TEST_CASE("what is wrong with a header field is said without its value") {
    using namespace std::string_literals;
    for (const std::string& name : {""s, "A B"s, "A:"s, "A\n"s, "\xc3\xa4"s, "A\0"s, "(A)"s}) {
        CHECK(check_header(header(name, "s3cr3t")) == "invalid header name");
    }
    for (const std::string& value : {"s3cr3t\r"s, "\n"s, "a\0b"s, "\x1b"s, "\x7f"s}) {
        CHECK(check_header(header("X", value)) == "the value of 'X' holds a control character");
    }
}

TEST_CASE("fields that frame a message, belong to the connection or ask for a part are refused") {
    for (const std::string name : {"Connection", "content-length", "CONTENT-RANGE", "Expect",
                                   "HTTP2-Settings", "If-Range", "Keep-Alive", "Proxy-Connection",
                                   "Range", "TE", "Trailer", "Transfer-Encoding", "Upgrade"}) {
        CAPTURE(name);
        header field(name, "x");
        CHECK(check_header(field) == "'" + name + "' is set by the program alone");
        field.value.clear();
        field.remove = true;
        CHECK_FALSE(check_header(field).empty());
    }
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
