#pragma once
// The connections of one downloader, by origin: a lease is taken for an exchange and gives its
// connection back when the next may use it. Owned by a downloader, used on its executor.

#include <asyncdl/async_semaphore.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/url.hpp"
#include "http/h1_connection.hpp"
#include "http/host_limits.hpp"
#include "net/dial.hpp"

namespace asyncdl::http {

class pool;

/// An exchange for one request. Movable; gives back or closes the connection when it ends.
class lease {
public:
    lease() = default;
    lease(lease&&) noexcept = default;
    lease& operator=(lease&& other) noexcept;
    ~lease() { end(); }

    exchange& operator*() const noexcept { return *connection_; }
    exchange* operator->() const noexcept { return connection_.get(); }
    explicit operator bool() const noexcept { return connection_ != nullptr; }

    void end();

private:
    friend class pool;
    std::weak_ptr<pool> home_;
    core::origin origin_;
    host_limits::permit open_;  // before the connection, so that it outlives it
    std::unique_ptr<h1_connection> connection_;
};

class pool : public std::enable_shared_from_this<pool>, private net::deadline {
public:
    /// At most `max_idle` connections wait for use in all pools of these limits, each for 30
    /// seconds; `keeper` closes those that nobody came for, while downloads run.
    pool(net::dialer dialer, std::shared_ptr<host_limits> limits, patience bounds,
         std::size_t max_idle, net::timekeeper& keeper);

    /// An idle connection to `to`, the most recently used one, or none.
    lease take_idle(const core::origin& to);

    /// A new connection. A connection costs most while it is made, so 256 are at a time; a dial is
    /// bounded, and with it the wait. A look-up costs little and holds none of these places, so
    /// that names that hang delay no other. Errors as for `net::dialer`.
    boost::asio::awaitable<core::outcome<lease>> connect(const core::origin& to);

    /// Closes the idle connections to this host whose permits others have taken.
    void close_taken(const std::string& host);
    /// Closes all idle connections.
    void close_idle();

private:
    friend class lease;

    class idle_connection {
    public:
        idle_connection(std::unique_ptr<h1_connection> held, host_limits::idle_place at)
            : connection(std::move(held)), place(std::move(at)), since(net::clock::now()) {}
        idle_connection(idle_connection&&) noexcept = default;
        idle_connection& operator=(idle_connection&& other) noexcept;
        ~idle_connection() { close(); }

        /// The permit outlives the connection, and the connection its place.
        void close() noexcept;

        std::unique_ptr<h1_connection> connection;
        host_limits::idle_place place;
        net::clock::time_point since;
    };
    struct hash {
        std::size_t operator()(const core::origin& key) const noexcept {
            return std::hash<std::string>()(key.host) * 31 + key.port * 2u + key.tls;
        }
    };

    void give_back(lease& ended);
    void evict_oldest();
    template <typename Condition>
    void close_where(std::vector<idle_connection>& list, Condition condition);
    void on_deadline() override;

    static constexpr std::size_t most_dials = 256;

    net::dialer dialer_;
    async_semaphore dials_{most_dials};
    std::shared_ptr<host_limits> limits_;
    patience bounds_;
    std::size_t max_idle_;
    std::size_t idle_count_ = 0;
    std::unordered_map<core::origin, std::vector<idle_connection>, hash> idle_;  // oldest first
};

}  // namespace asyncdl::http
