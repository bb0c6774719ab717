#include "http/pool.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>

namespace asyncdl::http {

namespace asio = boost::asio;

namespace {
constexpr auto idle_time = std::chrono::seconds(30);
}  // namespace

lease& lease::operator=(lease&& other) noexcept {
    if (this != &other) {
        end();
        home_ = std::move(other.home_);
        origin_ = std::move(other.origin_);
        connection_ = std::move(other.connection_);
        open_ = std::move(other.open_);
    }
    return *this;
}

void lease::end() {
    if (!connection_)
        return;
    try {
        if (const auto home = home_.lock())
            home->give_back(*this);
    } catch (const std::bad_alloc&) {
        // Then the connection is closed.
    }
    connection_.reset();
    open_ = {};
}

pool::pool(net::dialer dialer, std::shared_ptr<host_limits> limits, patience bounds,
           std::size_t max_idle, net::timekeeper& keeper)
    : deadline(keeper),
      dialer_(std::move(dialer)),
      limits_(std::move(limits)),
      bounds_(bounds),
      max_idle_(max_idle) {}

asio::awaitable<core::outcome<lease>> pool::connect(const core::origin& to) {
    lease result;
    result.open_ = limits_->try_open(to.host);
    if (!result.open_) {
        result.open_ = co_await limits_->open(to.host);
        if (!result.open_)
            co_return core::fault(errc::cancelled);
    }
    auto at = co_await dialer_.look_up(to);
    if (!at)
        co_return at.error();
    auto turn = dials_.try_acquire();
    if (!turn) {
        auto [error, guard] = co_await dials_.async_acquire(asio::as_tuple(asio::use_awaitable));
        if (error)
            co_return core::fault(errc::cancelled);
        turn = std::move(guard);
    }
    auto dialled = co_await dialer_.dial(to, std::move(*at));
    if (!dialled)
        co_return dialled.error();
    result.home_ = weak_from_this();
    result.origin_ = to;
    result.connection_ = std::make_unique<h1_connection>(std::move(*dialled), bounds_);
    co_return std::move(result);
}

pool::idle_connection& pool::idle_connection::operator=(idle_connection&& other) noexcept {
    if (this != &other) {
        close();
        connection = std::move(other.connection);
        place = std::move(other.place);
        since = other.since;
    }
    return *this;
}

void pool::idle_connection::close() noexcept {
    if (!connection)
        return;
    const auto open = place.take_back();
    connection.reset();
}

lease pool::take_idle(const core::origin& to) {
    lease result;
    const auto found = idle_.find(to);
    if (found == idle_.end())
        return result;
    const auto too_old = net::clock::now() - idle_time;
    auto& waiting = found->second;
    while (!waiting.empty() && !result) {
        idle_connection last = std::move(waiting.back());
        waiting.pop_back();
        --idle_count_;
        if (last.since < too_old || last.place.is_taken() || !last.connection->renew())
            continue;
        result.open_ = last.place.take_back();
        if (!result.open_)
            continue;
        result.home_ = weak_from_this();
        result.origin_ = to;
        result.connection_ = std::move(last.connection);
    }
    return result;
}

void pool::give_back(lease& ended) {
    if (max_idle_ == 0 || !ended.connection_->reusable())
        return;
    if (limits_->idle() >= max_idle_)
        evict_oldest();
    if (limits_->idle() >= max_idle_)
        return;  // all of them are other pools'
    auto place = limits_->park(ended.open_, ended.connection_->handle());
    if (!place)
        return;
    idle_[ended.origin_].emplace_back(std::move(ended.connection_), std::move(place));
    ++idle_count_;
    if (!is_set())
        set_after(idle_time);
}

void pool::evict_oldest() {
    // An origin whose connections are all in use leaves an empty list behind: swept here.
    std::erase_if(idle_, [](const auto& item) { return item.second.empty(); });
    const auto oldest =
        std::min_element(idle_.begin(), idle_.end(), [](const auto& a, const auto& b) {
            return a.second.front().since < b.second.front().since;
        });
    if (oldest == idle_.end())
        return;
    oldest->second.erase(oldest->second.begin());
    --idle_count_;
}

template <typename Condition>
void pool::close_where(std::vector<idle_connection>& list, Condition condition) {
    idle_count_ -= std::erase_if(list, condition);
}

void pool::on_deadline() {
    const auto too_old = net::clock::now() - idle_time;
    for (auto& [to, waiting] : idle_)
        close_where(waiting, [&](const idle_connection& item) { return item.since <= too_old; });
    std::erase_if(idle_, [](const auto& item) { return item.second.empty(); });
    if (idle_count_ > 0)
        set_after(idle_time / 4);
}

void pool::close_taken(const std::string& host) {
    for (auto& [to, waiting] : idle_)
        if (to.host == host)
            close_where(waiting, [](const idle_connection& item) { return item.place.is_taken(); });
}

void pool::close_idle() {
    idle_count_ = 0;
    idle_.clear();
}

}  // namespace asyncdl::http
