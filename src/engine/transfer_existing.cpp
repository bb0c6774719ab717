// The file that is there already: whether it is still what the server has, and so is kept.

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "core/http_date.hpp"
#include "engine/log.hpp"
#include "engine/request_fields.hpp"
#include "engine/transfer.hpp"
#include "storage/offload.hpp"
#include "storage/url_hash.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

/// The file that this URL names may be there already.
asio::awaitable<void> transfer::look_behind_redirect() {
    if (request_.destination || !place_.is_derived()) {
        co_return;
    }
    const auto look = [this] { place_.look_behind(*to_, core_->options.if_exists); };
    if (core_->work()) {
        co_await storage::offload(*core_->work(), look);
    } else {
        look();
    }
}

/// Asks whether the file that is there has changed, unless the caller does so.
void transfer::add_condition(http::request_head& request) {
    const bool has_fields = !core_->options.headers.empty() || !request_.headers.empty();
    condition_ = has_fields && has_condition(request) ? condition::callers : condition::none;
    const auto* record = record_of_existing();
    if (record && condition_ == condition::none && !part_ && !asks_plainly_) {
        if (const auto asked = storage::condition_of(*record)) {
            request.fields.emplace_back(asked->name, asked->value);
            condition_ = condition::own;
        }
    }
    policy_.sent_condition = condition_ != condition::none;
}

/// What the file that is there says of itself, if it came from this URL, stored as it was sent.
const storage::file_record* transfer::record_of_existing() const {
    const auto* there = place_.existing();
    const bool fits = there && there->record && !there->record->decoded &&
                      there->record->source == from_.source();
    return fits ? &*there->record : nullptr;
}

/// A hash of the URL that is asked. Without its query, which may be a signature that is new each
/// time.
std::uint64_t transfer::answered() const {
    std::string text = to_->display();
    text.resize(std::min(text.find('?'), text.size()));
    return storage::url_hash(text);
}

bool transfer::has_checksum() const noexcept {
    return !request_.checksum.empty() || !core_->options.checksums.empty();
}

/// Whether the file that is there is the one that the caller wants, so that nobody need be asked.
/// If it is not, it is to be replaced, whatever else it says.
asio::awaitable<core::outcome<bool>> transfer::agrees_with_checksum() {
    const auto sums = given_checksums();
    if (!sums || !place_.existing()->is_owned) {
        place_.forget_existing();
        co_return false;
    }
    now(download_state::verifying);
    const auto look = [this, algorithm = sums->front().algorithm] {
        return storage::digest_of(*place_.folder(), place_.leaf(), *place_.existing(), algorithm,
                                  stopped_);
    };
    const auto found =
        co_await storage::offload(core_->shared->work_executor(core_->executor), look);
    if (is_stopped()) {
        co_return stopped();
    }
    if (!found || std::ranges::find(*sums, *found) == sums->end()) {
        place_.forget_existing();
        co_return false;
    }
    result_.checksum = found->text();
    // What an earlier run has left is of no use any more, if it is ours.
    if (has_state_ && !stored_.is_open()) {
        (void)co_await take_up_earlier();
    }
    co_await keep_existing();
    co_return true;
}

/// Whether the file that a response names is the one that is there. Then its body is left.
asio::awaitable<core::outcome<bool>> transfer::keeps_existing(http::lease& line,
                                                              const core::response_head& head) {
    if (has_checksum()) {
        const auto agrees = co_await agrees_with_checksum();
        if (agrees && *agrees) {
            co_await line->drain(drain_limit, core_->scratch());
        }
        co_return agrees;
    }
    if (!is_of_response(line, head)) {
        co_return false;
    }
    co_await line->drain(drain_limit, core_->scratch());
    co_await keep_existing();
    co_return true;
}

/// A server that was asked whether the file has changed, and sends it, says that it has.
bool transfer::is_of_response(http::lease& line, const core::response_head& head) const {
    if (condition_ != condition::none) {
        return false;
    }
    const auto& there = *place_.existing();
    auto about = core::validators::of(head.fields);
    about.length = line->body_size();
    const auto* record = record_of_existing();
    if (record && record->answered == answered() && storage::is_of(*record, about)) {
        return true;
    }
    if (core_->options.if_exists != on_exists::timestamp || about.length != there.size) {
        return false;
    }
    const auto modified =
        core::parse_http_date(about.last_modified, std::chrono::system_clock::now());
    return modified && modified->time_since_epoch().count() == there.time.seconds;
}

/// 304. One that does not go with what is known of the file is not believed: the next request has
/// no condition.
asio::awaitable<core::outcome<transfer::next_step>> transfer::not_modified(
    http::lease& line, const core::response_head& head) {
    const bool own = condition_ == condition::own;
    const bool contradicted =
        own && storage::contradicts(*place_.existing()->record, core::validators::of(head.fields));
    co_await line->drain(drain_limit, core_->scratch());
    if (!own) {
        co_await note_not_fetched();
        co_return next_step::done;
    }
    if (place_.existing()->record->answered != answered()) {
        asks_plainly_ = true;
        co_return next_step::ask_again;
    }
    const auto look = [this] { return place_.is_existing_unchanged(); };
    bool unchanged = false;
    if (core_->work()) {
        unchanged = co_await storage::offload(*core_->work(), look);
    } else {
        unchanged = look();
    }
    if (contradicted || !unchanged) {
        log(core_->options.log, log_level::info, [&] {
            return core::for_log(result_.url) + ": fetched anew: " +
                   (unchanged ? "the server's 304 has other validators"
                              : "the file was changed meanwhile");
        });
        place_.forget_existing();
        co_return next_step::ask_again;
    }
    if (place_.is_existing_elsewhere()) {
        const auto taken = co_await take_existing_name();
        if (!taken || !*taken) {
            co_return taken ? core::outcome<next_step>(next_step::ask_again) : taken.error();
        }
    }
    co_await keep_existing();
    co_return next_step::done;
}

/// The file has the name that the redirect gave, which is the download's from now on. False, and
/// the file is to be replaced, if another download has that name.
asio::awaitable<core::outcome<bool>> transfer::take_existing_name() {
    const storage::file_record asked = *place_.existing()->record;
    place_.forget_existing();
    if (place_.follow(*to_, true, core::fields(), stored_.is_open())) {
        auto wanted = settle_again();
        if (!wanted.now) {
            wanted.now = co_await std::move(wanted.later);
        }
        wanted.now = place_found(std::move(*wanted.now), stored_.is_open());
        if (!*wanted.now) {
            co_return wanted.now->error();
        }
    }
    const auto* record = record_of_existing();
    co_return record&&* record == asked;
}

asio::awaitable<void> transfer::keep_existing() {
    result_.skipped = true;
    result_.file_size = place_.existing()->size;
    co_await stored_.discard();
    place_.drop_part();
}

/// 304 to the caller's own condition: a success without a file, unless there is one.
asio::awaitable<void> transfer::note_not_fetched() {
    result_.skipped = true;
    co_await stored_.discard();
    place_.drop_part();
    if (request_.destination) {
        co_return;
    }
    const auto look = [this] { return storage::find_existing(*place_.folder(), place_.leaf()); };
    std::optional<storage::existing_file> there;
    if (core_->work()) {
        there = co_await storage::offload(*core_->work(), look);
    } else {
        there = look();
    }
    if (there) {
        result_.file_size = there->size;
    } else {
        result_.file_path.clear();
    }
}

}  // namespace asyncdl::engine
