// Who waits for what: slots, places at a host, a source or a consumer that takes its time. Nobody
// starves, nothing is held in vain, and cancellation reaches who waits.

#include <doctest/doctest.h>

#include <asyncdl/download_manager.hpp>
#include <asyncdl/with/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Gives some downloads, then has nothing for a long time.
class slow_source final : public download_source {
public:
    explicit slow_source(std::vector<download_request> first) : first_(std::move(first)) {}

    asio::awaitable<boost::system::result<std::optional<download_request>>> async_next() override {
        if (next_ < first_.size()) {
            co_return std::optional(std::move(first_[next_++]));
        }
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        co_await never.async_wait(asio::use_awaitable);
        co_return std::optional<download_request>();
    }

private:
    std::vector<download_request> first_;
    std::size_t next_ = 0;
};

/// Keeps what it gets, after a wait of its own for each.
class slow_consumer final : public result_consumer {
public:
    explicit slow_consumer(std::chrono::milliseconds wait) : wait_(wait) {}

    asio::awaitable<boost::system::error_code> async_consume(download_result result) override {
        asio::steady_timer timer(co_await asio::this_coro::executor, wait_);
        co_await timer.async_wait(asio::use_awaitable);
        results.push_back(std::move(result));
        co_return boost::system::error_code();
    }

    std::vector<download_result> results;

private:
    std::chrono::milliseconds wait_;
};

std::vector<download_request> many(const stage& on, int count) {
    std::vector<download_request> requests;
    for (int i = 0; i < count; ++i) {
        requests.push_back(on.ask("/bytes/10", std::to_string(i)));
    }
    return requests;
}

TEST_SUITE_BEGIN("integration/waiting");

TEST_CASE("thousands of downloads wait for two connections to their host, and all get them") {
    stage_over<plain> on;
    on.options.max_concurrent = 8;
    on.options.max_connections_per_host = 2;
    download_manager manager(on.options, 4);
    const batch_result batch = manager.download_multiple(many(on, 2500));
    // The origin notices a close only after the next connection has come, so it cannot count them.
    CHECK(batch.summary.succeeded == 2500);
}

TEST_CASE("more single downloads than may wait go through one connection") {
    stage_over<plain> on;
    on.options.max_connections_per_host = 1;
    downloader client(on.io.get_executor(), on.options);
    int succeeded = 0;
    for (download_request& request : many(on, 1200)) {
        client.async_download(std::move(request), [&](const download_result& result) {
            succeeded += result.success ? 1 : 0;
        });
    }
    CHECK(runs_out_of_work(on.io, patience));
    CHECK(succeeded == 1200);
    CHECK(on.server.peak() == 1);
}

TEST_CASE("a retry does not wait for a source that has nothing to give") {
    stage_over<plain> on;
    int asked = 0;
    on.server.on("/once", [&asked](connection& peer, const request&) {
        response answer;
        answer.status = ++asked == 1 ? 503 : 200;
        answer.body = "here";
        peer.send(answer);
    });
    on.options.max_concurrent = 1;
    on.options.retries = 1;
    on.options.retry_delay = 50ms;
    std::vector<download_request> first;
    first.push_back(on.ask("/once"));
    slow_source source(std::move(first));
    slow_consumer results(0ms);
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download_batch(source, results, asio::use_future);
    on.io.restart();
    const auto end = std::chrono::steady_clock::now() + patience;
    while (results.results.empty() && on.io.run_one_until(end) > 0) {
    }
    REQUIRE(results.results.size() == 1);
    CHECK(results.results[0].success);
    client.cancel();
    CHECK(run_for_result(on.io, std::move(done)).total == 1);
}

TEST_CASE("a cancelled batch does not wait for its source, but its consumer gets everything") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_before_head());
    std::vector<download_request> first;
    first.push_back(on.ask("/bytes/5", "a"));
    first.push_back(on.ask("/stalls", "b"));
    slow_source source(std::move(first));
    slow_consumer results(1s);
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download_batch(source, results, asio::use_future);
    // The first result is with the consumer, and both were read from the source.
    REQUIRE(runs_until(on.io, [&] {
        return client.progress().succeeded == 1 && on.server.requests("/stalls") == 1;
    }));
    CHECK(results.results.empty());
    client.cancel();
    const batch_summary summary = run_for_result(on.io, std::move(done));
    CHECK(summary.total == 2);
    CHECK(summary.succeeded == 1);
    CHECK(summary.cancelled == 1);
    CHECK_FALSE(summary.source_error);
    CHECK_FALSE(summary.consumer_error);
    CHECK(results.results.size() == 2);
}

TEST_CASE("TLS that ends along with its last bytes ends the body, though the socket stays open") {
    stage_over<tls> on;
    on.server.on("/", [](connection& peer, const request&) {
        peer.end_tls("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
        peer.stall();
    });
    const download_result result = on.fetch("/");
    CHECK(result.success);
    CHECK(on.content() == "hello");
}

TEST_CASE("a program's own TLS settings are made once, and sessions are resumed with them") {
    stage_over<tls> on;
    int made = 0;
    with::ssl(on.options.tls, [&made](ssl_ctx_st*) { ++made; });
    on.server.on("/", misbehave::raw_and_close("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    downloader client(on.io.get_executor(), on.options);
    for (int i = 0; i < 3; ++i) {
        CHECK(on.fetch(client, on.ask("/", std::to_string(i))).success);
    }
    CHECK(on.server.accepted() == 3);
    CHECK(made == 1);
}

TEST_CASE("a context may go while the system still looks a name up") {
    stage_over<plain> on;
    {
        asio::io_context gone;
        downloader client(gone.get_executor(), on.options);
        client.async_download(download_request("http://name.invalid/"),
                              [](const download_result&) { FAIL("nobody is there any more"); });
        gone.poll();
    }
    // The answer comes some time later; another download lets it.
    CHECK_FALSE(on.fetch(download_request("http://other.invalid/")).success);
}

TEST_CASE("progress never falls back when a download is tried again") {
    stage_over<plain> on;
    on.server.on("/cut", misbehave::truncated_body(1000, 400));
    on.options.retries = 2;
    on.options.retry_delay = 20ms;
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download(on.ask("/cut"), asio::use_future);
    std::uint64_t before = 0;
    on.io.restart();
    while (done.wait_for(0s) != std::future_status::ready && on.io.run_one_for(patience) > 0) {
        const std::uint64_t now = client.progress().bytes_received;
        CHECK(now >= before);
        before = now;
    }
    CHECK(done.get().bytes_received == 1200);
    CHECK(client.progress().bytes_received == 1200);
}

TEST_SUITE_END();

}  // namespace
