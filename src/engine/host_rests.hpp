#pragma once
// Hosts that are left alone for a while (429, 503), told by one download and kept by all downloads
// of a context. The same name with another port is another host. Thread-safe.

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "core/url.hpp"
#include "net/timekeeper.hpp"

namespace asyncdl::engine {

class host_rests {
public:
    /// Whether the host said itself how long (Retry-After).
    enum class length { told, guessed };

    /// Nothing is asked of the host before `until`; the longer of two rests counts.
    void add(const core::origin& host, net::clock::time_point until, length how);

    /// The host has answered a request, and not with another 429 or 503: a rest of a guessed length
    /// is over. One URL that is out of service must not stop all others of its host. Costs one
    /// atomic read as long as no host rests.
    void answered(const core::origin& host);

    /// Until when the host is to be left alone; nothing where it may be asked now. Costs one atomic
    /// read as long as no host rests.
    std::optional<net::clock::time_point> end_of(const core::origin& host);

private:
    struct rest {
        net::clock::time_point told;
        net::clock::time_point guessed;
        net::clock::time_point end() const { return std::max(told, guessed); }
    };

    std::atomic<bool> any_ = false;
    std::mutex mutex_;
    std::map<core::origin, rest> rests_;
};

}  // namespace asyncdl::engine
