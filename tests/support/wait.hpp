#pragma once
// Bounded waiting: a test that would hang fails instead.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

namespace asyncdl::test {

/// The longest that anything in a test may take that should end by itself, on a slow machine too.
inline constexpr std::chrono::seconds patience{180};

/// A bound for what must not have waited: less than the 30 s that such a wait takes, and far more
/// than a slow machine needs.
inline constexpr std::chrono::seconds soon{20};

/// Whether `condition` came true in time. For what other threads do; polls every millisecond.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds bound = patience) {
    const auto end = std::chrono::steady_clock::now() + bound;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

/// Runs `context` until `result` is there.
/// @throws std::runtime_error when that takes too long, or the context has no work left before
template <typename T>
T run_for_result(boost::asio::io_context& context, std::future<T> result) {
    const auto end = std::chrono::steady_clock::now() + patience;
    context.restart();
    while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        if (context.run_one_until(end) == 0) {
            throw std::runtime_error(context.stopped() ? "no work left, but no result either"
                                                       : "no result in time");
        }
    }
    return result.get();
}

/// Runs `context` until `condition` is true, which other threads may bring about; whether that came
/// in time.
template <typename Condition>
bool runs_until(boost::asio::io_context& context, Condition condition) {
    return eventually([&] {
        context.restart();
        context.poll();
        return condition();
    });
}

/// Runs `context` until it has no work left; whether that came within `bound`. An idle connection
/// that kept the context busy would do so for 30 s.
inline bool runs_out_of_work(boost::asio::io_context& context,
                             std::chrono::milliseconds bound = soon) {
    context.restart();
    context.run_for(bound);
    return context.stopped();
}

}  // namespace asyncdl::test
