// How operations end: with every kind of token, on the right executor, leaving no work behind.

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "support/expect.hpp"
#include "support/lists.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Every way in which one operation is started. `start(token)` starts it, `good(result)` judges.
template <typename Result, typename Start, typename Good>
void with_every_token(asio::io_context& io, Start start, Good good) {
    SUBCASE("use_future") {
        CHECK(good(run_for_result(io, start(asio::use_future))));
    }
    SUBCASE("a callback") {
        std::optional<Result> got;
        start([&](Result result) { got.emplace(std::move(result)); });
        CHECK_FALSE(got);
        CHECK(runs_out_of_work(io, patience));
        REQUIRE(got);
        CHECK(good(*got));
    }
    SUBCASE("use_awaitable") {
        const auto wait = [&]() -> asio::awaitable<Result> {
            Result result = co_await start(asio::use_awaitable);
            co_return result;
        };
        CHECK(good(run_for_result(io, asio::co_spawn(io, wait, asio::use_future))));
    }
    SUBCASE("deferred") {
        auto operation = start(asio::deferred);
        io.restart();
        io.poll();  // not started before it is asked to
        CHECK(good(run_for_result(io, std::move(operation)(asio::use_future))));
    }
    SUBCASE("as_tuple") {
        const auto wait = [&]() -> asio::awaitable<Result> {
            std::tuple<Result> result = co_await start(asio::as_tuple(asio::use_awaitable));
            co_return std::get<0>(std::move(result));
        };
        CHECK(good(run_for_result(io, asio::co_spawn(io, wait, asio::use_future))));
    }
    CHECK(runs_out_of_work(io));
}

TEST_SUITE_BEGIN("integration/completion");

TEST_CASE_TEMPLATE("a download with every completion token", How, plain, tls) {
    stage_over<How> on;
    downloader client(on.io.get_executor(), on.options);
    with_every_token<download_result>(
        on.io,
        [&](auto token) { return client.async_download(on.ask("/bytes/5"), std::move(token)); },
        [](const download_result& result) { return result.success; });
    CHECK(on.content() == pattern(0, 5));
}

TEST_CASE_TEMPLATE("a list with every completion token", How, plain, tls) {
    stage_over<How> on;
    downloader client(on.io.get_executor(), on.options);
    with_every_token<batch_result>(
        on.io,
        [&](auto token) {
            return client.async_download_batch(
                std::vector<download_request>{on.ask("/bytes/5", "a"), on.ask("/bytes/6", "b")},
                std::move(token));
        },
        [](const batch_result& batch) { return batch.summary.succeeded == 2; });
    CHECK(on.names() == std::vector<std::string>{"a", "b"});
}

TEST_CASE_TEMPLATE("a stream with every completion token", How, plain, tls) {
    stage_over<How> on;
    downloader client(on.io.get_executor(), on.options);
    list_source source({on.ask("/bytes/5", "a"), on.ask("/bytes/6", "b")});
    list_consumer consumer;
    with_every_token<batch_summary>(
        on.io,
        [&](auto token) { return client.async_download_batch(source, consumer, std::move(token)); },
        [](const batch_summary& summary) { return summary.succeeded == 2; });
    CHECK(consumer.results.size() == 2);
}

TEST_CASE("a download is started through the default token") {
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    const auto wait = [&]() -> asio::awaitable<bool> {
        download_request ask = on.ask("/bytes/5");
        const download_result result =
            co_await client.async_download(std::move(ask), asio::use_awaitable);
        co_return result.success;
    };
    CHECK(run_for_result(on.io, asio::co_spawn(on.io, wait, asio::use_future)));
    CHECK(run_for_result(on.io, client.async_download(on.ask("/bytes/5", "b"))(asio::use_future))
              .success);
}

TEST_CASE("a handler runs on the downloader's executor, where it has none of its own") {
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    CHECK(client.get_executor() == on.io.get_executor());
    bool inside = false;
    client.async_download(on.ask("/bytes/5"), [&](const download_result&) {
        inside = on.io.get_executor().running_in_this_thread();
    });
    CHECK(runs_out_of_work(on.io, patience));
    CHECK(inside);
}

