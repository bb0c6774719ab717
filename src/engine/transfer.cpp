#include "engine/transfer.hpp"

#include <asyncdl/observer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/thrown.hpp"
#include "engine/log.hpp"
#include "engine/request_fields.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

namespace {

// How often one attempt asks again because an answer did not go with what is stored. Each time
// something is given up (a name, the stored bytes), so that no honest server comes near it.
constexpr unsigned most_questions = 8;

bool asks_for_rest(unsigned status) {
    return status == 429 || status == 503;
}

}  // namespace

transfer::transfer(std::shared_ptr<downloader_core> core, download_request&& request,
                   std::uint64_t index, std::shared_ptr<claimed_names> batch_names,
                   core::authority_reader* authorities)
    : core_(std::move(core)),
      request_(std::move(request)),
      id_(core_->shared->next_id()),
      max_time_(*core_->keeper, *this),
      from_(request_.urls, core_->options.log),
      place_(core_->shared->names, batch_names),
      stored_(*core_, request_.destination),
      lack_turn_(*core_->keeper) {
    result_.id = id_;
    result_.tag = request_.tag;
    result_.index = index;
    try {
        if (!request_.urls.empty())
            result_.url = core::without_userinfo(request_.urls.front());
        planned_ = plan(batch_names != nullptr, authorities, nullptr);
    } catch (...) {
        planned_ = core::thrown_by("the request");
    }
}

transfer::~transfer() {
    // Its coroutine was destroyed along with the context that it ran on.
    if (job::is_linked())
        core_->leave(*this);
}

core::outcome<void> transfer::plan(bool has_turn, core::authority_reader* authorities,
                                   kept_name* kept) {
    if (request_.rejection || !request_.rejection_message.empty())
        return rejection_of(request_);
    if (const auto fields = check_fields(request_.headers); !fields)
        return fields.error();
    if (const auto begun = from_.begin(authorities); !begun)
        return begun.error();
    if (!request_.checksum.empty()) {
        auto sum = core::checksum::parse(request_.checksum);
        if (!sum)
            return sum.error();
        stored_.expect({std::move(*sum)}, stored_body::asked_by::caller);
    }
    if (request_.destination)
        return {};
    const auto& names = core_->settled->names;
    auto named = place_.plan(request_, core_->options, from_.first(), names ? &*names : nullptr,
                             result_.index);
    if (kept) {
        place_.take_back(std::move(*kept));
        note_place();
        return named;
    }
    // One that comes later must not overtake those that wait for their names.
    const bool is_next = has_turn || core_->naming_turn.available() > 0;
    if (auto folder =
            named && is_next ? core_->known_folder_of(place_.directory(), place_.name()) : nullptr)
        named = place_.enter(std::move(folder));
    note_place();
    return named;
}

bool transfer::is_named() const noexcept {
    return !planned_ || request_.destination || place_.is_named();
}

asio::awaitable<download_result> transfer::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await complete();
    co_return std::move(result_);
}

asio::awaitable<void> transfer::complete() {
    co_await asio::this_coro::throw_if_cancelled(false);
    core_->enter(*this, was_held_);
    core::outcome<void> outcome;
    try {
        if (!is_named())
            planned_ = co_await take_name();
        if (!slot_ && !gives_up_)
            outcome = co_await take_slot();
        if (outcome && is_stopped())
            outcome = stopped();
        if (outcome)
            outcome = begin();
        if (outcome)
            outcome = planned_;
        for (bool wanted = outcome.has_value(); wanted;) {
            outcome = co_await attempt();
            turn_to_ask_.release();
            if (is_held()) {
                core_->leave(*this, fate::held);
                held_space_.left();
                co_return;
            }
            wanted = !outcome && !is_stopped();
            if (!wanted)
                break;
            const auto again = co_await another_attempt(outcome.error());
            wanted = again && *again;
            if (!again)
                outcome = again.error();
        }
    } catch (...) {
        held_space_.give_back();
        outcome = core::thrown_by("the download");
    }
    lacks_nothing();
    if (is_stopped() && !outcome)
        outcome = stopped();
    if (!outcome) {
        try {
            co_await close_stored(outcome.error());
        } catch (...) {
            outcome = core::thrown_by("the download");
        }
        if (stored_.broken().any())
            outcome = stored_.broken();
        result_.kept_bytes = stored_.kept();
    }
    if (!outcome)
        place_.drop_part();
    try {
        finish(outcome);
    } catch (...) {
        fail(core::thrown_by("the download"));
    }
    core_->leave(*this, result_.success ? fate::succeeded : fate::failed);
}

