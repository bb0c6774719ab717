#pragma once
// The connections of one downloader, by origin: a lease is taken for an exchange and gives its
// connection back when the next may use it. Owned by a downloader, used on its executor.

#include <asyncdl/async_semaphore.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/url.hpp"
#include "http/h1_connection.hpp"
#include "http/host_limits.hpp"
#include "net/dial.hpp"

namespace asyncdl::http {

class pool;

/// A connection, and its place in the pool while no exchange runs on it. In two lists of the pool:
/// of its origin, and of all by age.
class pooled_connection
    : public boost::intrusive::list_base_hook<boost::intrusive::tag<class by_origin>>,
      public boost::intrusive::list_base_hook<boost::intrusive::tag<class by_age>> {
public:
    pooled_connection(std::unique_ptr<net::stream> stream, patience bounds)
        : line(std::move(stream), bounds) {}
    ~pooled_connection() { open_ = place.take_back(); }

private:
    friend class lease;
    friend class pool;

    using of_origin =
        boost::intrusive::list<pooled_connection,
                               boost::intrusive::base_hook<boost::intrusive::list_base_hook<
                                   boost::intrusive::tag<class by_origin>>>,
                               boost::intrusive::constant_time_size<false>>;
    using aged =
        boost::intrusive::list<pooled_connection,
                               boost::intrusive::base_hook<boost::intrusive::list_base_hook<
                                   boost::intrusive::tag<class by_age>>>>;
    using entry = std::pair<const core::origin, of_origin>;

    host_limits::permit open_;      // outlives the connection,
    h1_connection line;             // which outlives its place
    host_limits::idle_place place;  ///< while it waits
    entry* home = nullptr;          ///< while it waits for use
    net::clock::time_point since{};
};

/// An exchange for one request. Movable; gives back or closes the connection when it ends.
class lease {
public:
    lease() = default;
    lease(lease&&) noexcept = default;
    lease& operator=(lease&& other) noexcept;
    ~lease() { end(); }

    exchange& operator*() const noexcept { return connection_->line; }
    exchange* operator->() const noexcept { return &connection_->line; }
    explicit operator bool() const noexcept { return connection_ != nullptr; }

    void end();

private:
    friend class pool;
    std::weak_ptr<pool> home_;
    core::origin origin_;
    host_limits::permit open_;  // before the connection, so that it outlives it
    std::unique_ptr<pooled_connection> connection_;
};

class pool : public std::enable_shared_from_this<pool>, private net::deadline {
public:
    /// At most `max_idle` connections wait for use in all pools of these limits, each for 30
    /// seconds; `keeper` closes those that nobody came for, while downloads run. Among these count
    /// the connections whose last response said `close`: up to 64 wait for their servers to close
    /// first, 300 ms at most, so that the port is free again at once (RFC 9293, 3.6.1).
    pool(net::dialer dialer, std::shared_ptr<host_limits> limits, patience bounds,
         std::size_t max_idle, net::timekeeper& keeper);
    ~pool();

    /// An idle connection to `to`, the most recently used one, or none.
    lease take_idle(const core::origin& to);

    /// A new connection. A connection costs most while it is made, so 256 are at a time; a dial is
    /// bounded, and with it the wait. A look-up costs little and holds none of these places, so
    /// that names that hang delay no other. Errors as for `net::dialer`.
    boost::asio::awaitable<core::outcome<lease>> connect(const core::origin& to);

    /// Closes the idle connections to this host whose permits others have taken.
    void close_taken(const std::string& host);
    /// Closes all idle connections. They are reset, since somebody lacks what they hold.
    void close_idle();
    /// Closes those that their servers are about to close.
    void close_leaving();

private:
    friend class lease;

    struct hash {
        std::size_t operator()(const core::origin& key) const noexcept {
            return std::hash<std::string>()(key.host) * 31 + key.port * 2u + key.tls;
        }
    };

    void give_back(lease& ended);
    void leave_to_server(lease& ended);
    bool park(lease& ended);
    void forget(const core::origin& to);
    void evict_oldest();
    bool made_room(const core::fault& why);
    void close_left();
    std::unique_ptr<pooled_connection> unlink(pooled_connection& item);
    void close(pooled_connection& item);
    void on_deadline() override;

    static constexpr std::size_t most_dials = 256;

    net::dialer dialer_;
    async_semaphore dials_{most_dials};
    std::shared_ptr<host_limits> limits_;
    patience bounds_;
    std::size_t max_idle_;
    /// Oldest first. An origin has none here only while its last one is leased.
    std::unordered_map<core::origin, pooled_connection::of_origin, hash> idle_;
    pooled_connection::aged by_age_;   ///< all of these, oldest first
    pooled_connection::aged leaving_;  ///< not to be used again, oldest first
};

}  // namespace asyncdl::http
