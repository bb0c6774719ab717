#pragma once
// What all downloads of a context add up to. Owned by the context, thread-safe.

#include <asyncdl/progress_snapshot.hpp>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace asyncdl::engine {

/// How a download is counted when it leaves. `none`: it has no result, since the context of its
/// executor was destroyed. `held`: it waits, out of the way, until it is taken up.
enum class fate { none, held, succeeded, failed };

/// A download that begins or ends is counted under the same lock under which it enters or leaves
/// the list of those that are active, so that a snapshot shows each exactly once.
class counters {
public:
    [[nodiscard]] std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }

    /// Under the lock, as long as nothing else is said.
    void started() noexcept { ++started_; }
    void left(fate how) noexcept {
        ++(how == fate::succeeded ? succeeded_
           : how == fate::failed  ? failed_
           : how == fate::held    ? held_
                                  : dropped_);
    }
    void taken_up() noexcept { --held_; }
    std::uint64_t active() const noexcept {
        return started_ - succeeded_ - failed_ - dropped_ - held_;
    }

    /// One that was held will never be taken up. Takes the lock.
    void lost() noexcept {
        const std::lock_guard guard(mutex_);
        --held_;
        ++dropped_;
    }

    /// Bytes of a body came; without the lock.
    void received(std::uint64_t bytes) noexcept {
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }

    void report(progress_snapshot& into) const noexcept {
        into.started = started_;
        into.succeeded = succeeded_;
        into.failed = failed_;
        into.active = active();
        into.bytes_received = bytes_.load(std::memory_order_relaxed);
    }

private:
    mutable std::mutex mutex_;
    std::uint64_t started_ = 0;
    std::uint64_t succeeded_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t held_ = 0;
    std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace asyncdl::engine
