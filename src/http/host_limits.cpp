#include "http/host_limits.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <optional>
#include <utility>

#include "net/stream.hpp"

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

    std::mutex mutex;
    std::size_t wanting = 0;    ///< downloads that wait, or are about to, for a connection
    std::list<parked*> unused;  ///< oldest first
};

/// In its host's list until it is taken away or back; all under the host's mutex.
class host_limits::parked {
public:
    /// Takes the permit, but where somebody waits for it.
    static std::unique_ptr<parked> make(host_limits& limits, permit& open, int socket) {
        auto made = std::make_unique<parked>(limits, open.host_, socket);
        const std::lock_guard lock(made->host_->mutex);
        if (made->host_->wanting > 0)
            return nullptr;
        made->place_ = made->host_->unused.insert(made->host_->unused.end(), made.get());
        made->guard_ = std::move(open.guard_);
        open = {};
        ++limits.idle_;
        return made;
    }

    parked(host_limits& limits, std::shared_ptr<host> where, int socket)
        : limits_(limits), host_(std::move(where)), socket_(socket) {}

    /// By somebody else, who holds the mutex.
    semaphore_guard take() noexcept {
        unlink();
        net::shut_down(socket_);
        return std::move(guard_);
    }

    /// By its pool.
    permit take_back() {
        permit result;
        const std::lock_guard lock(host_->mutex);
        if (!place_)
            return result;
        unlink();
        result.granted_ = true;
        result.host_ = host_;
        result.guard_ = std::move(guard_);
        return result;
    }

    bool is_taken() const {
        const std::lock_guard lock(host_->mutex);
        return !place_;
    }

private:
    void unlink() noexcept {
        host_->unused.erase(*std::exchange(place_, std::nullopt));
        --limits_.idle_;
    }

    host_limits& limits_;
    const std::shared_ptr<host> host_;
    semaphore_guard guard_;
    const int socket_;
    std::optional<std::list<parked*>::iterator> place_;
};

host_limits::idle_place::idle_place() noexcept = default;
host_limits::idle_place::idle_place(idle_place&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), parked_(std::move(other.parked_)) {}

host_limits::idle_place& host_limits::idle_place::operator=(idle_place&& other) noexcept {
    if (this != &other) {
        take_back();
        limits_ = std::exchange(other.limits_, nullptr);
        parked_ = std::move(other.parked_);
    }
    return *this;
}

host_limits::idle_place::~idle_place() {
    take_back();
}

bool host_limits::idle_place::is_taken() const {
    return parked_ && parked_->is_taken();
}

host_limits::permit host_limits::idle_place::take_back() {
    permit result;
    auto* const limits = std::exchange(limits_, nullptr);
    if (!limits)
        return result;
    if (parked_) {
        result = parked_->take_back();
        parked_.reset();
    } else {
        --limits->idle_;
        result.granted_ = true;
    }
    return result;
}

/// Somebody wants a connection, for as long as this lives.
class host_limits::wanting_place {
public:
    explicit wanting_place(std::shared_ptr<host> where) : where_(std::move(where)) {
        const std::lock_guard lock(where_->mutex);
        ++where_->wanting;
    }
    ~wanting_place() {
        const std::lock_guard lock(where_->mutex);
        --where_->wanting;
    }
    wanting_place(const wanting_place&) = delete;
    wanting_place& operator=(const wanting_place&) = delete;

private:
    const std::shared_ptr<host> where_;
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
        // Those who wait already come first.
        if (!result.guard_ && result.host_->connections.waiting() == 0)
            result.guard_ = take_idle(*result.host_, name);
    }
    result.granted_ = limit_ == 0 || result.guard_;
    return result;
}

/// The permit of the connection that has waited longest for use, if there is one.
semaphore_guard host_limits::take_idle(host& where, const std::string& name) {
    semaphore_guard taken;
    {
        const std::lock_guard lock(where.mutex);
        if (where.unused.empty())
            return taken;
        taken = where.unused.front()->take();
    }
    const std::lock_guard lock(mutex_);
    for (const closer& close : pools_)
        close(name);
    return taken;
}

host_limits::idle_place host_limits::park(permit& open, int socket) {
    idle_place result;
    if (limit_ > 0) {
        result.parked_ = parked::make(*this, open, socket);
        if (!result.parked_)
            return result;
    } else {
        ++idle_;
    }
    result.limits_ = this;
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
    // From here on no connection to the host goes idle; one that has is given up.
    const wanting_place wanting(where);
    take_idle(kept, name).release();
    co_return co_await wait_for(std::move(where), kept.connections);
}

void host_limits::close_idle() {
    const std::lock_guard lock(mutex_);
    for (const closer& close : pools_)
        close({});
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
