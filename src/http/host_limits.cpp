#include "http/host_limits.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asyncdl::http {

namespace asio = boost::asio;

namespace {
// Hosts that nobody holds a place of are swept out when the table reaches a multiple of this.
constexpr std::size_t sweep_step = 1024;
}  // namespace

class host_limits::host {
public:
    explicit host(std::size_t limit) : leases(limit), connections(limit) {}

    async_semaphore leases;
    async_semaphore connections;
    std::atomic<std::size_t> wanting = 0;  ///< who waits, or is about to, for a connection
};

std::shared_ptr<host_limits::host> host_limits::find(const std::string& name) {
    const std::lock_guard lock(mutex_);
    auto& known = hosts_[name];
    if (auto found = known.lock())
        return found;
    auto made = std::make_shared<host>(limit_);
    known = made;
    if (hosts_.size() % sweep_step == 0)
        std::erase_if(hosts_, [](const auto& item) { return item.second.expired(); });
    return made;
}

host_limits::permit host_limits::try_lease(const std::string& name) {
    permit result;
    if (limit_ > 0) {
        result.host_ = find(name);
        result.guard_ = result.host_->leases.try_acquire();
    }
    result.granted_ = limit_ == 0 || result.guard_;
    return result;
}

host_limits::permit host_limits::try_open(const std::string& name) {
    permit result;
    if (limit_ > 0) {
        result.host_ = find(name);
        result.guard_ = result.host_->connections.try_acquire();
    }
    result.granted_ = limit_ == 0 || result.guard_;
    return result;
}

asio::awaitable<host_limits::permit> host_limits::wait_for(std::shared_ptr<host> where,
                                                           async_semaphore& places) {
    permit result;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return std::move(result);
    auto [error, guard] = co_await places.async_acquire(asio::as_tuple(asio::use_awaitable));
    result.granted_ = !error;
    result.host_ = std::move(where);
    result.guard_ = std::move(guard);
    co_return result;
}

asio::awaitable<host_limits::permit> host_limits::lease(const std::string& name) {
    auto where = find(name);
    auto& places = where->leases;
    co_return co_await wait_for(std::move(where), places);
}

asio::awaitable<host_limits::permit> host_limits::open(const std::string& name) {
    auto where = find(name);
    auto& kept = *where;
    // Before the others are told, so that none of them lets a connection go idle in between.
    ++kept.wanting;
    {
        const std::lock_guard lock(mutex_);
        for (const closer& close : pools_)
            close(name);
    }
    permit result = co_await wait_for(std::move(where), kept.connections);
    --kept.wanting;
    co_return std::move(result);
}

void host_limits::close_idle() {
    const std::lock_guard lock(mutex_);
    for (const closer& close : pools_)
        close({});
}

bool host_limits::is_wanted(const std::string& name) {
    return limit_ > 0 && find(name)->wanting > 0;
}

std::shared_ptr<void> host_limits::join(closer close) {
    const std::lock_guard lock(mutex_);
    const auto place = pools_.insert(pools_.end(), std::move(close));
    auto leave = [self = shared_from_this(), place](void*) {
        const std::lock_guard leaving(self->mutex_);
        self->pools_.erase(place);
    };
    return std::shared_ptr<void>(this, std::move(leave));
}

}  // namespace asyncdl::http
