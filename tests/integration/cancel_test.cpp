// Cancellation at every step: run n handlers, cancel, run to the end; for every n until the
// download is through. What is left is a whole file or nothing, and always exactly one result.

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/lists.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

using canceller = std::function<void(std::optional<downloader>&, asio::cancellation_signal&)>;

canceller emits(asio::cancellation_type type) {
    return [type](std::optional<downloader>&, asio::cancellation_signal& signal) {
        signal.emit(type);
    };
}

struct way {
    const char* name;
    canceller cancel;
};

const std::vector<way>& every_way() {
    static const std::vector<way> ways{
        {"terminal", emits(asio::cancellation_type::terminal)},
        {"partial", emits(asio::cancellation_type::partial)},
        {"total", emits(asio::cancellation_type::total)},
        {"all", [](auto& client, auto&) { client->cancel(); }},
        {"by id",
         [](auto& client, auto&) {
             const progress_snapshot now = client->progress();
             client->cancel(now.downloads.empty() ? 1 : now.downloads[0].id);
         }},
        {"destroy", [](auto& client, auto&) { client.reset(); }},
        {"move from", [](auto& client, auto&) { downloader(std::move(*client)); }},
    };
    return ways;
}

/// Cancels one download behind every step; how many steps there were.
int step_through(stage& on, const std::string& path, const canceller& cancel,
                 const std::function<void()>& prepare = {}) {
    for (int steps = 0;; ++steps) {
        REQUIRE(steps < 5000);
        CAPTURE(steps);
        if (prepare) {
            prepare();
        }
        asio::io_context io{1};
        std::optional<downloader> client(std::in_place, io.get_executor(), on.options);
        asio::cancellation_signal signal;
        std::vector<download_result> results;
        client->async_download(on.ask(path),
                               asio::bind_cancellation_slot(signal.slot(), [&](download_result r) {
                                   results.push_back(std::move(r));
                               }));
        for (int i = 0; i < steps && results.empty(); ++i) {
            io.run_one_for(patience);
        }
        const bool through = !results.empty();
        if (!through) {
            cancel(client, signal);
        }
        CHECK(runs_out_of_work(io));
        REQUIRE(results.size() == 1);
        if (results[0].success) {
            CHECK(on.names() == std::vector<std::string>{"file"});
        } else {
            check_failed(on, results[0], errc::cancelled);
            CHECK(results[0].error == failure::cancelled);
        }
        std::filesystem::remove_all(on.dir / "out");
        if (through) {
            CHECK(results[0].success);
            return steps;
        }
    }
}

TEST_SUITE_BEGIN("integration/cancel");

TEST_CASE_TEMPLATE("a download is cancelled at every step, in every way", How, plain, tls) {
    stage_over<How> on;
    for (const file_io calls : {file_io::in_place, file_io::offload}) {
        on.options.file_calls = calls;
        for (const way& one : every_way()) {
            CAPTURE(one.name);
            CHECK(step_through(on, "/bytes/5", one.cancel) > 3);
        }
    }
}

TEST_CASE_TEMPLATE("a body that comes in pieces is cancelled at every step", How, plain, tls) {
    stage_over<How> on;
    response answer;
    answer.pattern_size = 20;
    answer.piece = 5;
    answer.piece_delay = 1ms;
    answer.chunked = true;
    on.server.on("/", answer);
    for (const way& one : every_way()) {
        CAPTURE(one.name);
        step_through(on, "/", one.cancel);
    }
}

TEST_CASE_TEMPLATE("a redirect to another origin is cancelled at every step", How, plain, tls) {
    stage_over<How> on;
    origin other(How::options());
    response there;
    there.body = "hello";
    other.on("/", there);
    on.server.on("/from", redirect_to(other.url("/")));
    step_through(on, "/from", emits(asio::cancellation_type::total));
}

TEST_CASE("a retry is cancelled at every step") {
    stage_over<plain> on;
    on.options.retries = 1;
    on.options.retry_delay = 2ms;
    const auto prepare = [&] {
        auto seen = std::make_shared<int>(0);
        on.server.on("/", [seen](connection& peer, const request&) {
            response answer;
            answer.status = ++*seen == 1 ? 503 : 200;
            answer.body = "hello";
            peer.send(answer);
        });
    };
    for (const way& one : every_way()) {
        CAPTURE(one.name);
        step_through(on, "/", one.cancel, prepare);
    }
}

