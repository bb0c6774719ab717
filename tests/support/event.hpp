#pragma once
// Something that happens once, told from one thread to others: the answers of an origin wait for it
// where a pause could only hope. Owned by the test; all members may be called from any thread.

#include <condition_variable>
#include <mutex>

#include "support/wait.hpp"

namespace asyncdl::test {

class event {
public:
    void set() {
        const std::lock_guard lock(mutex_);
        happened_ = true;
        told_.notify_all();
    }

    bool happened() const {
        const std::lock_guard lock(mutex_);
        return happened_;
    }

    /// Returns false if it has not happened within `patience`.
    bool wait() const {
        std::unique_lock lock(mutex_);
        return told_.wait_for(lock, patience, [&] { return happened_; });
    }

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable told_;
    bool happened_ = false;
};

}  // namespace asyncdl::test
