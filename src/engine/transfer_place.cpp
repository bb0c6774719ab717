// Where a download's file goes, and what is there already: of other downloads, of earlier runs.

#include "engine/log.hpp"
#include "engine/transfer.hpp"
#include "storage/offload.hpp"
#include "storage/part_lock.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

/// Decides the place on disk; false where the file there is kept.
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
    auto base = core_->directory(place_.directory());
    if (!base)
        return base.error();
    auto wanted = place_.settle(core_->options.if_exists, *base);
    // Asked in any case: the answers also tell whether small files need part files here.
    if (wanted && *wanted)
        has_state_ = storage::has_state(*place_.folder(), place_.leaf()) && core_->options.resume;
    return wanted;
}

core::outcome<bool> transfer::place_found(core::outcome<bool> wanted) {
    note_place();
    if (wanted && *wanted) {
        stored_.put(place_.folder(), place_.leaf());
    } else if (wanted) {
        result_.skipped = true;
        result_.file_size = place_.kept_size();
    }
    return wanted;
}

void transfer::note_place() {
    if (result_.file_name == place_.name())
        return;
    result_.file_name = place_.name();
    result_.file_path = result_.file_name.empty() ? std::string() : place_.path();
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

/// The response names another file. Whether its body is to be stored there; else something of it
/// is there already, and the rest is to be asked for.
asio::awaitable<core::outcome<bool>> transfer::name_changed(const core::response_head& head) {
    co_await stored_.discard();
    auto wanted = settle();
    if (!wanted.now)
        wanted.now = co_await std::move(wanted.later);
    if (!*wanted.now || !**wanted.now)
        co_return std::move(*wanted.now);
    if (has_state_) {
        const auto found = co_await find_earlier();
        if (!found)
            co_return found.error();
    }
    co_return stored_.held() == 0 || stored_.compare(head.fields) != core::agreement::same;
}

}  // namespace asyncdl::engine
