// A batch that ends while its source gives, or while its consumer fails: what was taken from the
// source has exactly one result, and whoever waits for the batch is told.

#include <doctest/doctest.h>
#include <asyncdl/download_manager.hpp>

#include <atomic>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <new>
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

using next = boost::system::result<std::optional<download_request>>;

/// Gives its last download just when the batch is being cancelled: its wait ends with the signal,
/// and the line that the wait was for has come.
class late_source : public download_source {
public:
    explicit late_source(std::vector<download_request> requests) : requests_(std::move(requests)) {}

    asio::awaitable<next> async_next() override {
        if (given == requests_.size()) {
            co_return std::optional<download_request>();
        }
        if (given + 1 == requests_.size()) {
            asio::steady_timer never(co_await asio::this_coro::executor, 1h);
            waits = true;
            boost::system::error_code ended;
            co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        }
        co_return std::optional(requests_[given++]);
    }

    std::atomic<bool> waits = false;
    std::size_t given = 0;

private:
    std::vector<download_request> requests_;
};

/// Never gives anything; ends with the batch.
class silent_source : public list_source {
public:
    using list_source::list_source;

    asio::awaitable<next> async_next() override {
        auto listed = co_await list_source::async_next();
        if (listed && *listed) {
            co_return listed;
        }
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        waits = true;
        co_await never.async_wait(asio::use_awaitable);
        co_return std::optional<download_request>();
    }

    std::atomic<bool> waits = false;
};

void check_cancelled(const batch_summary& summary, const list_consumer& consumer) {
    CHECK(summary.total == 2);
    CHECK(summary.succeeded == 1);
    CHECK(summary.cancelled == 1);
    CHECK_FALSE(summary.source_error);
    CHECK_FALSE(summary.consumer_error);
    REQUIRE(consumer.results.size() == 2);
    for (const download_result& result : consumer.results) {
        CHECK((result.success || result.error == errc::cancelled));
        CHECK_FALSE(result.url.empty());
    }
}

TEST_SUITE_BEGIN("integration/interrupt");

TEST_CASE("a download that was read while the batch was being cancelled ends as cancelled") {
    stage_over<plain> on;
    late_source source({on.ask("/bytes/5", "a"), on.ask("/bytes/6", "b")});
    list_consumer consumer;
    downloader client(on.io.get_executor(), on.options);
    std::optional<batch_summary> got;
    client.async_download_batch(source, consumer, [&](batch_summary s) { got.emplace(s); });
    REQUIRE(eventually([&] {
        on.io.restart();
        on.io.run_for(1ms);
        return source.waits && consumer.results.size() == 1;
    }));
    client.cancel();
    CHECK_NOTHROW(runs_out_of_work(on.io));
    REQUIRE(got);
    check_cancelled(*got, consumer);
}

TEST_CASE("so it does over several threads") {
    for (const unsigned threads : {1U, 2U, 4U}) {
        CAPTURE(threads);
        stage_over<plain> on;
        late_source source({on.ask("/bytes/5", "a"), on.ask("/bytes/6", "b")});
        list_consumer consumer;
        download_manager manager(on.options, threads);
        auto running = std::async(std::launch::async,
                                  [&] { return manager.download_stream(source, consumer); });
        REQUIRE(eventually([&] { return source.waits && manager.progress().succeeded == 1; }));
        manager.cancel();
        check_cancelled(running.get(), consumer);
    }
}

TEST_CASE("what an allocation throws on a thread of the manager ends no process") {
    class source_without_memory : public list_source {
    public:
        using list_source::list_source;
        asio::awaitable<next> async_next() override {
            if (given == 3) {
                throw std::bad_alloc();
            }
            return list_source::async_next();
        }
    };
    class consumer_without_memory : public list_consumer {
    public:
        asio::awaitable<boost::system::error_code> async_consume(download_result) override {
            throw std::bad_alloc();
        }
    };
    stage_over<plain> on;
    download_manager manager(on.options, 4);
    const auto ask = [&](const char* name) { return on.ask("/bytes/5", name); };
    source_without_memory source({ask("a"), ask("b"), ask("c"), ask("d")});
    list_consumer consumer;
    const batch_summary first = manager.download_stream(source, consumer);
    CHECK(first.succeeded == 3);
    CHECK(first.source_error == errc::internal);
    CHECK(consumer.results.size() == 3);
    list_source list({ask("e"), ask("f")});
    consumer_without_memory none;
    const batch_summary second = manager.download_stream(list, none);
    CHECK(second.consumer_error == errc::internal);
    CHECK(second.total == list.given);
    CHECK(manager.download(ask("g")).success);
}

TEST_CASE("a consumer that refuses ends the batch, though another thread waits for the source") {
    class refusing_consumer : public list_consumer {
    public:
        asio::awaitable<boost::system::error_code> async_consume(download_result result) override {
            results.push_back(std::move(result));
            co_return boost::system::errc::make_error_code(boost::system::errc::no_space_on_device);
        }
    };
    stage_over<plain> on;
    silent_source source({on.ask("/")});
    // The result comes when the other thread waits.
    on.server.on("/", response{.body = "hello", .before_last = [&] {
                                   CHECK(eventually([&] { return source.waits.load(); }));
                               }});
    refusing_consumer consumer;
    download_manager manager(on.options, 4);
    auto running =
        std::async(std::launch::async, [&] { return manager.download_stream(source, consumer); });
    CHECK(running.wait_for(patience) == std::future_status::ready);
    manager.cancel();
    CHECK(running.get().consumer_error == boost::system::errc::no_space_on_device);
}

TEST_SUITE_END();

}  // namespace
