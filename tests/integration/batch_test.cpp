// Batches: order, totals, sources and consumers that wait or fail, bounds that several downloaders
// share.

#include <doctest/doctest.h>
#include <asyncdl/download_manager.hpp>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/event.hpp"
#include "support/expect.hpp"
#include "support/lists.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

using next = boost::system::result<std::optional<download_request>>;

batch_summary stream(stage& on, download_source& source, result_consumer& consumer) {
    downloader client(on.io.get_executor(), on.options);
    return run_for_result(on.io, client.async_download_batch(source, consumer, asio::use_future));
}

/// Gives `good` requests, then ends in its own way.
class failing_source : public download_source {
public:
    failing_source(std::vector<download_request> good, bool throws)
        : good_(std::move(good)), throws_(throws) {}

    asio::awaitable<next> async_next() override {
        ++calls;
        if (calls <= good_.size()) {
            co_return good_[calls - 1];
        }
        if (throws_) {
            throw std::runtime_error("a source's own problem");
        }
        co_return boost::system::errc::make_error_code(boost::system::errc::io_error);
    }

    std::size_t calls = 0;

private:
    std::vector<download_request> good_;
    bool throws_;
};

/// Takes one result, then fails in its own way.
class failing_consumer : public list_consumer {
public:
    explicit failing_consumer(bool throws) : throws_(throws) {}

    asio::awaitable<boost::system::error_code> async_consume(download_result result) override {
        results.push_back(std::move(result));
        if (results.size() == 2 && throws_) {
            throw std::runtime_error("a consumer's own problem");
        }
        co_return results.size() == 2
            ? boost::system::errc::make_error_code(boost::system::errc::no_space_on_device)
            : boost::system::error_code();
    }

private:
    bool throws_;
};

/// Takes results one every few milliseconds, and notes how far ahead the source was read.
class slow_consumer : public list_consumer {
public:
    explicit slow_consumer(const list_source& source) : source_(source) {}

    asio::awaitable<boost::system::error_code> async_consume(download_result result) override {
        CHECK_FALSE(busy_);
        busy_ = true;
        asio::steady_timer pause(co_await asio::this_coro::executor, 2ms);
        co_await pause.async_wait(asio::use_awaitable);
        results.push_back(std::move(result));
        furthest = std::max(furthest, source_.given - results.size());
        busy_ = false;
        co_return boost::system::error_code();
    }

    std::size_t furthest = 0;

private:
    const list_source& source_;
    bool busy_ = false;
};

std::vector<download_request> numbered(const stage& on, std::size_t count) {
    std::vector<download_request> requests;
    for (std::size_t i = 0; i < count; ++i) {
        requests.push_back(on.ask("/bytes/" + std::to_string(i), std::to_string(i)));
        requests.back().tag = 1000 + i;
    }
    return requests;
}

/// The most requests that were being answered at once. The first are held until as many are there
/// as may be.
class busy_meter {
public:
    explicit busy_meter(int wanted) : wanted_(wanted) {}

    handler answer() {
        return [this](connection& peer, const request&) {
            const int now = ++busy_;
            int seen = most_;
            while (now > seen && !most_.compare_exchange_weak(seen, now)) {
            }
            eventually([&] { return most_ >= wanted_; });
            peer.pause(5ms);
            --busy_;  // before the client can know that it has the whole answer
            response body;
            body.body = "hello";
            peer.send(body);
        };
    }
    int most() const { return most_; }

private:
    const int wanted_;
    std::atomic<int> busy_{0};
    std::atomic<int> most_{0};
};

TEST_SUITE_BEGIN("integration/batch");

TEST_CASE("an empty batch is an empty success") {
    stage_over<plain> on;
    const batch_result list = on.fetch_all({});
    CHECK(list.results.empty());
    CHECK(list.summary.total == 0);
    CHECK(list.summary.success_rate() == 1.0);
    list_source source({});
    list_consumer consumer;
    const batch_summary summary = stream(on, source, consumer);
    CHECK(summary.total == 0);
    CHECK_FALSE(summary.source_error);
    CHECK_FALSE(summary.consumer_error);
    CHECK(on.server.accepted() == 0);
    CHECK_FALSE(std::filesystem::exists(on.dir / "out"));
}

