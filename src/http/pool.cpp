#include "http/pool.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>

namespace asyncdl::http {

namespace asio = boost::asio;

namespace {
constexpr auto idle_time = std::chrono::seconds(30);

// A server that says `close` does so at once; this is for its way here.
constexpr auto leave_time = std::chrono::milliseconds(300);
constexpr std::size_t max_leaving = 64;
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
    if (!at && made_room(at.error()))
        at = co_await dialer_.look_up(to);
    if (!at)
        co_return at.error();
    auto turn = dials_.try_acquire();
    if (!turn) {
        auto [error, guard] = co_await dials_.async_acquire(asio::as_tuple(asio::use_awaitable));
        if (error)
            co_return core::fault(errc::cancelled);
        turn = std::move(guard);
    }
    auto dialled = co_await dialer_.dial(to, *at);
    if (!dialled && made_room(dialled.error()))
        dialled = co_await dialer_.dial(to, std::move(*at));
    if (!dialled)
        co_return dialled.error();
    result.home_ = weak_from_this();
    result.origin_ = to;
    result.connection_ = std::make_unique<pooled_connection>(std::move(*dialled), bounds_);
    co_return std::move(result);
}

pool::~pool() {
    close_leaving();
    while (!by_age_.empty())
        close(by_age_.front());
}

lease pool::take_idle(const core::origin& to) {
    lease result;
    const auto found = idle_.find(to);
    if (found == idle_.end())
        return result;
    const auto too_old = net::clock::now() - idle_time;
    auto& waiting = found->second;
    while (!waiting.empty() && !result) {
        auto last = unlink(waiting.back());
        if (last->since < too_old || last->place.is_taken() || !last->line.renew())
            continue;
        result.open_ = last->place.take_back();
        if (!result.open_)
            continue;
        result.home_ = weak_from_this();
        result.origin_ = to;
        result.connection_ = std::move(last);
    }
    if (!result)
        idle_.erase(found);
    return result;
}

void pool::give_back(lease& ended) {
    const h1_connection& line = ended.connection_->line;
    if (!line.reusable()) {
        if (line.is_left_to_server())
            leave_to_server(ended);
        forget(ended.origin_);
        return;
    }
    if (limits_->idle() >= max_idle_)
        evict_oldest();
    if (limits_->idle() >= max_idle_)
        return forget(ended.origin_);  // all of them are other pools'
    // The entry first: it may find no memory.
    auto& home = *idle_.try_emplace(ended.origin_).first;
    if (!park(ended))
        return forget(ended.origin_);
    pooled_connection& item = *ended.connection_.release();
    item.home = &home;
    home.second.push_back(item);
    by_age_.push_back(item);
    if (!is_set())
        set_after(idle_time);
}

/// Who closes first keeps the port for a minute. The exchange is over: nobody waits for this.
void pool::leave_to_server(lease& ended) {
    close_left();
    if (!ended.connection_->line.is_quiet() || !park(ended))
        return;
    const bool is_first = leaving_.empty();
    leaving_.push_back(*ended.connection_.release());
    limits_->leaves();
    if (is_first)
        set_after(leave_time);
}

/// Makes room among those that leave: what their servers have closed, what has waited long enough,
/// and the oldest if there are too many.
void pool::close_left() {
    const auto too_old = net::clock::now() - leave_time;
    while (!leaving_.empty() &&
           (leaving_.front().since <= too_old || leaving_.size() >= max_leaving ||
            !leaving_.front().line.is_quiet()))
        close(leaving_.front());
}

/// The connection waits from now on. False if somebody waits for its permit.
bool pool::park(lease& ended) {
    pooled_connection& item = *ended.connection_;
    item.place = limits_->park(ended.open_, item.line.handle());
    item.since = net::clock::now();
    return static_cast<bool>(item.place);
}

/// A lease ended without giving its connection back.
void pool::forget(const core::origin& to) {
    const auto found = idle_.find(to);
    if (found != idle_.end() && found->second.empty())
        idle_.erase(found);
}

void pool::evict_oldest() {
    if (!by_age_.empty())
        close(by_age_.front());
}

std::unique_ptr<pooled_connection> pool::unlink(pooled_connection& item) {
    if (item.home) {
        by_age_.erase(by_age_.iterator_to(item));
        item.home->second.erase(item.home->second.iterator_to(item));
        item.home = nullptr;
    } else {
        leaving_.erase(leaving_.iterator_to(item));
        limits_->has_left();
    }
    return std::unique_ptr<pooled_connection>(&item);
}

void pool::close(pooled_connection& item) {
    const auto* const home = item.home;
    unlink(item);
    if (home && home->second.empty())
        idle_.erase(idle_.find(home->first));
}

void pool::on_deadline() {
    const auto now = net::clock::now();
    while (!leaving_.empty() && leaving_.front().since <= now - leave_time)
        close(leaving_.front());
    while (!by_age_.empty() && by_age_.front().since <= now - idle_time)
        close(by_age_.front());
    if (!leaving_.empty())
        set(leaving_.front().since + leave_time);
    else if (!by_age_.empty())
        set_after(idle_time / 4);
}

void pool::close_taken(const std::string& host) {
    const auto close_of = [&](pooled_connection::aged& list) {
        for (auto next = list.begin(); next != list.end();) {
            pooled_connection& item = *next++;
            if ((!item.home || item.home->first.host == host) && item.place.is_taken())
                close(item);
        }
    };
    close_of(by_age_);
    close_of(leaving_);
}

void pool::close_idle() {
    for (auto* const list : {&by_age_, &leaving_}) {
        while (!list->empty()) {
            net::reset_on_close(list->front().line.handle());
            close(list->front());
        }
    }
}

/// Whether another try makes sense: connections that waited for their servers to close made room.
bool pool::made_room(const core::fault& why) {
    if (why.code() != errc::too_many_files || leaving_.empty())
        return false;
    close_leaving();
    return true;
}

void pool::close_leaving() {
    while (!leaving_.empty())
        close(leaving_.front());
}

}  // namespace asyncdl::http
