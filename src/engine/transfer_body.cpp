// What becomes of a response that carries the file, or a part of it: stored, verified, or given up.

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/digest_fields.hpp"
#include "core/file_name.hpp"
#include "core/http_date.hpp"
#include "core/percent.hpp"
#include "engine/log.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

namespace {

// A body that never makes its reader wait gives the others a turn after this much.
constexpr std::uint64_t turn_bytes = 4 * 1024 * 1024;

}  // namespace

/// A response that is neither a redirect nor a failure: its body is stored where it goes with what
/// is there, and where that makes the file complete, it appears under its name.
asio::awaitable<core::outcome<transfer::next_step>> transfer::take(
    http::lease& line, const core::response_head& head) {
    const auto& answer = verdict_.part;
    const bool has_part = stored_.is_open() || has_state_;
    if (!request_.destination && place_.follow(*to_, to_ == &elsewhere_, head.fields, has_part)) {
        auto wanted = settle_again();
        if (!wanted.now)
            wanted.now = co_await std::move(wanted.later);
        wanted.now = place_found(std::move(*wanted.now), has_part);
        if (!*wanted.now)
            co_return wanted.now->error();
        if (!**wanted.now) {
            co_await line->drain(drain_limit, core_->scratch());
            co_await stored_.discard();
            co_return next_step::done;
        }
        // Only another folder can hold something that was not known when this was asked.
        if (has_state_ && !has_part) {
            const auto found = co_await take_up_earlier();
            if (!found)
                co_return found.error();
            if (stored_.missing() && stored_.compare(head.fields) != core::agreement::different) {
                co_await line->drain(drain_limit, core_->scratch());
                co_return next_step::ask_again;
            }
        }
    }
    if (place_.existing() && !place_.is_existing_elsewhere() && !answer) {
        const auto keeps = co_await keeps_existing(line, head);
        if (!keeps || *keeps)
            co_return keeps ? core::outcome<next_step>(next_step::done) : keeps.error();
    }
    if (answer) {
        const auto step = co_await reconcile(line);
        if (!step || *step != next_step::store)
            co_return step;
    }
    if (const auto time = head.fields.find("Last-Modified"); time && core_->options.remote_time) {
        modified_ = core::parse_http_date(*time, std::chrono::system_clock::now());
        if (modified_ && *modified_ < core::first_sound_date)
            modified_.reset();
    }

    core::byte_range bytes{0, core::part_request::to_the_end};
    if (answer) {
        bytes = answer->answer == core::part_answer::fits ? answer->bytes : core::byte_range();
    } else if (stored_.is_bound()) {
        co_return cannot_go_on(stored_.compare(head.fields) == core::agreement::different,
                               "the server sent the whole file instead of the rest");
    } else {
        changed_ =
            changed_ || (part_ && stored_.compare(head.fields) == core::agreement::different);
        if (place_.is_unchecked() &&
            line->body_size().value_or(storage::max_unnamed_bytes) >= storage::max_unnamed_bytes) {
            auto checked = check_target();
            if (!checked.now)
                checked.now = co_await std::move(checked.later);
            if (!*checked.now)
                co_return checked.now->error();
        }
        auto started = stored_.start(line->body_size());
        if (!started.now)
            started.now = co_await std::move(started.later);
        if (!*started.now)
            started.now =
                co_await start_elsewhere(line->body_size(), std::move(*started.now).error());
        if (!*started.now)
            co_return started.now->error();
    }
    if (const auto expected = expect_digests(head); !expected)
        co_return expected.error();
    total_.store(stored_.length().value_or(unknown_total), std::memory_order_relaxed);
    if (!bytes.empty()) {
        now(download_state::receiving);
        auto received = co_await receive(line, head, bytes);
        if (!received && received.error().code() == errc::changed) {
            changed_ = true;
            co_await stored_.discard();
            co_return next_step::ask_again;
        }
        if (received && is_stopped())
            received = stopped();
        if (!received)
            co_return received.error();
    }
    line.end();
    if (!stored_.is_complete())
        co_return next_step::ask_again;
    now(download_state::finishing);
    if (stored_.has_expectations()) {
        const auto verified = co_await verify();
        if (!verified)
            co_return verified.error();
    }
    result_.resumed_from = stored_.earlier();
    if (!request_.destination && stored_.held() >= storage::min_recorded_bytes)
        stored_.describe_finished(new_record());
    auto committed = stored_.commit(modified_);
    if (!committed.now)
        committed.now = co_await std::move(committed.later);
    if (!*committed.now && committed.now->error().code() == errc::exists) {
        const auto elsewhere = co_await commit_elsewhere(std::move(*committed.now).error());
        if (!elsewhere || !*elsewhere)
            co_return elsewhere ? core::outcome<next_step>(next_step::done) : elsewhere.error();
    } else if (!*committed.now) {
        co_return committed.now->error();
    }
    result_.file_size = stored_.held();
    place_.drop_part();
    co_return next_step::done;
}

/// The response answers a request for a part. What does not go with what is stored is given up, and
/// asked for again.
asio::awaitable<core::outcome<transfer::next_step>> transfer::reconcile(http::lease& line) {
    const auto& answer = verdict_.part;
    if (answer->answer == core::part_answer::changed ||
        answer->answer == core::part_answer::start_over) {
        if (stored_.is_bound())
            co_return cannot_go_on(answer->answer == core::part_answer::changed, answer->why);
        changed_ = changed_ || answer->answer == core::part_answer::changed;
        log(core_->options.log, log_level::info, [&] {
            return core::for_log(result_.url) + ": starts over: " + std::string(answer->why);
        });
        co_await line->drain(drain_limit, core_->scratch());
        co_await stored_.discard();
        co_return next_step::ask_again;
    }
    const auto fits = co_await stored_.go_on(*part_, *answer, stopped_);
    if (!fits)
        co_return fits.error();
    co_return next_step::store;
}

