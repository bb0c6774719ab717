#include "core/retry.hpp"

#include <doctest/doctest.h>

#include <limits>

using asyncdl::core::retry_policy;
using asyncdl::core::retry_wait;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("unit/core/retry");

TEST_CASE("the wait doubles up to its bound") {
    const retry_policy policy;
    const std::chrono::milliseconds wanted[]{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s};
    for (unsigned n = 1; n <= 8; ++n) {
        CAPTURE(n);
        CHECK(retry_wait(n, policy, 0, {}) == wanted[n - 1]);
    }
}

TEST_CASE("jitter adds up to a quarter and never passes the bound") {
    const retry_policy policy;
    CHECK(retry_wait(1, policy, 0.5, {}) == 1125ms);
    CHECK(retry_wait(1, policy, 1, {}) == 1250ms);
    CHECK(retry_wait(4, policy, 1, {}) == 10s);
    CHECK(retry_wait(6, policy, 1, {}) == 40s);
    CHECK(retry_wait(7, policy, 1, {}) == 60s);
}

TEST_CASE("what the server asks for is honoured without jitter, up to the bound") {
    const retry_policy policy;
    CHECK(retry_wait(5, policy, 1, 0s) == 0ms);
    CHECK(retry_wait(1, policy, 1, 7s) == 7s);
    CHECK(retry_wait(1, policy, 1, 61s) == 60s);
    CHECK(retry_wait(1, policy, 1, std::chrono::seconds::max()) == 60s);
    CHECK(retry_wait(1, policy, 1, -5s) == 0ms);
}

TEST_CASE("extreme numbers make no wait that is negative or overflows") {
    retry_policy policy;
    CHECK(retry_wait(std::numeric_limits<unsigned>::max(), policy, 1, {}) == 60s);
    CHECK(retry_wait(0, policy, 0, {}) == 1s);
    policy.delay = 0s;
    CHECK(retry_wait(100, policy, 1, {}) == 0ms);
    policy.delay = 1500us;
    CHECK(retry_wait(1, policy, 0, {}) == 1ms);
    policy.delay = 1s;
    policy.max_delay = 0s;
    CHECK(retry_wait(3, policy, 1, {}) == 0ms);
    policy.delay = decltype(policy.delay)(1e300);
    policy.max_delay = decltype(policy.max_delay)(1e300);
    CHECK(retry_wait(9, policy, 1, {}) > std::chrono::hours(1));
    CHECK(retry_wait(9, policy, 1, std::chrono::seconds::max()) > std::chrono::hours(1));
    policy.max_delay = -1s;
    CHECK(retry_wait(1, policy, 0, {}) == 0ms);
}

TEST_SUITE_END();
