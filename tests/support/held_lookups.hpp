#pragma once
// Look-ups that block for as long as a test wants. Shared by the test and the threads that look
// up; all members may be called from any thread.

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/name_lookups.hpp"
#include "support/wait.hpp"

namespace asyncdl::test {

class held_lookups : public std::enable_shared_from_this<held_lookups> {
public:
    /// Names that begin with "good" are answered at once.
    net::lookup_settings settings() {
        net::lookup_settings made;
        made.look_up = [self = shared_from_this()](const std::string& host) {
            return self->look_up(host);
        };
        return made;
    }

    void end(const std::string& host) {
        const std::lock_guard lock(mutex_);
        ended_.insert(host);
        changed_.notify_all();
    }

    /// From now on none blocks.
    void end_all() {
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }

    /// The names, in the order in which their look-ups began.
    std::vector<std::string> begun() const {
        const std::lock_guard lock(mutex_);
        return begun_;
    }

    /// Waits until that many have begun.
    bool has_begun(std::size_t count) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return begun_.size() >= count; });
    }

    /// Most at once.
    std::size_t peak() const {
        const std::lock_guard lock(mutex_);
        return peak_;
    }

private:
    net::lookup_answer look_up(const std::string& host) {
        std::unique_lock lock(mutex_);
        begun_.push_back(host);
        peak_ = std::max(peak_, ++running_);
        changed_.notify_all();
        if (!host.starts_with("good")) {
            changed_.wait(lock, [&] { return over_ || ended_.contains(host); });
        }
        --running_;
        return std::vector<boost::asio::ip::address>(1, boost::asio::ip::address_v4::loopback());
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::set<std::string> ended_;
    std::vector<std::string> begun_;
    std::size_t running_ = 0;
    std::size_t peak_ = 0;
    bool over_ = false;
};

/// Ends the look-ups with the test that holds them.
class scoped_lookups {
public:
    ~scoped_lookups() { held_->end_all(); }
    held_lookups* operator->() const noexcept { return held_.get(); }

private:
    std::shared_ptr<held_lookups> held_ = std::make_shared<held_lookups>();
};

}  // namespace asyncdl::test
