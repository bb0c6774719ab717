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

/// The file that this URL names may be there already. With a checksum its bytes decide, when the
/// response has named it.
asio::awaitable<void> transfer::look_behind_redirect() {
    if (request_.destination || !place_.is_derived() || asks_plainly_ || has_checksum()) {
        co_return;
    }
    const auto look = [this] { place_.look_behind(*to_, core_->options.if_exists); };
    if (core_->work()) {
        co_await storage::offload(*core_->work(), look);
    } else {
        look();
    }
}

/// Asks whether the file that is there has changed, unless the caller has a say in that.
void transfer::add_condition(http::request_head& request) {
    condition_ = condition::none;
    const bool has_fields = !core_->options.headers.empty() || !request_.headers.empty();
    if (has_fields &&
        (names_condition(core_->options.headers) || names_condition(request_.headers))) {
        condition_ = has_condition(request) ? condition::callers : condition::left_out;
    } else if (const auto* record = record_of_existing(); record && !part_ && !asks_plainly_) {
        if (const auto asked = storage::condition_of(*record)) {
            request.fields.emplace_back(asked->name, asked->value);
            condition_ = condition::own;
        }
    }
    policy_.sent_condition = condition_ == condition::own || condition_ == condition::callers;
}

/// What the file that is there says of itself, if that is of use here: it came from this URL, the
/// one that is asked had answered, and it was stored as it was sent.
const storage::file_record* transfer::record_of_existing() const {
    const auto* there = place_.existing();
    const bool fits = there && there->record && !there->record->decoded &&
                      may_ask_by(*there->record) && there->record->source == from_.source() &&
                      there->record->answered == answered(*there->record);
    return fits ? &*there->record : nullptr;
}

/// By a date alone only what a plain request gets: the server may have chosen other bytes of the
/// same time by the caller's fields or credentials.
bool transfer::may_ask_by(const storage::file_record& record) const {
    const bool plain = core_->options.headers.empty() && request_.headers.empty() &&
                       !from_.current().has_userinfo();
    return record.asks_by_etag() || plain;
}

/// A hash of the URL that is asked. Its query may be a signature that is new each time, so beside
/// an ETag it does not count.
std::uint64_t transfer::answered(const storage::file_record& record) const {
    std::string text = to_->display();
    if (record.asks_by_etag()) {
        text.resize(std::min(text.find('?'), text.size()));
    }
    return storage::url_hash(text);
}

/// What the file that is complete says of itself; null if that would be of no use.
std::unique_ptr<storage::file_record> transfer::new_record() const {
    auto record = std::make_unique<storage::file_record>();
    record->take(stored_.about());
    if (!record->has_condition() || !may_ask_by(*record)) {
        return nullptr;
    }
    record->source = from_.source();
    record->answered = answered(*record);
    return record;
}

/// The file is to be replaced, whatever it says.
void transfer::give_up_existing() noexcept {
    place_.forget_existing();
    asks_plainly_ = true;
}

bool transfer::has_checksum() const noexcept {
    return !request_.checksum.empty() || !core_->options.checksums.empty();
}

/// Whether the file that is there is the one that the caller wants, so that nobody need be asked.
/// If it is not, it is to be replaced, whatever else it says.
asio::awaitable<core::outcome<bool>> transfer::agrees_with_checksum() {
    const auto sums = given_checksums();
    if (!sums || !place_.existing()->is_owned) {
        give_up_existing();
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
        give_up_existing();
        co_return false;
    }
    result_.checksum = found->text();
    const auto kept = co_await keep_existing();
    if (!kept) {
        co_return kept.error();
    }
    co_return true;
}

/// Whether the file that a response names is the one that is there. Then its body is left.
asio::awaitable<core::outcome<bool>> transfer::keeps_existing(http::lease& line,
                                                              const core::response_head& head) {
    if (has_checksum()) {
        const auto agrees = co_await agrees_with_checksum();
        if (!agrees) {
            co_return agrees.error();
        }
        if (!*agrees) {
            co_return false;
        }
        co_await line->drain(drain_limit, core_->scratch());
        co_return true;
    }
    if (!is_of_response(line, head)) {
        co_return false;
    }
    auto unchanged = is_existing_unchanged();
    if (!unchanged.now) {
        unchanged.now = co_await std::move(unchanged.later);
    }
    if (!*unchanged.now) {
        give_up_existing();
        co_return false;
    }
    co_await line->drain(drain_limit, core_->scratch());
    const auto kept = co_await keep_existing();
    if (!kept) {
        co_return kept.error();
    }
    co_return true;
}

