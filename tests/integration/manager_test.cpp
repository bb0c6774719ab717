// The blocking face: order, threads, cancellation from outside, shutdown.

#include <doctest/doctest.h>
#include <asyncdl/download_manager.hpp>

#include <atomic>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/expect.hpp"
#include "support/lists.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

std::vector<download_request> numbered(const stage& on, std::size_t count,
                                       std::string prefix = {}) {
    std::vector<download_request> requests;
    for (std::size_t i = 0; i < count; ++i) {
        requests.push_back(on.ask("/bytes/" + std::to_string(i), prefix + std::to_string(i)));
    }
    return requests;
}

template <typename Call>
void check_shut_down(Call call) {
    try {
        call();
        FAIL_CHECK("nothing was thrown");
    } catch (const boost::system::system_error& error) {
        CHECK(error.code() == errc::shut_down);
    }
}

TEST_SUITE_BEGIN("integration/manager");

TEST_CASE_TEMPLATE("a list comes back in order, from one thread or five", How, plain, tls) {
    for (const unsigned threads : {1U, 5U}) {
        CAPTURE(threads);
        stage_over<How> on;
        on.options.max_concurrent = 10;
        download_manager manager(on.options, threads);
        const batch_result batch = manager.download_multiple(numbered(on, 300));
        REQUIRE(batch.results.size() == 300);
        CHECK(batch.summary.succeeded == 300);
        bool in_order = true;
        bool same_bytes = true;
        for (std::size_t i = 0; i < 300; ++i) {
            in_order = in_order && batch.results[i].index == i && batch.results[i].file_size == i;
            same_bytes = same_bytes && on.content(std::to_string(i)) == pattern(0, i);
        }
        CHECK(in_order);
        CHECK(same_bytes);
        CHECK(on.server.peak() <= 10 * threads);
        manager.shutdown();
    }
}

TEST_CASE_TEMPLATE("one file", How, plain, tls) {
    stage_over<How> on;
    download_manager manager(on.options);
    check_stored(on, manager.download(on.ask("/bytes/5")), pattern(0, 5));
    check_failure(manager.download(on.ask("/status/404", "b")), errc::http_status);
    check_failure(manager.download(download_request("no URL")), errc::invalid_url);
}

TEST_CASE("a stream, over five threads") {
    stage_over<plain> on;
    on.options.max_concurrent = 8;
    download_manager manager(on.options, 5);
    list_source source(numbered(on, 200));
    list_consumer consumer;
    const batch_summary summary = manager.download_stream(source, consumer);
    CHECK(summary.succeeded == 200);
    CHECK(consumer.results.size() == 200);
    CHECK(source.given == 200);
    const progress_snapshot now = manager.progress();
    CHECK(now.succeeded == 200);
    CHECK(now.active == 0);
    CHECK(now.bytes_received == summary.bytes);
}

TEST_CASE("calls from several threads at once") {
    stage_over<plain> on;
    download_manager manager(on.options, 3);
    std::vector<std::thread> threads;
    std::atomic<std::uint64_t> succeeded{0};
    for (int t = 0; t < 5; ++t) {
        threads.emplace_back([&, t] {
            succeeded += manager.download_multiple(numbered(on, 30, std::to_string(t) + "."))
                             .summary.succeeded;
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(succeeded == 150);
    CHECK(on.names().size() == 150);
}

TEST_CASE("after a shutdown every call is a clear error, a second shutdown too") {
    stage_over<plain> on;
    download_manager manager(on.options, 2);
    CHECK(manager.download(on.ask("/bytes/5")).success);
    manager.shutdown();
    CHECK(eventually([&] { return on.server.open() == 0; }));
    list_source source({});
    list_consumer consumer;
    check_shut_down([&] { manager.shutdown(); });
    check_shut_down([&] { manager.download(on.ask("/bytes/5")); });
    check_shut_down([&] { manager.download_multiple({}); });
    check_shut_down([&] { manager.download_stream(source, consumer); });
    manager.cancel();
    CHECK(manager.progress().active == 0);
}

TEST_CASE("a shutdown waits for a call that runs") {
    stage_over<plain> on;
    download_manager manager(on.options);
    auto running =
        std::async(std::launch::async, [&] { return manager.download(on.ask("/slow/20/1000")); });
    CHECK(eventually([&] { return !on.server.requests().empty(); }));
    manager.shutdown();
    CHECK(running.get().success);
    CHECK(on.content() == pattern(0, 1000));
}

TEST_CASE("cancel ends what runs, and the manager goes on") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_before_head());
    download_manager manager(on.options, 2);
    auto running = std::async(std::launch::async, [&] {
        return manager.download_multiple({on.ask("/stalls", "a"), on.ask("/stalls", "b")});
    });
    CHECK(eventually([&] { return on.server.requests().size() == 2; }));
    manager.cancel();
    REQUIRE(running.wait_for(patience) == std::future_status::ready);
    const batch_result batch = running.get();
    CHECK(batch.summary.cancelled == 2);
    CHECK(on.names().empty());
    CHECK(manager.download(on.ask("/bytes/5", "c")).success);
}

TEST_CASE("options that make no sense are refused") {
    CHECK_THROWS_AS(download_manager(downloader_options(), 0), std::invalid_argument);
    CHECK_THROWS_AS(download_manager(downloader_options(), 1025), std::invalid_argument);
    downloader_options options;
    options.max_concurrent = 0;
    CHECK_THROWS_AS(download_manager(options, 1), std::invalid_argument);
}

TEST_SUITE_END();

}  // namespace