TEST_CASE_TEMPLATE("what never ends by itself is cancelled at once", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/no-head", misbehave::stall_before_head());
    on.server.on("/half-body", misbehave::stall_in_body(1'000'000, 100'000));
    on.server.on("/wait", misbehave::raw("HTTP/1.1 503 Busy\r\nRetry-After: 60\r\n"
                                         "Content-Length: 0\r\n\r\n"));
    on.options.retries = 5;
    for (const std::string_view path : {"/no-head", "/half-body", "/wait"}) {
        for (const way& one : every_way()) {
            const std::size_t before = on.server.requests(path);
            CAPTURE(path);
            CAPTURE(one.name);
            asio::io_context io{1};
            std::optional<downloader> client(std::in_place, io.get_executor(), on.options);
            asio::cancellation_signal signal;
            std::optional<download_result> got;
            client->async_download(on.ask(path),
                                   asio::bind_cancellation_slot(
                                       signal.slot(), [&](download_result r) { got.emplace(r); }));
            REQUIRE(runs_until(io, [&] {
                const progress_snapshot now = client->progress();
                return on.server.requests(path) > before &&
                       (path != "/wait" || now.downloads.at(0).state == download_state::waiting) &&
                       (path != "/half-body" || now.bytes_received == 100'000);
            }));
            CHECK_FALSE(got);
            one.cancel(client, signal);
            CHECK(runs_out_of_work(io));
            REQUIRE(got);
            check_failed(on, *got, errc::cancelled);
        }
    }
    CHECK(eventually([&] { return on.server.open() == 0; }));
}

TEST_CASE_TEMPLATE("a list is cancelled at every step", How, plain, tls) {
    stage_over<How> on;
    on.options.max_concurrent = 2;
    for (const way& one : every_way()) {
        if (one.name == std::string("by id")) {
            continue;  // ends one of them alone
        }
        CAPTURE(one.name);
        for (int steps = 0;; ++steps) {
            REQUIRE(steps < 5000);
            asio::io_context io{1};
            std::optional<downloader> client(std::in_place, io.get_executor(), on.options);
            asio::cancellation_signal signal;
            std::optional<batch_result> got;
            client->async_download_batch(
                {on.ask("/bytes/5", "a"), on.ask("/bytes/6", "b"), on.ask("/bytes/7", "c"),
                 on.ask("/bytes/8", "d")},
                asio::bind_cancellation_slot(signal.slot(),
                                             [&](batch_result r) { got.emplace(std::move(r)); }));
            for (int i = 0; i < steps && !got; ++i) {
                io.run_one_for(patience);
            }
            const bool through = got.has_value();
            if (!through) {
                one.cancel(client, signal);
            }
            CHECK(runs_out_of_work(io));
            REQUIRE(got);
            REQUIRE(got->results.size() == 4);
            CHECK(got->summary.total == 4);
            CHECK(got->summary.succeeded + got->summary.cancelled == 4);
            CHECK(got->summary.failed == got->summary.cancelled);
            CHECK(on.names().size() == got->summary.succeeded);
            for (const download_result& result : got->results) {
                CHECK((result.success || result.error == errc::cancelled));
            }
            std::filesystem::remove_all(on.dir / "out");
            if (through) {
                CHECK(got->summary.succeeded == 4);
                break;
            }
        }
    }
}

TEST_CASE("one download is cancelled by its id, the others go on") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_before_head());
    downloader client(on.io.get_executor(), on.options);
    std::optional<download_result> stalled;
    client.async_download(on.ask("/stalls", "a"), [&](download_result r) { stalled.emplace(r); });
    REQUIRE(runs_until(on.io, [&] { return on.server.requests("/stalls") == 1; }));
    CHECK(on.fetch(client, on.ask("/bytes/5", "b")).success);
    const progress_snapshot now = client.progress();
    REQUIRE(now.downloads.size() == 1);
    client.cancel(now.downloads[0].id + 100);
    // What is asked for later ends later than a cancellation.
    CHECK(on.fetch(client, on.ask("/bytes/5", "b2")).success);
    CHECK_FALSE(stalled);
    client.cancel(now.downloads[0].id, disposition::discard);
    CHECK(runs_out_of_work(on.io));
    REQUIRE(stalled);
    check_failure(*stalled, errc::cancelled);
    CHECK(on.fetch(client, on.ask("/bytes/5", "c")).success);
}

TEST_CASE("what a cancelled download leaves may only become less") {
    for (const bool destroys : {false, true}) {
        CAPTURE(destroys);
        stage_over<plain> on;
        on.server.on("/", [](connection& peer, const request&) {
            peer.send_raw("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 4000000\r\n\r\n");
            peer.send_raw(std::string(3'000'000, 'x'));
            peer.stall();
        });
        std::optional<downloader> client(std::in_place, on.io.get_executor(), on.options);
        std::optional<download_result> got;
        client->async_download(on.ask("/"), [&](download_result r) { got.emplace(std::move(r)); });
        REQUIRE(eventually([&] {
            on.io.restart();
            on.io.run_for(1ms);
            return client->progress().bytes_received == 3'000'000;
        }));
        client->cancel(client->progress().downloads.at(0).id, disposition::discard);
        if (destroys) {
            client.reset();
        } else {
            client->cancel();
        }
        CHECK(runs_out_of_work(on.io));
        REQUIRE(got);
        check_failed(on, *got, errc::cancelled);
    }
}

TEST_CASE("a cancelled waiter for a slot loses none") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_before_head());
    on.options.max_concurrent = 1;
    downloader client(on.io.get_executor(), on.options);
    asio::cancellation_signal first;
    asio::cancellation_signal second;
    int ended = 0;
    const auto note = [&](const download_result& result) {
        CHECK(result.error == errc::cancelled);
        ++ended;
    };
    client.async_download(on.ask("/stalls", "a"), asio::bind_cancellation_slot(first.slot(), note));
    client.async_download(on.ask("/stalls", "b"),
                          asio::bind_cancellation_slot(second.slot(), note));
    REQUIRE(runs_until(on.io, [&] { return on.server.requests("/stalls") == 1; }));
    second.emit(asio::cancellation_type::total);
    CHECK(runs_until(on.io, [&] { return ended == 1; }));
    CHECK(on.server.requests().size() == 1);
    first.emit(asio::cancellation_type::total);
    CHECK(on.fetch(client, on.ask("/bytes/5", "c")).success);
    CHECK(ended == 2);
}