/// Whether the file is still the one that was looked at before the request.
prompt<bool> transfer::is_existing_unchanged() {
    return make_blocking([this] { return place_.is_existing_unchanged(); });
}

/// A server that was asked whether the file has changed, and sends it, says that it has. A caller
/// who left the condition out wants it sent.
bool transfer::is_of_response(http::lease& line, const core::response_head& head) const {
    if (condition_ != condition::none) {
        return false;
    }
    const auto& there = *place_.existing();
    auto about = core::validators::of(head.fields);
    about.length = line->body_size();
    if (const auto* record = record_of_existing(); record && storage::is_of(*record, about)) {
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
        const auto noted = co_await note_not_fetched();
        if (!noted) {
            co_return noted.error();
        }
        co_return next_step::done;
    }
    auto unchanged = is_existing_unchanged();
    if (!unchanged.now) {
        unchanged.now = co_await std::move(unchanged.later);
    }
    if (contradicted || !*unchanged.now) {
        log(core_->options.log, log_level::info, [&] {
            return core::for_log(result_.url) + ": fetched anew: " +
                   (*unchanged.now ? "the server's 304 has other validators"
                                   : "the file was changed meanwhile");
        });
        give_up_existing();
        co_return next_step::ask_again;
    }
    if (place_.is_existing_elsewhere()) {
        const auto taken = co_await take_existing_name();
        if (!taken) {
            co_return taken.error();
        }
        if (!*taken) {
            asks_plainly_ = true;
            co_return next_step::ask_again;
        }
    }
    if (core_->options.durable || may_have_part()) {
        const auto kept = co_await keep_existing();
        if (!kept) {
            co_return kept.error();
        }
    } else {
        note_kept();
    }
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
    const bool same = record && *record == asked;
    co_return same;
}

asio::awaitable<core::outcome<void>> transfer::keep_existing() {
    if (core_->options.durable) {
        auto synced = make_blocking(
            [this] { return storage::sync_existing(*place_.folder(), place_.leaf()); });
        if (!synced.now) {
            synced.now = co_await std::move(synced.later);
        }
        if (!*synced.now) {
            co_return synced.now->error();
        }
    }
    note_kept();
    co_await remove_part();
    co_return core::outcome<void>();
}

void transfer::note_kept() noexcept {
    result_.skipped = true;
    result_.file_size = place_.existing()->size;
}

/// Whether an earlier run may have left something, as far as is known without a look.
bool transfer::may_have_part() const {
    return stored_.is_open() || has_state_ || !core_->options.resume || place_.has_part_name();
}

/// What an earlier run has left beside a file that is kept is of no use any more. What another
/// download has locked by now is not touched.
asio::awaitable<void> transfer::remove_part() {
    if (!stored_.is_open() && may_have_part()) {
        auto left = make_blocking([this] { return place_.has_state(); });
        if (!left.now) {
            left.now = co_await std::move(left.later);
        }
        if (*left.now) {
            auto taken = stored_.start(std::nullopt);
            if (!taken.now) {
                co_await std::move(taken.later);
            }
        }
    }
    co_await stored_.discard();
    place_.drop_part();
}

/// 304 to the caller's own condition: a success without a file, unless there is one.
asio::awaitable<core::outcome<void>> transfer::note_not_fetched() {
    result_.skipped = true;
    if (request_.destination) {
        co_await stored_.discard();
        co_return core::outcome<void>();
    }
    co_await remove_part();
    auto found =
        make_blocking([this] { return storage::find_existing(*place_.folder(), place_.leaf()); });
    if (!found.now) {
        found.now = co_await std::move(found.later);
    }
    if (!*found.now) {
        co_return found.now->error();
    }
    if (const auto& there = **found.now) {
        result_.file_size = there->size;
    } else {
        result_.file_path.clear();
    }
    co_return core::outcome<void>();
}

}  // namespace asyncdl::engine
