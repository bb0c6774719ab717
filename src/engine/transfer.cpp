#include "engine/transfer.hpp"

#include <asyncdl/observer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/basic_auth.hpp"
#include "core/http_date.hpp"
#include "engine/log.hpp"
#include "engine/request_fields.hpp"
#include "storage/offload.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

namespace {

// A body that nobody wants is read this far to keep its connection.
constexpr std::uint64_t drain_limit = 64 * 1024;

// A body that never makes its reader wait gives the others a turn after this much.
constexpr std::uint64_t turn_bytes = 4 * 1024 * 1024;

}  // namespace

transfer::transfer(std::shared_ptr<downloader_core> core, download_request request,
                   std::uint64_t index, std::shared_ptr<core::name_registry> batch_names)
    : core_(std::move(core)),
      request_(std::move(request)),
      id_(core_->shared->next_id()),
      max_time_(*core_->keeper, *this),
      place_(core_->shared->names, std::move(batch_names)) {
    result_.id = id_;
    result_.tag = request_.tag;
    result_.index = index;
    if (!request_.urls.empty())
        result_.url = core::without_userinfo(request_.urls.front());
    result_.final_url = result_.url;
    planned_ = plan();
}

transfer::~transfer() {
    if (job::is_linked())
        core_->leave(*this);
}

core::outcome<void> transfer::plan() {
    if (request_.rejection)
        return core::fault(request_.rejection, request_.rejection_message);
    if (request_.urls.empty())
        return core::fault(make_error_code(errc::invalid_url), "no URL");
    if (request_.urls.size() > 1)
        return core::fault(make_error_code(errc::unsupported), "mirrors are not supported yet");
    if (!request_.checksum.empty())
        return core::fault(make_error_code(errc::unsupported), "checksums are not supported yet");
    if (const auto fields = check_fields(request_.headers); !fields)
        return fields.error();
    auto parsed = core::url::parse(request_.urls.front());
    if (!parsed)
        return parsed.error();
    first_ = std::move(*parsed);
    if (first_->has_userinfo())
        authorization_ = core::basic_credentials(first_->user(), first_->password());
    if (request_.destination)
        return {};
    const auto named = place_.plan(request_, core_->options, *first_);
    note_place();
    return named;
}

void transfer::note_place() {
    if (result_.file_name == place_.name())
        return;
    result_.file_name = place_.name();
    result_.file_path = result_.file_name.empty() ? std::string() : place_.path();
}

asio::awaitable<download_result> transfer::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    core_->enter(*this);
    core_->shared->totals.started();
    core::outcome<void> outcome;
    try {
        if (!slot_)
            outcome = co_await take_slot();
        if (outcome && is_stopped())
            outcome = stopped();
        if (outcome) {
            begin();
            outcome = planned_;
        }
        bool wanted = outcome.has_value();
        if (wanted && !request_.destination && core_->options.if_exists != on_exists::overwrite) {
            // What is there already may make a request needless.
            const auto settled = co_await settle();
            if (!settled)
                outcome = settled.error();
            wanted = settled && *settled;
        }
        for (unsigned retry = 0; wanted;) {
            outcome = co_await attempt();
            wanted = !outcome && !is_stopped() && retry < core_->options.retries &&
                     outcome.error().code == failure::retryable;
            if (wanted) {
                const auto waited = co_await wait_to_retry(++retry, outcome.error());
                wanted = waited.has_value();
            }
        }
    } catch (...) {
        outcome = core::fault(make_error_code(errc::internal), "a callback threw an exception");
    }
    if (is_stopped() && !outcome)
        outcome = stopped();
    core_->leave(*this);
    finish(outcome);
    co_return std::move(result_);
}

void transfer::begin() {
    started_ = net::clock::now();
    now(download_state::connecting);
    if (core_->options.max_time.count() > 0)
        max_time_.set_after(
            std::chrono::duration_cast<net::clock::duration>(core_->options.max_time));
    if (core_->options.events)
        core_->options.events->on_start(result_.id, result_.tag, result_.url);
}

/// Decides the place on disk; false where the file there is kept.
asio::awaitable<core::outcome<bool>> transfer::settle() {
    auto decide = [this]() -> core::outcome<bool> {
        auto base = core_->directory(place_.directory());
        if (!base)
            return base.error();
        return place_.settle(core_->options.if_exists, *base);
    };
    core::outcome<bool> wanted = false;
    if (core_->work())
        wanted = co_await storage::offload(*core_->work(), decide);
    else
        wanted = decide();
    if (wanted && !*wanted) {
        result_.skipped = true;
        result_.file_size = place_.kept_size();
    }
    note_place();
    co_return wanted;
}

