// What a download waits for besides the network: a slot, a place at its host, whether it tries
// again and when. Who waits without need of a slot gives it to others meanwhile.

#include <asyncdl/observer.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "core/scoped_count.hpp"
#include "core/seconds.hpp"
#include "core/thrown.hpp"
#include "engine/acquire_until.hpp"
#include "engine/log.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

namespace {

// To find no local port, the system looks at every one that it has: 2 ms.
constexpr auto lack_pause = std::chrono::milliseconds(100);

// The longest wait for a turn to try again.
constexpr auto lack_turn_bound = std::chrono::seconds(2);

// A port that we closed first is free again after 60 s in Linux (TCP_TIMEWAIT_LEN).
constexpr auto port_patience = std::chrono::seconds(90);

double throw_dice() {
    static thread_local std::minstd_rand generator(std::random_device{}());
    return std::uniform_real_distribution<double>()(generator);
}

}  // namespace

asio::awaitable<core::outcome<void>> transfer::take_slot() {
    if (!slot_ && !is_stopped()) {
        auto& slots = core_->shared->slots;
        slot_ = slots.try_acquire();
        if (!slot_) {
            auto [error, guard] = co_await slots.async_acquire(asio::as_tuple(asio::use_awaitable));
            slot_ = std::move(guard);
        }
    }
    if (is_stopped() || !slot_)
        co_return stopped();
    co_return core::outcome<void>();
}

/// A place among the connections to the host. Who waits for it holds no slot, whether there is a
/// seat or not: who has a place may need a slot in turn.
asio::awaitable<core::outcome<http::host_limits::permit>> transfer::wait_for_host(
    const std::string& host) {
    now(download_state::waiting);
    const auto seat = core_->shared->waiting_room.try_acquire();
    slot_.release();
    waited_ = true;
    auto place = co_await core_->shared->hosts->lease(host);
    if (!place || is_stopped())
        co_return stopped();
    const auto slot = co_await take_slot();
    if (!slot)
        co_return slot.error();
    now(download_state::connecting);
    co_return std::move(place);
}

/// After a failed attempt: whether there is another one. Another mirror is asked at once; when all
/// were, those whose failure may pass are asked again after a wait.
asio::awaitable<core::outcome<bool>> transfer::another_attempt(const core::fault& why) {
    if (why.code() == errc::too_many_files) {
        // What it holds, others may need.
        const bool has_part = has_state_ || stored_.is_open();
        if (!stored_.is_bound())
            co_await close_stored(why);
        has_state_ = has_part && core_->options.resume && !request_.destination;
        if (!has_state_ && !request_.destination) {
            place_.leave();
            stored_.leave();
        }
        core_->shared->folders.forget();
        co_return co_await wait_for_descriptor();
    }
    if (why.code() == errc::no_local_port)
        co_return co_await wait_for_port(why);
    lacks_nothing();
    if (why.code() == failure::local || stuck_)
        co_return false;
    if (stored_.is_bound())
        co_return co_await another_range(why);
    if (why.code() != failure::retryable)
        from_.give_up_current();
    if (request_.urls.size() > 1) {
        // None of it goes with the next one, but it may be this one's turn again.
        co_await close_stored(why);
        has_state_ = core_->options.resume && !request_.destination;
        if (is_stopped())
            co_return false;
    }
    if (from_.next())
        co_return true;
    if (spent_.total >= core_->options.retries || !from_.next_round())
        co_return false;
    const auto waited = co_await wait_to_retry(++spent_.total, why);
    if (!waited)
        co_return waited.error();
    co_return true;
}

/// A stream cannot take its bytes back: only the rest of the same representation may follow, from
/// the same URL.
asio::awaitable<core::outcome<bool>> transfer::another_range(const core::fault& why) {
    if (!broke_off_.any())
        broke_off_ = why;
    const bool may_pass = why.code() == failure::retryable && spent_.total < core_->options.retries;
    if (!may_pass && request_.urls.size() == 1)
        co_return false;
    if (!may_pass || !stored_.missing())
        co_return cannot_start_over(why);
    const auto waited = co_await wait_to_retry(++spent_.total, why);
    if (!waited)
        co_return waited.error();
    co_return true;
}

