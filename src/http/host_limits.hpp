#pragma once
// How many connections go to one host at once, over all downloaders of a context. Two counts a
// host: leases (exchanges that run) and open connections (idle ones too), so that neither the work
// nor what a server sees passes the bound. Thread-safe, shared by the downloaders' pools.

#include <asyncdl/async_semaphore.hpp>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/fault.hpp"

namespace asyncdl::http {

class host_limits : public std::enable_shared_from_this<host_limits> {
    class host;

public:
    /// One of a host's places, given back when it is destroyed.
    class permit {
    public:
        permit() = default;
        explicit operator bool() const noexcept { return granted_; }

    private:
        friend class host_limits;
        bool granted_ = false;
        std::shared_ptr<host> host_;  // outlives the guard
        semaphore_guard guard_;
    };

    /// @param limit places a host; 0: no bound, every call grants at once
    explicit host_limits(std::size_t limit) : limit_(limit) {}

    permit try_lease(const std::string& name);
    /// Waits; an ungranted permit when cancelled.
    boost::asio::awaitable<permit> lease(const std::string& name);

    permit try_open(const std::string& name);
    /// Has the other pools close idle connections to the host, and waits; an ungranted permit when
    /// cancelled.
    boost::asio::awaitable<permit> open(const std::string& name);

    /// Whether somebody waits to open a connection to the host.
    bool is_wanted(const std::string& name);

    /// Connections that wait for use, over all pools.
    std::atomic<std::size_t> idle = 0;

    /// Has all pools close their idle connections, to any host.
    void close_idle();

    /// Called with a host's name when its idle connections are to be closed, with an empty one when
    /// all are, on any thread and under a lock: it only posts.
    using closer = std::function<void(const std::string&)>;

    /// Keeps a pool's closer until the token that is given back is destroyed.
    std::shared_ptr<void> join(closer close);

private:
    std::shared_ptr<host> find(const std::string& name);
    boost::asio::awaitable<permit> wait_for(std::shared_ptr<host> where, async_semaphore& places);

    const std::size_t limit_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::weak_ptr<host>> hosts_;
    std::list<closer> pools_;
};

}  // namespace asyncdl::http