/// Asks, follows where it is sent, and stores what it gets.
asio::awaitable<core::outcome<void>> transfer::attempt() {
    ++result_.attempts;
    retry_after_.reset();
    received_.store(0, std::memory_order_relaxed);
    total_.store(unknown_total, std::memory_order_relaxed);
    core::verdict_policy policy;
    policy.redirects_left = core_->options.max_redirects;
    policy.allow_downgrade = core_->options.allow_downgrade;
    core::url to = *first_;
    for (;;) {
        now(download_state::connecting);
        auto host_place = core_->shared->hosts->try_lease(to.origin().host);
        if (!host_place) {
            auto waited = co_await wait_for_host(to.origin().host);
            if (!waited)
                co_return waited.error();
            host_place = std::move(*waited);
        }
        http::lease line;
        const auto head = co_await ask(line, to);
        if (!head)
            co_return head.error();
        result_.final_url = to.display();
        result_.status = (*head)->status;
        result_.http_version = (*head)->version == 10 ? "1.0" : "1.1";

        auto verdict = core::judge_response(**head, to, policy, std::chrono::system_clock::now());
        if (verdict.stores()) {
            place_.follow(to);
            co_return co_await store(line, **head);
        }
        co_await line->drain(drain_limit, core_->scratch());
        if (is_stopped())
            co_return stopped();
        if (verdict.failure) {
            retry_after_ = verdict.failure->retry_after;
            co_return std::move(verdict.failure->why);
        }
        to = std::move(verdict.redirect->target);
        --policy.redirects_left;
        log(core_->options.log, log_level::debug,
            [&] { return "redirected to " + core::for_log(to.display()); });
    }
}

/// Sends the request and gets the response's head, on an idle connection where there is one.
asio::awaitable<core::outcome<const core::response_head*>> transfer::ask(http::lease& line,
                                                                         const core::url& to) {
    const std::string authority = to.origin().authority();
    const auto request =
        make_request(to, *first_, core_->options, request_, authority, authorization_);
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
        log(core_->options.log, log_level::debug,
            [&] { return "GET " + core::for_log(to.display()); });
        auto head = co_await line->start(request);
        // A kept connection that the server closed just as it was used again is nobody's failure.
        const bool again = !head && !fresh && !is_stopped() &&
                           head.error().code == errc::truncated && line->lost_unanswered();
        if (!again)
            co_return head;
    }
}

asio::awaitable<core::outcome<void>> transfer::store(http::lease& line,
                                                     const core::response_head& head) {
    sink* into = request_.destination;
    if (!into) {
        if (!place_.settled()) {
            const auto wanted = co_await settle();
            if (!wanted)
                co_return wanted.error();
            if (!*wanted)
                co_return core::outcome<void>();
        }
        storage::file_sink::options how;
        how.replace = core_->options.if_exists == on_exists::overwrite;
        how.work = core_->work();
        file_.emplace(place_.folder(), place_.leaf(), how);
        if (const auto time = head.fields.find("Last-Modified"); time && core_->options.remote_time)
            file_->modified(core::parse_http_date(*time));
        into = &*file_;
    }

    const auto size = line->body_size();
    total_.store(size.value_or(unknown_total), std::memory_order_relaxed);
    now(download_state::receiving);
    in_sink_ = true;
    const auto not_opened = co_await into->open(size);
    in_sink_ = false;
    if (not_opened)
        co_return sink_fault(not_opened);
    core::outcome<void> received;
    std::exception_ptr thrown;
    try {
        received = co_await receive(line, *into);
        if (received && is_stopped())
            received = stopped();
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown || !received) {
        in_sink_ = true;
        co_await into->discard();
        in_sink_ = false;
        if (thrown)
            std::rethrow_exception(thrown);
        co_return received;
    }
    now(download_state::finishing);
    line.end();
    const std::uint64_t stored = received_.load(std::memory_order_relaxed);
    in_sink_ = true;
    const auto not_committed = co_await into->commit(stored);
    in_sink_ = false;
    if (not_committed)
        co_return sink_fault(not_committed);
    result_.file_size = stored;
    co_return core::outcome<void>();
}

asio::awaitable<core::outcome<void>> transfer::receive(http::lease& line, sink& into) {
    // The shared memory serves only sinks that are done when they return.
    std::span<std::byte> space = core_->scratch();
    if (request_.destination || core_->work()) {
        const auto size =
            std::min<std::uint64_t>(line->body_size().value_or(space.size()), space.size());
        own_space_.resize(static_cast<std::size_t>(size));
        space = own_space_;
    }
    std::uint64_t offset = 0;
    for (std::uint64_t turn = 0;;) {
        if (is_stopped())
            co_return stopped();
        const auto bytes = co_await line->read(space);
        if (!bytes)
            co_return bytes.error();
        if (bytes->empty())
            co_return core::outcome<void>();
        result_.bytes_received += bytes->size();
        all_received_.store(result_.bytes_received, std::memory_order_relaxed);
        in_sink_ = true;
        const auto not_written = co_await into.write(offset, *bytes);
        in_sink_ = false;
        if (not_written)
            co_return sink_fault(not_written);
        offset += bytes->size();
        received_.store(offset, std::memory_order_relaxed);
        turn += bytes->size();
        if (turn >= turn_bytes) {
            turn = 0;
            co_await asio::post(core_->executor, asio::use_awaitable);
        }
    }
}

}  // namespace asyncdl::engine
