#pragma once
// How many connections go to one host at once, over all downloaders of a context. Two counts a
// host: leases (exchanges that run) and open connections (idle ones too), so that neither the work
// nor what a server sees passes the bound. Thread-safe, shared by the downloaders' pools.

#include <asyncdl/async_semaphore.hpp>
#include <atomic>
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
    class parked;
    class wanting_place;

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

    /// The permit of a connection that waits for use. Whoever lacks one takes it, on any thread:
    /// the connection's socket is shut down at once, since its own downloader may be at rest, and
    /// its pool closes it later. Movable; used by one pool; destroyed before the connection.
    class idle_place {
    public:
        idle_place() noexcept;
        idle_place(idle_place&&) noexcept;
        idle_place& operator=(idle_place&&) noexcept;
        ~idle_place();

        explicit operator bool() const noexcept { return limits_ != nullptr; }
        bool is_taken() const;

        /// The connection is to be used again, or closed: its permit; ungranted where it was taken.
        permit take_back();

    private:
        friend class host_limits;
        host_limits* limits_ = nullptr;   ///< counts this as idle
        std::unique_ptr<parked> parked_;  ///< where there is a bound
    };

    /// @param limit places a host; 0: no bound, every call grants at once
    explicit host_limits(std::size_t limit) : limit_(limit) {}

    permit try_lease(const std::string& name);
    /// Waits; an ungranted permit when cancelled.
    boost::asio::awaitable<permit> lease(const std::string& name);

    /// A free permit, else that of an idle connection, of whichever pool.
    permit try_open(const std::string& name);
    /// Waits; an ungranted permit when cancelled.
    boost::asio::awaitable<permit> open(const std::string& name);

    /// An exchange has ended: the connection on this socket waits for use. Nothing, and the permit
    /// stays with the caller, where somebody else waits for it.
    idle_place park(permit& open, int socket);

    /// One of those that are parked only waits for its server to close: it is not counted as idle.
    void leaves() noexcept { ++leaving_; }
    void has_left() noexcept { --leaving_; }

    /// Connections that wait for use, over all pools.
    std::size_t idle() const noexcept {
        const std::size_t leaving = leaving_;
        const std::size_t all = idle_;
        return all > leaving ? all - leaving : 0;
    }

    /// Has all pools close their idle connections, to any host.
    void close_idle();

    /// Called with a host's name when idle connections to it have lost their permits and are to be
    /// closed, with an empty one when all are to be closed, on any thread and under a lock: it only
    /// posts.
    using closer = std::function<void(const std::string&)>;

    /// Keeps a pool's closer until the token that is given back is destroyed.
    std::shared_ptr<void> join(closer close);

private:
    std::shared_ptr<host> find(const std::string& name);
    semaphore_guard take_idle(host& where, const std::string& name);
    boost::asio::awaitable<permit> wait_for(std::shared_ptr<host> where, async_semaphore& places);

    const std::size_t limit_;
    std::atomic<std::size_t> idle_ = 0;
    std::atomic<std::size_t> leaving_ = 0;
    std::mutex mutex_;
    std::unordered_map<std::string, std::weak_ptr<host>> hosts_;
    std::list<closer> pools_;
};

}  // namespace asyncdl::http
