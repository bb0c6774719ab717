#include "core/retry.hpp"

#include <algorithm>
#include <cmath>

namespace asyncdl::core {

namespace {

// Far beyond any bound that makes sense, and far below where milliseconds overflow.
constexpr std::chrono::duration<double> longest = std::chrono::hours(24 * 365 * 1000);

}  // namespace

std::chrono::milliseconds retry_wait(unsigned n, const retry_policy& policy, double dice,
                                     std::optional<std::chrono::seconds> retry_after) {
    std::chrono::duration<double> wait{};
    if (retry_after) {
        wait = *retry_after;
    } else {
        const auto doublings = static_cast<int>(std::clamp(n, 1U, 64U) - 1);
        wait = policy.delay * std::ldexp(1 + dice / 4, doublings);
    }
    wait = std::clamp(std::min(wait, policy.max_delay), decltype(wait)::zero(), longest);
    return std::chrono::floor<std::chrono::milliseconds>(wait);
}

}  // namespace asyncdl::core