TEST_CASE_TEMPLATE("results are in input order, with totals that agree", How, plain, tls) {
    stage_over<How> on;
    std::vector<download_request> requests = numbered(on, 30);
    requests[3] = on.ask("/status/404", "3");
    requests[5] = download_request("no URL");
    requests[7] = on.ask("/slow/20/100", "7");
    write_file(on.dir / "unused", "");
    const batch_result batch = on.fetch_all(requests);
    REQUIRE(batch.results.size() == 30);
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < 30; ++i) {
        CAPTURE(i);
        CHECK(batch.results[i].index == i);
        CHECK(batch.results[i].url == requests[i].urls[0]);
        CHECK(batch.results[i].tag == requests[i].tag);
        CHECK(batch.results[i].success == (i != 3 && i != 5));
        bytes += batch.results[i].bytes_received;
    }
    CHECK(batch.summary.total == 30);
    CHECK(batch.summary.succeeded == 28);
    CHECK(batch.summary.failed == 2);
    CHECK(batch.summary.skipped == 0);
    CHECK(batch.summary.cancelled == 0);
    CHECK(batch.summary.bytes == bytes);
    CHECK(batch.summary.elapsed >= 200ms);
}

TEST_CASE("ids are unique and not 0") {
    stage_over<plain> on;
    std::vector<std::uint64_t> ids;
    for (const download_result& result : on.fetch_all(numbered(on, 20)).results) {
        ids.push_back(result.id);
    }
    std::sort(ids.begin(), ids.end());
    CHECK(ids.front() != 0);
    CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE_TEMPLATE("a stream is read as its results are taken", How, plain, tls) {
    stage_over<How> on;
    on.options.max_concurrent = 4;
    list_source source(numbered(on, 100));
    slow_consumer consumer(source);
    const batch_summary summary = stream(on, source, consumer);
    CHECK(summary.succeeded == 100);
    CHECK(consumer.results.size() == 100);
    CHECK(consumer.furthest <= 12);
    std::vector<bool> seen(100);
    for (const download_result& result : consumer.results) {
        REQUIRE(result.index < 100);
        CHECK(result.tag == 1000 + result.index);
        CHECK_FALSE(seen[result.index]);
        seen[result.index] = true;
    }
}

TEST_CASE("a source that fails ends the batch behind what it gave") {
    for (const bool throws : {false, true}) {
        CAPTURE(throws);
        stage_over<plain> on;
        failing_source source(numbered(on, 5), throws);
        list_consumer consumer;
        const batch_summary summary = stream(on, source, consumer);
        CHECK(summary.total == 5);
        CHECK(summary.succeeded == 5);
        CHECK(consumer.results.size() == 5);
        CHECK(summary.source_error);
        CHECK_FALSE(summary.source_message.empty());
        CHECK_FALSE(summary.consumer_error);
        CHECK(source.calls == 6);
        if (throws) {
            CHECK(summary.source_error == errc::internal);
        }
    }
}

TEST_CASE(
    "a source that gives a cancelled wait as its error has failed, if nothing was cancelled") {
    class aborted_source : public list_source {
    public:
        using list_source::list_source;
        asio::awaitable<next> async_next() override {
            auto listed = co_await list_source::async_next();
            if (listed && *listed) {
                co_return listed;
            }
            co_return asio::error::make_error_code(asio::error::operation_aborted);
        }
    };
    stage_over<plain> on;
    aborted_source source(numbered(on, 2));
    list_consumer consumer;
    const batch_summary summary = stream(on, source, consumer);
    CHECK(summary.succeeded == 2);
    CHECK(summary.source_error == asio::error::operation_aborted);
    CHECK_FALSE(summary.source_message.empty());
}

TEST_CASE("a consumer that fails ends the batch, what runs is finished and offered") {
    for (const bool throws : {false, true}) {
        CAPTURE(throws);
        stage_over<plain> on;
        on.options.max_concurrent = 3;
        list_source source(numbered(on, 100));
        failing_consumer consumer(throws);
        const batch_summary summary = stream(on, source, consumer);
        CHECK(summary.consumer_error);
        CHECK_FALSE(summary.source_error);
        CHECK(summary.total == source.given);
        CHECK(consumer.results.size() == source.given);
        CHECK(source.given < 20);
    }
}

TEST_CASE("downloads at once are bounded, over all downloaders of a context") {
    stage_over<plain> on;
    busy_meter meter(6);
    on.server.on("/*", meter.answer());
    context_options limits;
    limits.max_concurrent = 6;
    const download_context shared(limits);
    on.options.max_concurrent = 1000;
    std::vector<std::thread> threads;
    std::atomic<int> succeeded{0};
    for (int t = 0; t < 5; ++t) {
        threads.emplace_back([&, t] {
            asio::io_context io{1};
            downloader client(io.get_executor(), on.options, shared);
            std::vector<download_request> requests;
            for (int i = 0; i < 40; ++i) {
                requests.push_back(on.ask("/", std::to_string(t) + "." + std::to_string(i)));
            }
            const batch_result batch = run_for_result(
                io, client.async_download_batch(std::move(requests), asio::use_future));
            succeeded += static_cast<int>(batch.summary.succeeded);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(succeeded == 200);
    CHECK(meter.most() == 6);
    CHECK(on.names().size() == 200);
}

TEST_CASE("downloaders of a context share the names in use, while they are in use") {
    stage_over<plain> on;
    const download_context shared;
    downloader first(on.io.get_executor(), on.options, shared);
    downloader second(on.io.get_executor(), on.options, shared);
    event refused;
    on.server.on("/held", response{.pattern_size = 5, .before_last = [&] { refused.wait(); }});
    auto slow = first.async_download(on.ask("/held", "same"), asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return on.server.requests("/held") == 1; }));
    check_failure(on.fetch(second, on.ask("/bytes/6", "same")), errc::exists);
    refused.set();
    CHECK(run_for_result(on.io, std::move(slow)).success);
    CHECK(on.content("same") == pattern(0, 5));
    CHECK(on.fetch(second, on.ask("/bytes/6", "same")).success);
    CHECK(on.content("same") == pattern(0, 6));
}

TEST_CASE("progress tells what is going on") {
    stage_over<plain> on;
    on.server.on("/", misbehave::stall_in_body(1000, 400));
    on.options.max_concurrent = 2;
    downloader client(on.io.get_executor(), on.options);
    int ended = 0;
    for (int i = 0; i < 3; ++i) {
        download_request ask = on.ask("/", std::to_string(i));
        ask.tag = static_cast<std::uint64_t>(i);
        client.async_download(std::move(ask), [&](const download_result&) { ++ended; });
    }
    progress_snapshot now;
    REQUIRE(runs_until(on.io, [&] {
        now = client.progress();
        return now.downloads.size() == 3 && now.downloads[0].received == 400 &&
               now.downloads[1].received == 400;
    }));
    CHECK(now.active == 3);
    CHECK(now.bytes_received == 800);
    CHECK(now.downloads[0].tag == 0);
    CHECK(now.downloads[0].name == "0");
    CHECK(now.downloads[0].total == 1000);
    CHECK(now.downloads[0].received == 400);
    CHECK(now.downloads[0].state == download_state::receiving);
    CHECK(now.downloads[0].connections == 1);
    CHECK(now.downloads[2].state == download_state::queued);
    CHECK(now.downloads[2].connections == 0);
    CHECK(client.progress(1).downloads.size() == 1);
    CHECK(client.progress(1).active == 3);
    client.cancel();
    CHECK(runs_out_of_work(on.io));
    CHECK(ended == 3);
    CHECK(client.progress().active == 0);
    CHECK(client.progress().failed == 3);
    CHECK(client.progress().bytes_received == 800);
}

TEST_CASE("options that make no sense are refused") {
    asio::io_context io;
    const download_context shared;
    // What the message begins with.
    const auto refused = [&](auto change, const std::string& option = {}) {
        downloader_options options;
        change(options);
        CHECK_THROWS_AS(downloader(io.get_executor(), options), std::invalid_argument);
        CHECK_THROWS_AS(download_manager(options, 2), std::invalid_argument);
        if (option.empty()) {
            return;
        }
        CHECK_THROWS_AS(download_manager(options, 2, shared), std::invalid_argument);
        try {
            downloader(io.get_executor(), options, shared);
            FAIL_CHECK("nothing was thrown");
        } catch (const std::invalid_argument& error) {
            CAPTURE(error.what());
            CHECK(std::string(error.what()).starts_with(option));
        }
    };
    using time = std::chrono::duration<double>;
    const std::pair<const char*, time downloader_options::*> times[] = {
        {"connect_timeout", &downloader_options::connect_timeout},
        {"timeout", &downloader_options::timeout},
        {"max_time", &downloader_options::max_time},
        {"retry_delay", &downloader_options::retry_delay},
        {"retry_max_delay", &downloader_options::retry_max_delay}};
    using limits = std::numeric_limits<double>;
    for (const auto& [name, option] : times) {
        CAPTURE(name);
        for (const double bad :
             {-1.0, -1e-300, 1e-30, 0.0009, limits::denorm_min(), 1.1e9, limits::max(),
              limits::infinity(), -limits::infinity(), limits::quiet_NaN()}) {
            CAPTURE(bad);
            refused([&](auto& o) { o.*option = time(bad); }, name);
        }
        for (const double good : {0.001, 1e9}) {
            downloader_options options;
            options.*option = time(good);
            CHECK_NOTHROW(downloader(io.get_executor(), options));
        }
    }
    refused([](auto& o) { o.if_exists = static_cast<on_exists>(6); }, "if_exists");
    refused([](auto& o) { o.if_exists = static_cast<on_exists>(-1); }, "if_exists");
    refused([](auto& o) { o.file_calls = static_cast<file_io>(2); }, "file_calls");
    refused([](auto& o) { o.log.level = static_cast<log_level>(7); }, "log.level");
    refused([](auto& o) { o.log.level = static_cast<log_level>(-1); }, "log.level");
    refused([](auto& o) { o.download_dir = std::string("a\0b", 3); }, "download_dir");
    refused([](auto& o) { o.tls.ca_file = std::string("a\0b", 3); }, "tls.ca_file");
    refused([](auto& o) { o.user_agent = "a\r\nX: y"; }, "the value of 'User-Agent'");
    refused([](auto& o) { o.user_agent = "\x1b"; }, "the value of 'User-Agent'");
    refused([](auto& o) { o.headers = {header("Range", "bytes=0-")}; }, "'Range'");
    refused([](auto& o) { o.headers = {header("A B", "c")}; }, "invalid header name");
    refused([](auto& o) { o.checksums["x"] = "sha-256=00"; }, "checksums: ");
    refused([](auto& o) { o.checksums["x"] = ""; }, "checksums: ");
    CHECK_THROWS_AS(downloader{asio::any_io_executor()}, std::invalid_argument);
    refused([](auto& o) { o.max_concurrent = 0; });
    refused([](auto& o) { o.max_concurrent = 1'000'001; });
    refused([](auto& o) { o.timeout = 0s; });
    refused([](auto& o) { o.timeout = -1s; });
    refused([](auto& o) { o.connect_timeout = 0s; });
    refused([](auto& o) { o.max_time = -1s; });
    refused([](auto& o) { o.retry_delay = -1s; });
    refused([](auto& o) { o.retry_max_delay = -1s; });
    refused([](auto& o) {
        o.timeout = std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN());
    });
    refused([](auto& o) { o.download_dir = ""; });
    context_options none;
    none.max_concurrent = 0;
    CHECK_THROWS_AS(download_context{none}, std::invalid_argument);
}

TEST_SUITE_END();

}  // namespace
