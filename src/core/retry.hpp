#pragma once
// How long to wait before another attempt. Pure: the dice are passed in.

#include <chrono>
#include <optional>

namespace asyncdl::core {

class retry_policy {
public:
    std::chrono::duration<double> delay{1};
    std::chrono::duration<double> max_delay{60};
};

/// The wait before retry `n` (from 1): `delay` doubled n-1 times, times 1 to 1.25 by `dice` (0 to
/// 1), or what the server asked for, which is honoured without jitter; never over `max_delay`.
std::chrono::milliseconds retry_wait(unsigned n, const retry_policy& policy, double dice,
                                     std::optional<std::chrono::seconds> retry_after);

}  // namespace asyncdl::core
