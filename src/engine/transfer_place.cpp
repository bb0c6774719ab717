// Where a download's file goes, and what is there already: of other downloads, of earlier runs.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/log.hpp"
#include "engine/transfer.hpp"
#include "storage/offload.hpp"
#include "storage/part_lock.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

namespace {

// How many names a complete file tries; each that is taken means that another program got on.
constexpr int max_names = 1000;

}  // namespace

/// Opens the folder and takes the name there, in the order in which downloads began.
asio::awaitable<core::outcome<void>> transfer::take_name() {
    if (!turn_) {
        auto [error, turn] =
            co_await core_->naming_turn.async_acquire(asio::as_tuple(asio::use_awaitable));
        turn_ = std::move(turn);
    }
    const auto enter = [this] { return enter_folder(); };
    core::outcome<void> named;
    if (core_->work())
        named = co_await storage::offload(*core_->work(), enter);
    else
        named = enter();
    turn_.release();
    note_place();
    // A lack of descriptors passes; the attempt takes the name then.
    if (!named && named.error().code() == errc::too_many_files)
        named = {};
    co_return named;
}

/// Blocking.
core::outcome<void> transfer::enter_folder() {
    if (place_.is_named() && place_.folder() && !place_.folder()->is_gone())
        return {};
    auto folder = core_->folder_of(place_.directory(), place_.base_name());
    if (!folder)
        return folder.error();
    return place_.enter(std::move(*folder));
}

/// Decides the place on disk; false if the file there is kept.
prompt<core::outcome<bool>> transfer::settle() {
    if (request_.destination)
        return core::outcome<bool>(true);
    if (core_->work())
        return settle_elsewhere();
    return place_found(look_for_place());
}

asio::awaitable<core::outcome<bool>> transfer::settle_elsewhere() {
    const auto look = [this] { return look_for_place(); };
    auto wanted = co_await storage::offload(*core_->work(), look);
    co_return place_found(std::move(wanted));
}

/// Blocking.
core::outcome<bool> transfer::look_for_place() {
    if (auto entered = enter_folder(); !entered)
        return entered.error();
    auto wanted = place_.settle(core_->options.if_exists);
    if (!wanted || !*wanted)
        return wanted;
    // Asked in any case: the answers also tell whether small files need part files here.
    if (!place_.folder()->may_hold_states() || !core_->options.resume)
        return true;
    const auto part =
        storage::find_state(*place_.folder(), place_.leaf(), from_.source(), place_.is_derived());
    found_by_source_ = part && *part != place_.leaf() && place_.use_part(*part);
    has_state_ = found_by_source_ || (part && *part == place_.leaf());
    return true;
}

/// Whether the directory was removed, so that no file can be begun there any more.
bool transfer::is_place_gone() const {
    return !request_.destination && !stored_.is_open() && place_.folder() &&
           place_.folder()->is_gone();
}

core::outcome<bool> transfer::place_found(core::outcome<bool> wanted, bool has_part) {
    note_place();
    if (wanted && *wanted) {
        if (!has_part)
            stored_.put(place_.folder(), place_.part_leaf(), place_.is_derived());
        if (has_part || place_.has_part_name())
            stored_.appear_as(place_.leaf());
    } else if (wanted) {
        result_.skipped = true;
        result_.file_size = place_.kept_size();
    }
    return wanted;
}

void transfer::note_place() {
    if (result_.file_name == place_.name())
        return;
    std::unique_lock<std::mutex> lock;
    if (job::is_linked())
        lock = core_->shared->totals.lock();  // `report` reads the name from other threads
    result_.file_name = place_.name();
    result_.file_path = result_.file_name.empty() ? std::string() : place_.path();
}

/// What was found under another name is of use, or left alone: it may be another download's by now.
asio::awaitable<core::outcome<void>> transfer::take_up_earlier() {
    auto found = co_await find_earlier();
    if (std::exchange(found_by_source_, false) && !stored_.is_open() && !is_stopped() &&
        (found || found.error().code() != errc::too_many_files)) {
        place_.drop_part();
        has_state_ = false;
        stored_.put(place_.folder(), place_.leaf(), place_.is_derived());
        co_return core::outcome<void>();
    }
    if (!found)
        found = co_await begin_elsewhere(std::move(found).error());
    co_return found;
}