asio::awaitable<core::outcome<void>> transfer::wait_to_retry(unsigned retry,
                                                             const core::fault& why) {
    const auto wait = core::retry_wait(retry, wait_policy(), throw_dice(), retry_after_);
    log(core_->options.log, log_level::info, [&] {
        return core::for_log(result_.url) + ": " + why.message() + "; retry " +
               std::to_string(retry) + " of " + std::to_string(core_->options.retries) + " in " +
               core::seconds_text(wait);
    });
    core::outcome<void> told;
    try {
        if (core_->options.events)
            core_->options.events->on_retry(result_.id, result_.tag, result_.attempts, why.code(),
                                            wait);
    } catch (...) {
        told = core::thrown_by("the observer");
    }
    if (!told)
        co_return told;
    // Its URL rests as long as it was told: the next attempt finds that, and is held.
    if (retry_after_ && has_nothing_open() && to_ == &from_.current() && must_rest())
        co_return core::outcome<void>();
    co_return co_await wait_without_slot(wait);
}

/// Another download has the slot meanwhile.
asio::awaitable<core::outcome<void>> transfer::wait_without_slot(net::clock::duration time) {
    if (is_stopped())
        co_return stopped();
    lines_.store(0, std::memory_order_relaxed);
    now(download_state::waiting);
    waited_ = true;
    const auto seat = core_->shared->waiting_room.try_acquire();
    slot_.release();
    asio::steady_timer timer(core_->executor, time);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (is_stopped())
        co_return stopped();
    co_return co_await take_slot();
}

/// No file descriptor is free. It keeps its slot, so that fewer downloads run at once; what others
/// give back is tried for as long as there are others that run.
asio::awaitable<bool> transfer::wait_for_descriptor() {
    if (!core_->shared->short_of_files.test_and_set())
        log(core_->options.log, log_level::warn, [] {
            return std::string("too many open files: fewer downloads run at once than asked for");
        });
    co_return co_await wait_for_others(
        std::chrono::duration_cast<net::clock::duration>(core_->options.timeout));
}

/// The same for a port of ours.
asio::awaitable<bool> transfer::wait_for_port(const core::fault& why) {
    if (!core_->shared->short_of_ports.test_and_set())
        log(core_->options.log, log_level::warn,
            [&] { return why.message() + ": fewer downloads run at once than asked for"; });
    co_return co_await wait_for_others(port_patience);
}

/// Waits for what others may give back; false if there is nobody left who could, and that for
/// longer than `most`. It is no attempt. One download at a time tries again, until its body comes:
/// several would each take what another needs besides what it has.
asio::awaitable<bool> transfer::wait_for_others(net::clock::duration most) {
    // Those of other threads too: who has no more to do there gives back nothing else.
    core_->shared->hosts->close_idle();
    if (!lacking_since_)
        lacking_since_ = net::clock::now();
    auto& shared = *core_->shared;
    auto& waiting = shared.waiting_for_others;
    if (net::clock::now() - *lacking_since_ > most) {
        const auto lock = shared.totals.lock();
        if (waiting + 1 >= shared.totals.active())
            co_return false;
    }
    if (counted_)
        --result_.attempts;
    lines_.store(0, std::memory_order_relaxed);
    now(download_state::waiting);
    const core::scoped_count counted(waiting);
    if (is_stopped())
        co_return false;
    semaphore_guard turn;
    if (!lack_turn_)
        turn = shared.lack_turn.try_acquire();
    if (lack_turn_ || turn) {
        asio::steady_timer timer(core_->executor, lack_pause);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    } else {
        // Who has had it found what it lacked, or has had its time. The bound is for one whose
        // executor does not run any more.
        turn = co_await acquire_until(shared.lack_turn, net::clock::now() + lack_turn_bound);
    }
    if (turn)
        lack_turn_.take(std::move(turn));
    co_return !is_stopped();
}

void transfer::lacks_nothing() noexcept {
    lacking_since_.reset();
    lack_turn_.release();
}

core::retry_policy transfer::wait_policy() const {
    return {core_->options.retry_delay, core_->options.retry_max_delay};
}

}  // namespace asyncdl::engine
