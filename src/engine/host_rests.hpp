#pragma once
// Hosts that have asked to be left alone for a while (429, 503, Retry-After), told by one download
// and kept by all downloads of a context. Thread-safe.

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "net/timekeeper.hpp"

namespace asyncdl::engine {

class host_rests {
public:
    /// Nothing is asked of the host before `until`; the longer of two rests counts.
    void add(const std::string& host, net::clock::time_point until);

    /// When the host may be asked again; a time in the past where it may be now. Costs one atomic
    /// read as long as no host rests.
    net::clock::time_point end_of(const std::string& host);

private:
    std::atomic<bool> any_ = false;
    std::mutex mutex_;
    std::map<std::string, net::clock::time_point> ends_;
};

}  // namespace asyncdl::engine
