// How a download keeps the rests of hosts and URLs, and has a hand in them.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/thrown.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

namespace {

// What the coroutine takes up that waits for one rest, measured: 2.3 KiB.
constexpr std::size_t held_queue_bytes = 2560;

}  // namespace

transfer::transfer(std::shared_ptr<downloader_core> core, held_download&& held,
                   std::shared_ptr<claimed_names> batch_names, std::shared_ptr<rest> what,
                   semaphore_guard turn)
    : core_(std::move(core)),
      request_(std::move(held.request)),
      id_(held.id),
      max_time_(*core_->keeper, *this),
      from_(request_.urls, core_->options.log),
      place_(core_->shared->names, std::move(batch_names)),
      stored_(*core_, request_.destination),
      goes_on_(held.counted),
      spent_(held.spent),
      rest_(std::move(what)),
      turn_to_ask_(std::move(turn)),
      was_held_(true),
      lack_turn_(*core_->keeper),
      started_(held.started) {
    held.space.give_back();
    if (held.so_far)
        result_ = std::move(*held.so_far);
    result_.id = id_;
    result_.tag = request_.tag;
    result_.index = held.index;
    try {
        if (!request_.urls.empty())
            result_.url = core::without_userinfo(request_.urls.front());
        planned_ = plan(true, nullptr, &held.name);
    } catch (...) {
        planned_ = core::thrown_by("the request");
    }
}

/// What it has of memory, but for what it takes to begin again. The transfer is of no use any more.
held_download transfer::hold() {
    held_download held;
    if (result_.attempts > 0)
        held.so_far = std::make_unique<download_result>();
    if (held.so_far)
        *held.so_far = std::move(result_);
    held.space = std::move(held_space_);
    held.id = id_;
    held.index = held.so_far ? held.so_far->index : result_.index;
    held.started = started_;
    held.name = place_.keep();
    held.spent = spent_;
    held.counted = counted_;
    held.request = std::move(request_);
    return held;
}

void transfer::give_up() {
    const auto& longest = core_->options.max_time;
    if (longest.count() > 0 && net::clock::now() - started_ >= longest) {
        stop(errc::max_time);
        return;
    }
    gives_up_ = true;
    planned_ = refused_by_others();
}

/// One URL says all that is left to do, in a batch.
bool transfer::has_nothing_open() const {
    return may_be_held_ && !stored_.is_open() && stored_.held() == 0 && request_.urls.size() == 1 &&
           place_.is_as_planned();
}

/// Where it has to rest. Takes the memory for that.
bool transfer::can_be_held() {
    if (!has_nothing_open() || is_stopped())
        return false;
    auto bytes = held_download::memory(request_, result_.attempts > 0 ? &result_ : nullptr);
    if (rest_->key != rest_->host)
        bytes += held_queue_bytes;  // for it alone, most likely
    held_space_ = held_space::try_take(*core_->shared, bytes);
    return static_cast<bool>(held_space_);
}

/// Another mirror that may be asked now is better than a wait. What was stored from this one is
/// taken up again when it is this one's turn.
void transfer::avoid_rests() {
    auto& rests = core_->shared->rests;
    const auto now = net::clock::now();
    const auto rests_now = [&](const core::url& url) {
        const auto found = rests.of(url, now);
        return found && found->now().end > now;
    };
    if (!stored_.is_open() && rests_now(from_.current()))
        (void)from_.next_if([&](const core::url& url) { return !rests_now(url); });
}

/// Whether it has to wait before it asks `to_`: for the end of a rest, or for others that ask after
/// it.
bool transfer::must_rest() {
    asks_after_rest_ = false;
    auto& rests = core_->shared->rests;
    if (!rest_ && !rests.any())
        return false;
    const auto now = net::clock::now();
    const auto found = rests.of(*to_, now);
    if (!found) {
        if (rest_ && rest_->now().over) {
            turn_to_ask_.release();
            rest_.reset();
            spent_.begin_anew(0);
        }
        return false;
    }
    const auto state = found->now();
    if (found != rest_) {
        turn_to_ask_.release();
        rest_ = found;
        spent_.begin_anew(state.told);
    }
    if (state.over)
        return false;
    if (!turn_to_ask_ && state.end <= now)
        turn_to_ask_ = found->turns.try_acquire();
    asks_after_rest_ = turn_to_ask_ && state.end <= now;
    asked_told_ = state.told;
    return !asks_after_rest_;
}

/// Until it may ask. Who waits holds no slot. Of those that wait few have a turn; they wait for the
/// end, the others for a turn, which passes on quickly when the rest is over.
asio::awaitable<core::outcome<void>> transfer::wait_for_rest() {
    lines_.store(0, std::memory_order_relaxed);
    now(download_state::waiting);
    waited_ = true;
    const auto seat = core_->shared->waiting_room.try_acquire();
    while (must_rest()) {
        if (is_stopped())
            co_return stopped();
        const auto state = rest_->now();
        // One of several mirrors goes on to the next one, as after a refusal of its own.
        const bool has_mirrors = request_.urls.size() > 1;
        if (has_mirrors && spent_.told_again < state.told) {
            spent_.told_again = state.told;
            co_return rest_->why();
        }
        if (!spent_.count(state.told, core_->options.retries))
            co_return refused_by_others();
        slot_.release();
        if (!turn_to_ask_) {
            const auto waits_for = rest_;
            auto [error, turn] =
                co_await waits_for->turns.async_acquire(asio::as_tuple(asio::use_awaitable));
            turn_to_ask_ = std::move(turn);
        } else {
            asio::steady_timer timer(core_->executor, state.end);
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        if (is_stopped())
            co_return stopped();
        if (!must_rest()) {
            const auto slot = co_await take_slot();
            if (!slot)
                co_return slot.error();
        }
    }
    co_return core::outcome<void>();
}

/// The failure of a download whose attempts are spent by what others were told.
core::fault transfer::refused_by_others() {
    core::fault why = rest_->why();
    if (result_.attempts > 0)
        return why;
    result_.status = rest_->now().status;
    return {why.code(), why.message() + ", said to others that asked " +
                            from_.current().origin().display() + "; this one was not asked for"};
}

void transfer::was_refused(const core::fault& why) {
    refusal how;
    how.why = why;
    how.status = result_.status;
    how.retry_after = retry_after_;
    how.policy = wait_policy();
    how.asked = asked_at_;
    core_->shared->rests.refused(*to_, how, net::clock::now());
    // What it was told itself is an attempt of its own, and counts no second time.
    if (asks_after_rest_)
        spent_.told_again = std::max(spent_.told_again, asked_told_ + 1);
    turn_to_ask_.release();
}

void transfer::was_answered() {
    if (core_->shared->rests.any())
        core_->shared->rests.answered(*to_, net::clock::now());
    if (asks_after_rest_)
        turn_to_ask_.release();
}

/// A host that cannot be asked at all keeps nobody waiting: all find that out.
void transfer::was_not_answered(const core::fault& why) {
    if (asks_after_rest_ && !is_stopped() && why.code() != failure::local)
        core_->shared->rests.answered(*to_, net::clock::now());
    turn_to_ask_.release();
}

}  // namespace asyncdl::engine
