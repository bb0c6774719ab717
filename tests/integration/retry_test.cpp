// Retries: which failures are tried again, how often, after how long, and what that costs others.

#include <doctest/doctest.h>
#include <asyncdl/observer.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

/// Misbehaves the first `times` times, then answers "hello".
handler first_few(int times, handler wrong) {
    return
        [=, seen = std::make_shared<std::atomic<int>>(0)](connection& peer, const request& asked) {
            if (seen->fetch_add(1) < times) {
                wrong(peer, asked);
            } else {
                response answer;
                answer.body = "hello";
                peer.send(answer);
            }
        };
}

handler status(unsigned code, std::vector<field> fields = {}) {
    return [=](connection& peer, const request&) {
        response answer;
        answer.status = code;
        answer.fields = fields;
        peer.send(answer);
    };
}

double seconds_of(const download_result& result) {
    return result.download_time.count();
}

/// Writes down how long each retry waits.
class noting_observer : public observer {
public:
    void on_retry(std::uint64_t, std::uint64_t, unsigned, const boost::system::error_code&,
                  std::chrono::milliseconds delay) override {
        delays.push_back(delay);
    }

    std::vector<std::chrono::milliseconds> delays;
};

TEST_SUITE_BEGIN("integration/retry");

TEST_CASE_TEMPLATE("failures that can pass are tried again", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 2;
    on.options.retry_delay = 1ms;
    struct {
        const char* name;
        handler wrong;
    } const cases[] = {
        {"408", status(408)},
        {"425", status(425)},
        {"429", status(429)},
        {"500", status(500)},
        {"502", status(502)},
        {"503", status(503)},
        {"504", status(504)},
        {"close", misbehave::close_before_head()},
        {"reset", misbehave::reset_before_head()},
        {"truncated", misbehave::truncated_body(1000, 500)},
        {"reset in the body", misbehave::reset_in_body(1'000'000, 500'000)},
        {"no last chunk", misbehave::missing_last_chunk()},
        {"stall", misbehave::stall_in_body(1000, 10)},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        if (one.name == std::string_view("stall")) {
            on.options.timeout = 1s;
        }
        on.server.on("/", first_few(2, one.wrong));
        const download_result result = on.fetch("/");
        check_stored(on, result, "hello");
        CHECK(result.attempts == 3);
        CHECK(result.status == 200);
        std::filesystem::remove_all(on.dir / "out");
    }
}

TEST_CASE_TEMPLATE("the budget of retries is kept to", How, plain, tls) {
    stage_over<How> on;
    on.options.retry_delay = 0ms;
    for (const unsigned retries : {0U, 1U, 4U}) {
        on.options.retries = retries;
        const std::size_t before = on.server.requests().size();
        const download_result result = on.fetch("/status/503");
        check_failed(on, result, errc::http_status_transient);
        CHECK(result.attempts == retries + 1);
        CHECK(result.status == 503);
        CHECK(on.server.requests().size() - before == retries + 1);
    }
}

TEST_CASE_TEMPLATE("failures that will not pass are not tried again", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 3;
    on.options.retry_delay = 0ms;
    for (const unsigned code : {400U, 401U, 403U, 404U, 410U, 501U, 505U}) {
        CAPTURE(code);
        const download_result result = on.fetch("/status/" + std::to_string(code));
        check_failed(on, result, errc::http_status);
        CHECK(result.attempts == 1);
    }
    on.server.on("/circle", redirect_to("/circle"));
    CHECK(on.fetch("/circle").attempts == 1);
}

TEST_CASE_TEMPLATE("bytes of all attempts are counted as received", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 1;
    on.options.retry_delay = 0ms;
    on.server.on("/", first_few(1, misbehave::truncated_body(1000, 500)));
    const download_result result = on.fetch("/");
    check_stored(on, result, "hello");
    CHECK(result.bytes_received == 505);
    CHECK(result.resumed_from == 0);
}

TEST_CASE_TEMPLATE("redirects within an attempt are asked again by the next one", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 1;
    on.options.retry_delay = 0ms;
    on.server.on("/from", redirect_to("/to"));
    on.server.on("/to", first_few(1, status(503)));
    const download_result result = on.fetch("/from");
    check_stored(on, result, "hello");
    CHECK(result.attempts == 2);
}

TEST_CASE_TEMPLATE("waits double, with jitter, up to their bound", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 4;
    on.options.retry_delay = 100ms;
    on.options.retry_max_delay = 200ms;
    noting_observer events;
    on.options.events = &events;
    const download_result result = on.fetch("/status/503");
    const std::chrono::milliseconds least[]{100ms, 200ms, 200ms, 200ms};
    REQUIRE(events.delays.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CAPTURE(i);
        CHECK(events.delays[i] >= least[i]);
        CHECK(events.delays[i] <= (i == 0 ? 125ms : 200ms));
    }
    CHECK(seconds_of(result) >= 0.7);
    CHECK(result.download_time < soon);
}

TEST_CASE_TEMPLATE("Retry-After is honoured instead, up to the longest wait", How, plain, tls) {
    stage_over<How> on;
    on.options.retries = 1;
    on.options.retry_delay = 30s;
    const struct {
        unsigned code;
        std::string after;
        std::chrono::milliseconds longest;
        std::chrono::milliseconds wait;
    } cases[] = {
        {503, "1", 60s, 1s},
        {429, "0", 60s, 0s},
        {503, "3600", 200ms, 200ms},
        {503, "nonsense", 200ms, 200ms},
    };
    for (const auto& one : cases) {
        CAPTURE(one.after);
        noting_observer events;
        on.options.events = &events;
        on.options.retry_max_delay = one.longest;
        on.server.on("/", first_few(1, status(one.code, {{"Retry-After", one.after}})));
        const download_result result = on.fetch("/");
        check_stored(on, result, "hello");
        CHECK(events.delays == std::vector{one.wait});
        CHECK(result.download_time >= one.wait);
        CHECK(result.download_time < soon);
    }
}

TEST_CASE_TEMPLATE("a download that waits for its retry gives its place to another", How, plain,
                   tls) {
    stage_over<How> on;
    on.options.max_concurrent = 1;
    on.options.retries = 1;
    on.options.retry_delay = 2s;
    on.server.on("/", first_few(1, status(500)));
    const batch_result batch =
        on.fetch_all({on.ask("/", "a"), on.ask("/bytes/5", "b"), on.ask("/bytes/6", "c")});
    CHECK(batch.summary.succeeded == 3);
    std::vector<std::string> order;
    for (const request& asked : on.server.requests()) {
        order.push_back(asked.target);
    }
    CHECK(order == std::vector<std::string>{"/", "/bytes/5", "/bytes/6", "/"});
}

TEST_CASE_TEMPLATE("each retry is told, with the reason and the wait", How, plain, tls) {
    class : public observer {
    public:
        void on_retry(std::uint64_t, std::uint64_t tag, unsigned attempt,
                      const boost::system::error_code& error,
                      std::chrono::milliseconds delay) override {
            CHECK(tag == 7);
            CHECK(error == errc::http_status_transient);
            CHECK(delay >= 10ms);
            attempts.push_back(attempt);
        }
        std::vector<unsigned> attempts;
    } events;
    stage_over<How> on;
    on.options.events = &events;
    on.options.retries = 2;
    on.options.retry_delay = 10ms;
    download_request ask = on.ask("/status/503");
    ask.tag = 7;
    CHECK(on.fetch(ask).tag == 7);
    CHECK(events.attempts == std::vector<unsigned>{1, 2});
}

TEST_SUITE_END();

}  // namespace