core::outcome<void> transfer::begin() {
    if (!was_held_)
        started_ = net::clock::now();
    now(download_state::connecting);
    if (core_->options.max_time.count() > 0)
        max_time_.set(started_ +
                      std::chrono::duration_cast<net::clock::duration>(core_->options.max_time));
    if (!core_->options.events || was_held_)
        return {};
    try {
        core_->options.events->on_start(result_.id, result_.tag, result_.url);
        return {};
    } catch (...) {
        return core::thrown_by("the observer");
    }
}

/// Asks, follows where it is sent, and stores what it gets, until the file is complete.
asio::awaitable<core::outcome<void>> transfer::attempt() {
    counted_ = std::exchange(goes_on_, false);
    if (request_.urls.size() > 1)
        avoid_rests();
    if (!stored_.has_place() || is_place_gone()) {
        auto wanted = settle();
        if (!wanted.now)
            wanted.now = co_await std::move(wanted.later);
        if (!*wanted.now)
            co_return wanted.now->error();
        if (!**wanted.now)
            co_return core::outcome<void>();
        if (place_.existing() && has_checksum()) {
            const auto agrees = co_await agrees_with_checksum();
            if (!agrees || *agrees)
                co_return agrees ? core::outcome<void>() : agrees.error();
        }
    }
    to_ = &from_.current();
    if (must_rest() && can_be_held())
        co_return core::outcome<void>();
    if (has_state_ && !stored_.is_open()) {
        const auto found = co_await take_up_earlier();
        if (!found)
            co_return found.error();
    }
    retry_after_.reset();
    changed_ = false;
    policy_.redirects_left = core_->options.max_redirects;
    // Who checks a strong digest needs no encryption to get the right file.
    policy_.allow_downgrade = core_->options.allow_downgrade;
    if (!request_.checksum.empty() || !core_->options.checksums.empty()) {
        const auto digests = given_checksums();
        policy_.allow_downgrade |= digests && core::is_strong(digests->front().algorithm);
    }
    for (unsigned questions = 0; questions < most_questions;) {
        if (is_stopped())
            co_return stopped();
        now(download_state::connecting);
        const auto& host = to_->origin().host;
        if (must_rest()) {
            if (can_be_held())
                co_return core::outcome<void>();
            const auto waited = co_await wait_for_rest();
            if (!waited)
                co_return waited.error();
        }
        auto host_place = core_->shared->hosts->try_lease(host);
        if (!host_place) {
            auto waited = co_await wait_for_host(host);
            if (!waited)
                co_return waited.error();
            host_place = std::move(*waited);
            // It may have been told to rest meanwhile.
            if (must_rest())
                continue;
        }
        if (waited_ && std::exchange(waited_, false) && is_place_gone()) {
            auto wanted = settle();
            if (!wanted.now)
                wanted.now = co_await std::move(wanted.later);
            if (!*wanted.now || !**wanted.now)
                co_return *wanted.now ? core::outcome<void>() : wanted.now->error();
        }
        if (!std::exchange(counted_, true))
            result_.attempts += 1 + std::exchange(spent_.by_others, 0);
        part_ = stored_.missing();
        if (to_ == &elsewhere_ && !part_)
            co_await look_behind_redirect();
        http::lease line;
        asked_at_ = net::clock::now();
        const auto head = co_await ask(line);
        if (!head) {
            was_not_answered(head.error());
            co_return head.error();
        }
        result_.status = (*head)->status;
        result_.http_version = (*head)->version == 10 ? "1.0" : "1.1";
        if (!asks_for_rest(result_.status))
            was_answered();
        verdict_ = core::judge_response(**head, *to_, policy_, std::chrono::system_clock::now(),
                                        part_ ? &*part_ : nullptr);
        if (verdict_.failure || verdict_.redirect) {
            const auto followed = co_await follow(line, **head, host_place);
            if (!followed)
                co_return followed.error();
            continue;
        }
        const auto before = stored_.held();
        core::outcome<next_step> next;
        if (verdict_.not_modified)
            next = co_await not_modified(line, **head);
        else
            next = co_await take(line, **head);
        if (!next || *next == next_step::done)
            co_return next ? core::outcome<void>() : next.error();
        questions = stored_.held() > before ? 0 : questions + 1;
    }
    co_return core::fault(make_error_code(changed_ ? errc::changed : errc::protocol),
                          "the server's range responses are inconsistent");
}