/// The caller's checksum of this file: the request's own, or the entry for the name that the file
/// has so far. Of several, all by one algorithm, any may be right. `errc::checksum` if there is
/// none.
core::outcome<std::vector<core::checksum>> transfer::given_checksums() const {
    if (!request_.checksum.empty())
        return core::checksum::parse_any_of(request_.checksum);
    const std::string& target = from_.first().target();
    const std::string url_path = core::percent_decoded(target.substr(0, target.find('?')));
    // By the name that it has before a number made it another's.
    if (const std::string* found = core_->checksums.find(place_.base_name(), url_path))
        return core::checksum::parse_any_of(*found);
    return core::fault(
        make_error_code(errc::checksum),
        "no checksum, or more than one, fits " +
            (request_.destination ? core::derived_name(from_.first()) : place_.name()));
}

/// What the caller and the server say that the digest of the whole file is, or of the part.
core::outcome<void> transfer::expect_digests(const core::response_head& head) {
    using enum stored_body::asked_by;
    if (request_.checksum.empty() && !core_->options.checksums.empty()) {
        auto sums = given_checksums();
        if (!sums)
            return sums.error();
        // The response may have named another file than the one whose digest let it come here.
        if (downgraded_ && !core_->options.allow_downgrade &&
            !core::is_strong(sums->front().algorithm))
            return core::fault(make_error_code(errc::redirect),
                               "a redirect from https to http is refused: the checksum of " +
                                   place_.name() + " is weaker than sha-256");
        stored_.expect(*std::move(sums), caller);
    }
    if (auto sum = core::repr_digest(head.fields))
        stored_.expect({std::move(*sum)}, server);
    auto content = core::content_digest(head.fields);
    if (content && head.status != 206)
        stored_.expect({*content}, server);
    stored_.expect_part(head.status == 206 ? std::move(content) : std::nullopt);
    return {};
}

/// Reads the response's body, which is these bytes of the file, and stores it.
asio::awaitable<core::outcome<void>> transfer::receive(http::lease& line,
                                                       const core::response_head& head,
                                                       core::byte_range bytes) {
    // The shared memory serves only sinks that are done when they return.
    std::span<std::byte> space = core_->scratch();
    if (request_.destination || core_->work()) {
        const auto size =
            std::min<std::uint64_t>(line->body_size().value_or(space.size()), space.size());
        own_space_.resize(static_cast<std::size_t>(size));
        space = own_space_;
    }
    const bool is_part = bytes.end != core::part_request::to_the_end;
    // The head is gone after the first wait.
    bool described = is_part;
    const auto describe = [&] {
        if (!std::exchange(described, true))
            stored_.belongs_to(from_.source(), core::validators::of(head.fields));
    };
    std::uint64_t offset = bytes.begin;
    for (std::uint64_t turn = 0;;) {
        if (is_stopped())
            co_return stopped();
        const auto got = line->try_read(space);
        if (!got)
            co_return got.error();
        if (!*got) {
            describe();
            lacks_nothing();
            if (const auto waited = co_await line->wait(); !waited)
                co_return waited.error();
            continue;
        }
        const auto data = **got;
        if (data.empty())
            break;
        if (data.size() > bytes.end - offset)
            co_return core::fault(make_error_code(errc::protocol),
                                  "the server sent more than the part that it announced");
        if (line->body_size() != data.size() || data.size() >= storage::min_recorded_bytes)
            describe();
        result_.bytes_received += data.size();
        core_->shared->totals.received(data.size());
        auto written = stored_.write(offset, data);
        if (!written.now)
            written.now = co_await std::move(written.later);
        if (!*written.now)
            co_return std::move(*written.now);
        offset += data.size();
        received_.store(stored_.held(), std::memory_order_relaxed);
        turn += data.size();
        if (turn >= turn_bytes) {
            turn = 0;
            co_await asio::post(core_->executor, asio::use_awaitable);
        }
    }
    if (is_part && offset != bytes.end)
        co_return core::fault(make_error_code(errc::truncated),
                              "the server sent less than the part that it announced");
    if (!is_part && !line->body_size())
        stored_.ended_here();
    if (stored_.has_part_expectation())
        co_return co_await stored_.check_part(bytes, stopped_);
    co_return core::outcome<void>();
}

/// All bytes are there: whether they are what the caller and the server said.
asio::awaitable<core::outcome<void>> transfer::verify() {
    auto checked = co_await stored_.check(stopped_);
    if (!checked)
        co_return checked.error();
    result_.checksum = std::move(*checked);
    co_return core::outcome<void>();
}

/// What is stored stays where a later run can go on from it.
asio::awaitable<void> transfer::close_stored(const core::fault& why) {
    const bool doubtful = why.code() == errc::checksum || why.code() == errc::file ||
                          why.code() == errc::exists || why.code() == errc::internal ||
                          (why.code() == errc::protocol && stored_.is_confirmed()) || discards_;
    if (discards_ && has_state_ && !stored_.is_open()) {
        // Between two attempts it was closed and kept. What another one has by now is not touched.
        auto taken = stored_.start(std::nullopt);
        if (!taken.now)
            co_await std::move(taken.later);
    }
    if (doubtful)
        co_await stored_.discard();
    if (doubtful || stored_.is_open())
        result_.resumed_from = stored_.earlier();
    co_await stored_.keep_or_discard();
}

}  // namespace asyncdl::engine