TEST_CASE("a handler runs on its own executor, which has work until then") {
    stage_over<plain> on;
    asio::io_context other{1};
    downloader client(on.io.get_executor(), on.options);
    bool inside = false;
    list_source source({on.ask("/bytes/5", "c")});
    list_consumer consumer;
    int called = 0;
    const auto note = [&](const auto&) {
        ++called;
        inside = other.get_executor().running_in_this_thread();
    };
    SUBCASE("one") {
        client.async_download(on.ask("/bytes/5"), asio::bind_executor(other, note));
    }
    SUBCASE("a list") {
        client.async_download_batch({on.ask("/bytes/5", "a")}, asio::bind_executor(other, note));
    }
    SUBCASE("a stream") {
        client.async_download_batch(source, consumer, asio::bind_executor(other, note));
    }
    SUBCASE("one that fails at once") {
        client.async_download(download_request("no URL"), asio::bind_executor(other, note));
    }
    std::thread elsewhere([&] { other.run(); });
    CHECK(runs_out_of_work(on.io, patience));
    elsewhere.join();
    CHECK(called == 1);
    CHECK(inside);
}

TEST_CASE("nothing is called from within the initiating function") {
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    bool initiating = true;
    int called = 0;
    const auto note = [&](const auto&) {
        CHECK_FALSE(initiating);
        ++called;
    };
    list_source nothing({});
    list_consumer consumer;
    asio::post(on.io, [&] {
        client.async_download(download_request("no URL"), note);
        client.async_download_batch({}, note);
        client.async_download_batch(nothing, consumer, note);
        initiating = false;
    });
    CHECK(runs_out_of_work(on.io));
    CHECK(called == 3);
}

TEST_CASE_TEMPLATE("no work is left behind, although a connection is kept", How, plain, tls) {
    stage_over<How> on;
    downloader client(on.io.get_executor(), on.options);
    CHECK(on.fetch(client, on.ask("/bytes/5")).success);
    CHECK(runs_out_of_work(on.io));
    CHECK(on.server.open() == 1);
}

TEST_CASE("downloads are started from any thread") {
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    auto work = asio::make_work_guard(on.io);
    std::thread runner([&] { on.io.run(); });
    std::vector<std::thread> threads;
    std::atomic<int> succeeded{0};
    for (int i = 0; i < 5; ++i) {
        threads.emplace_back([&, i] {
            for (int k = 0; k < 10; ++k) {
                const std::string name = std::to_string(i * 10 + k);
                auto result = client.async_download(on.ask("/bytes/5", name), asio::use_future);
                succeeded += result.get().success ? 1 : 0;
                client.progress();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    work.reset();
    runner.join();
    CHECK(succeeded == 50);
}

TEST_CASE_TEMPLATE("a downloader on a strand of a context that four threads run", How, plain, tls) {
    stage_over<How> on;
    asio::io_context io{4};
    downloader client(asio::make_strand(io), on.options);
    std::vector<download_request> requests;
    for (int i = 0; i < 100; ++i) {
        requests.push_back(on.ask("/bytes/1000", std::to_string(i)));
    }
    auto batch = client.async_download_batch(std::move(requests), asio::use_future);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] { io.run(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(batch.get().summary.succeeded == 100);
}

TEST_CASE("a context may be destroyed with a download in it") {
    stage_over<plain> on;
    on.options.file_calls = file_io::in_place;
    bool called = false;
    for (int steps = 0; steps < 12; ++steps) {
        asio::io_context io{1};
        downloader client(io.get_executor(), on.options);
        client.async_download(on.ask("/slow/5/100"),
                              [&](const download_result&) { called = true; });
        for (int i = 0; i < steps; ++i) {
            io.run_one_for(patience);
        }
        if (called) {
            break;
        }
    }
}

TEST_SUITE_END();

}  // namespace