/// A response without the file, whose body nobody wants: where it leads is asked next, or it is a
/// failure.
asio::awaitable<core::outcome<void>> transfer::follow(http::lease& line,
                                                      const core::response_head& head,
                                                      http::host_limits::permit& host_place) {
    if (auto told = judge_page(line, head); told.any())
        co_return told;
    co_await line->drain(drain_limit, core_->scratch());
    if (is_stopped())
        co_return stopped();
    if (verdict_.failure) {
        retry_after_ = verdict_.failure->retry_after;
        core::fault why = verdict_.failure->why;
        if (repeats_secret(why.message(), core_->options, request_, from_.current(), *to_))
            why = core::fault(why.code(), "HTTP status " + std::to_string(result_.status));
        if (asks_for_rest(result_.status))
            was_refused(why);
        co_return why;
    }
    const auto rest = verdict_.redirect->retry_after;
    auto& target = verdict_.redirect->target;
    downgraded_ = downgraded_ || (to_->origin().tls && !target.origin().tls);
    elsewhere_ = std::move(target);
    to_ = &elsewhere_;
    --policy_.redirects_left;
    log(core_->options.log, log_level::debug,
        [&] { return "redirected to " + core::for_log(to_->display()); });
    if (rest && rest->count() > 0) {
        line.end();
        host_place = {};
        const auto waited = co_await wait_without_slot(core::retry_wait(1, wait_policy(), 0, rest));
        if (!waited)
            co_return waited.error();
    }
    co_return core::outcome<void>();
}

/// Sends the request and gets the response's head, on an idle connection where there is one.
asio::awaitable<core::outcome<const core::response_head*>> transfer::ask(http::lease& line) {
    const core::url& to = *to_;
    const std::string authority = to.origin().authority();
    const bool is_given = to.origin() == from_.current().origin();
    auto request = make_request(to, from_.home(), core_->options, request_, authority,
                                is_given ? from_.authorization() : std::string_view());
    policy_.sent_credentials = has_credentials(request);
    add_condition(request);
    std::string range;
    if (part_) {
        range = "bytes=" + std::to_string(part_->bytes.begin) + '-';
        if (part_->bytes.end != core::part_request::to_the_end)
            range += std::to_string(part_->bytes.end - 1);
        request.fields.emplace_back("Range", range);
        if (!part_->unvalidated)
            request.fields.emplace_back("If-Range", core::if_range(part_->about));
    }
    for (bool fresh = false;; fresh = true) {
        line = http::lease();
        if (!fresh)
            line = core_->connections->take_idle(to.origin());
        if (!line) {
            auto connected = co_await core_->connections->connect(to.origin());
            if (!connected)
                co_return connected.error();
            line = std::move(*connected);
        }
        lines_.store(1, std::memory_order_relaxed);
        log(core_->options.log, log_level::debug, [&] {
            return "GET " + core::for_log(to.display()) + (part_ ? ' ' + range : std::string());
        });
        auto head = co_await line->start(request);
        // A kept connection that the server closed just as it was used again is nobody's failure.
        const bool again = !head && !fresh && !is_stopped() &&
                           head.error().code() == errc::truncated && line->lost_unanswered();
        if (!head && !again && !line->is_answered())
            co_return unanswered(head.error());
        if (!again) {
            if (head) {
                result_.final_url.clear();
                result_.final_url.reserve(8 + authority.size() + to.target().size());
                result_.final_url.append(to.origin().tls ? "https://" : "http://");
                result_.final_url.append(authority).append(to.target());
            }
            co_return head;
        }
    }
}

}  // namespace asyncdl::engine