TEST_CASE("a coroutine can bound a download with a timer of its own") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_before_head());
    downloader client(on.io.get_executor(), on.options);
    const auto wait = [&]() -> asio::awaitable<bool> {
        using namespace asio::experimental::awaitable_operators;
        asio::steady_timer bound(on.io, 50ms);
        download_request ask = on.ask("/stalls");
        auto first = co_await (client.async_download(std::move(ask), asio::use_awaitable) ||
                               bound.async_wait(asio::use_awaitable));
        co_return first.index() == 1;
    };
    CHECK(run_for_result(on.io, asio::co_spawn(on.io, wait, asio::use_future)));
    CHECK(on.names().empty());
}

TEST_CASE("a moved downloader works, and so does one that is assigned to") {
    stage_over<plain> on;
    downloader first(on.io.get_executor(), on.options);
    downloader second(std::move(first));
    CHECK(on.fetch(second, on.ask("/bytes/5", "a")).success);
    std::optional<download_result> cancelled;
    on.server.on("/stalls", misbehave::stall_before_head());
    second.async_download(on.ask("/stalls", "b"), [&](download_result r) { cancelled.emplace(r); });
    REQUIRE(runs_until(on.io, [&] { return on.server.requests("/stalls") == 1; }));
    second = downloader(on.io.get_executor(), on.options);
    CHECK(on.fetch(second, on.ask("/bytes/5", "c")).success);
    CHECK(runs_out_of_work(on.io));
    REQUIRE(cancelled);
    check_failure(*cancelled, errc::cancelled);
}

TEST_SUITE_END();

}  // namespace
