#pragma once
// Totals that all threads of a context add to. Exact, thread-safe, no locks.

#include <asyncdl/download_result.hpp>
#include <atomic>
#include <cstdint>

namespace asyncdl::engine {

class counters {
public:
    void started() noexcept { started_.fetch_add(1, std::memory_order_relaxed); }

    void finished(const download_result& result) noexcept {
        (result.success ? succeeded_ : failed_).fetch_add(1, std::memory_order_relaxed);
        bytes_.fetch_add(result.bytes_received, std::memory_order_relaxed);
    }

    /// One that was started has no end: its executor's context was destroyed.
    void dropped() noexcept { dropped_.fetch_add(1, std::memory_order_relaxed); }

    std::uint64_t started_count() const noexcept {
        return started_.load(std::memory_order_relaxed);
    }
    std::uint64_t succeeded_count() const noexcept {
        return succeeded_.load(std::memory_order_relaxed);
    }
    std::uint64_t failed_count() const noexcept { return failed_.load(std::memory_order_relaxed); }
    std::uint64_t active_count() const noexcept {
        return started_count() - succeeded_count() - failed_count() -
               dropped_.load(std::memory_order_relaxed);
    }
    std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> started_{0};
    std::atomic<std::uint64_t> succeeded_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::atomic<std::uint64_t> bytes_{0};  ///< of finished downloads
};

}  // namespace asyncdl::engine