/// Takes up what an earlier run has left of this URL, where its hashes prove it.
asio::awaitable<core::outcome<void>> transfer::find_earlier() {
    now(download_state::verifying);
    received_.store(0, std::memory_order_relaxed);
    const auto found = co_await stored_.find(from_.source(), received_, stopped_);
    if (!found)
        co_return found.error();
    if (is_stopped())
        co_return stopped();
    received_.store(stored_.held(), std::memory_order_relaxed);
    if (stored_.held() > 0)
        log(core_->options.log, log_level::info, [&] {
            return core::for_log(result_.url) + ": " + std::to_string(stored_.held()) +
                   " bytes are there from an earlier run";
        });
    co_return core::outcome<void>();
}

/// The response names another file, in another folder maybe: false if one of that name is kept.
prompt<core::outcome<bool>> transfer::settle_again() {
    const auto look = [this] {
        return place_.is_named() ? place_.settle(core_->options.if_exists) : look_for_place();
    };
    return make_blocking(look);
}

/// Takes the next name that is free; false if the name must stay as it is.
asio::awaitable<core::outcome<bool>> transfer::take_next_name() {
    const auto next = [this] { return place_.next_number(core_->options.if_exists); };
    core::outcome<bool> numbered;
    if (core_->work())
        numbered = co_await storage::offload(*core_->work(), next);
    else
        numbered = next();
    note_place();
    co_return numbered;
}

/// Somebody else has begun a file of this name: another number is as good, if the caller asked for
/// numbers.
asio::awaitable<core::outcome<void>> transfer::begin_elsewhere(core::fault why) {
    if (why.code() != errc::part_in_use || core_->options.if_exists != on_exists::rename)
        co_return why;
    place_.drop_part();
    const auto numbered = co_await take_next_name();
    if (!numbered)
        co_return numbered.error();
    has_state_ = false;
    stored_.put(place_.folder(), place_.leaf(), place_.is_derived());
    co_return core::outcome<void>();
}

/// The same where a body begins.
asio::awaitable<core::outcome<void>> transfer::start_elsewhere(std::optional<std::uint64_t> total,
                                                               core::fault why) {
    for (int tries = 0; tries < max_names && !is_stopped(); ++tries) {
        auto moved = co_await begin_elsewhere(std::move(why));
        if (!moved)
            co_return moved;
        auto started = stored_.start(total);
        if (!started.now)
            started.now = co_await std::move(started.later);
        if (*started.now)
            co_return std::move(*started.now);
        why = std::move(*started.now).error();
    }
    co_return why;
}

/// A body begins that is not so small that its commit would soon tell what is in its place.
prompt<core::outcome<void>> transfer::check_target() {
    return make_blocking([this] { return place_.check(); });
}

/// The complete file takes the next name that is free, since somebody else has made a file of its
/// name meanwhile. Others may do so again. False if that file is kept.
asio::awaitable<core::outcome<bool>> transfer::commit_elsewhere(core::fault why) {
    if (core_->options.if_exists == on_exists::skip) {
        auto wanted = settle_again();
        if (!wanted.now)
            wanted.now = co_await std::move(wanted.later);
        wanted.now = place_found(std::move(*wanted.now), true);
        if (!*wanted.now || **wanted.now)
            co_return *wanted.now ? why : wanted.now->error();
        co_await stored_.discard();
        co_return false;
    }
    for (int tries = 0; tries < max_names && why.code() == errc::exists; ++tries) {
        const auto numbered = co_await take_next_name();
        if (!numbered)
            co_return numbered.error();
        if (!*numbered)
            break;
        stored_.appear_as(place_.leaf());
        auto committed = stored_.commit(modified_);
        if (!committed.now)
            committed.now = co_await std::move(committed.later);
        if (*committed.now)
            co_return true;
        why = std::move(*committed.now).error();
    }
    co_return why;
}

}  // namespace asyncdl::engine
