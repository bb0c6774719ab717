// An io_context that is destroyed while its downloads wait, for whatever it is: what they shared
// with those of another context comes back, and the others go on.

#include <doctest/doctest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/expect.hpp"
#include "support/lists.hpp"
#include "support/silent_port.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Waits for ever where it is asked for.
class hanging_resolver : public resolver {
public:
    asio::awaitable<boost::system::result<std::vector<asio::ip::address>>> async_resolve(
        std::string) override {
        ++asked;
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        co_await never.async_wait(asio::use_awaitable);
        co_return std::vector<asio::ip::address>{};
    }

    int asked = 0;
};

class hanging_consumer : public list_consumer {
public:
    asio::awaitable<boost::system::error_code> async_consume(download_result) override {
        ++asked;
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        co_await never.async_wait(asio::use_awaitable);
        co_return boost::system::error_code();
    }

    int asked = 0;
};

/// Two contexts of execution that share what downloads share.
class two_contexts {
public:
    explicit two_contexts(std::size_t slots, std::size_t connections = 0) {
        limits.max_concurrent = slots;
        limits.max_connections_per_host = connections;
        limits.lookup = names;
        on.options.max_concurrent = slots;
        on.options.timeout = 10s;
        on.server.on("/stalls", misbehave::stall_before_head());
        on.server.on("/breaks", misbehave::close_before_head());
        shared.emplace(limits);
        stays.emplace(on.io.get_executor(), on.options, *shared);
        gone_io = std::make_unique<asio::io_context>(1);
        gone.emplace(gone_io->get_executor(), on.options, *shared);
    }

    static void not_called(const download_result&) { FAIL("nobody is there any more"); }

    /// Runs both until that is so.
    bool runs_until(const std::function<bool()>& condition) {
        return eventually([&] {
            for (asio::io_context* io : {&on.io, gone_io.get()}) {
                io->restart();
                io->run_for(1ms);
            }
            return condition();
        });
    }

    void destroy() {
        gone.reset();  // its cancellation is posted, and never carried out
        gone_io.reset();
    }

    /// All that is shared is free again.
    void check_free() {
        CHECK(stays->progress().active == 0);
        std::vector<download_request> requests;
        for (int i = 0; i < 20; ++i) {
            requests.push_back(on.ask("/bytes/5", i == 0 ? "gone" : std::to_string(i)));
        }
        const batch_result batch = on.fetch_all(*stays, std::move(requests));
        CHECK(batch.summary.succeeded == 20);
    }

    stage_over<plain> on;
    context_options limits;
    std::shared_ptr<hanging_resolver> names = std::make_shared<hanging_resolver>();
    std::optional<download_context> shared;
    std::optional<downloader> stays;
    std::unique_ptr<asio::io_context> gone_io;
    std::optional<downloader> gone;
};

TEST_SUITE_BEGIN("integration/destroyed");

TEST_CASE("a context goes while its downloads wait for a slot") {
    two_contexts both(1);
    auto first = both.stays->async_download(both.on.ask("/stalls", "a"), asio::use_future);
    REQUIRE(both.runs_until([&] { return both.on.server.requests("/stalls") == 1; }));
    for (const char* name : {"gone", "b", "c"}) {
        both.gone->async_download(both.on.ask("/bytes/5", name), &two_contexts::not_called);
    }
    list_source source({both.on.ask("/bytes/5", "d")});
    list_consumer consumer;
    both.gone->async_download_batch(source, consumer, [](const batch_summary&) { FAIL("gone"); });
    REQUIRE(both.runs_until([&] { return both.gone->progress().downloads.size() == 3; }));
    both.destroy();
    both.stays->cancel();
    check_failure(run_for_result(both.on.io, std::move(first)), errc::cancelled);
    both.check_free();
}

TEST_CASE("a context goes while its downloads wait for their host") {
    two_contexts both(5, 1);
    auto first = both.stays->async_download(both.on.ask("/stalls", "a"), asio::use_future);
    REQUIRE(both.runs_until([&] { return both.on.server.requests("/stalls") == 1; }));
    for (const char* name : {"gone", "b", "c"}) {
        both.gone->async_download(both.on.ask("/bytes/5", name), &two_contexts::not_called);
    }
    REQUIRE(both.runs_until([&] {
        const auto now = both.gone->progress();
        std::size_t waiting = 0;
        for (const auto& one : now.downloads) {
            waiting += one.state == download_state::waiting;
        }
        return waiting == 3;
    }));
    both.destroy();
    both.stays->cancel();
    check_failure(run_for_result(both.on.io, std::move(first)), errc::cancelled);
    both.check_free();
}

TEST_CASE("a context goes while its download is at work, or waits for something else") {
    const silent_port port;
    const std::string silent = "http://127.0.0.1:" + std::to_string(port.number()) + "/";
    struct wait {
        const char* what;
        std::function<void(two_contexts&)> begin;
        std::function<bool(two_contexts&)> has_begun;
    };
    hanging_consumer consumer;
    std::optional<list_source> source;
    const auto download = [](std::string url) {
        return [url](two_contexts& in) {
            const std::string whole = url.starts_with('/') ? in.on.server.url(url) : url;
            in.gone->async_download(download_request(whole, "gone"), &two_contexts::not_called);
        };
    };
    const auto is_in = [](download_state state) {
        return [state](two_contexts& in) {
            const auto now = in.gone->progress();
            return !now.downloads.empty() && now.downloads[0].state == state;
        };
    };
    const std::vector<wait> waits{
        {"a response", download("/stalls"),
         [](two_contexts& in) { return in.on.server.requests("/stalls") == 1; }},
        {"a connection", download(silent), is_in(download_state::connecting)},
        {"a name", download("http://name.test/"),
         [](two_contexts& in) { return in.names->asked == 1; }},
        {"its next attempt", download("/breaks"), is_in(download_state::waiting)},
        {"its consumer",
         [&](two_contexts& in) {
             source.emplace(std::vector{in.on.ask("/bytes/5", "gone")});
             in.gone->async_download_batch(*source, consumer,
                                           [](const batch_summary&) { FAIL("gone"); });
         },
         [&](two_contexts&) { return consumer.asked == 1; }},
    };
    for (const wait& one : waits) {
        CAPTURE(one.what);
        two_contexts both(1, 1);
        both.gone.reset();
        both.on.options.retries = 3;
        both.on.options.retry_delay = 60s;
        both.gone.emplace(both.gone_io->get_executor(), both.on.options, *both.shared);
        one.begin(both);
        REQUIRE(both.runs_until([&] { return one.has_begun(both); }));
        both.destroy();
        both.check_free();
    }
}

TEST_CASE("an idle connection of a downloader that nobody runs holds up no other") {
    two_contexts both(5, 2);
    for (const char* name : {"a", "b"}) {
        auto done = both.gone->async_download(both.on.ask("/slow/20/5", name), asio::use_future);
        CHECK(run_for_result(*both.gone_io, std::move(done)).success);
    }
    CHECK(both.on.server.open() >= 1);
    auto stalls = both.stays->async_download(both.on.ask("/stalls", "c"), asio::use_future);
    auto done = both.stays->async_download(both.on.ask("/bytes/5", "d"), asio::use_future);
    CHECK(run_for_result(both.on.io, std::move(done)).success);
    // What lost its permit is not used again.
    auto next = both.gone->async_download(both.on.ask("/bytes/5", "e"), asio::use_future);
    CHECK(run_for_result(*both.gone_io, std::move(next)).success);
    both.stays->cancel();
    check_failure(run_for_result(both.on.io, std::move(stalls)), errc::cancelled);
}

TEST_CASE("contexts come and go on several threads, and nothing is lost") {
    two_contexts both(2, 2);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            for (int round = 0; round < 40; ++round) {
                asio::io_context io{1};
                downloader client(io.get_executor(), both.on.options, *both.shared);
                for (int i = 0; i < 6; ++i) {
                    const std::string name = std::to_string(t) + "." + std::to_string(i);
                    client.async_download(both.on.ask("/bytes/5", name),
                                          [](const download_result&) {});
                }
                io.run_for(std::chrono::microseconds(100 * round));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    both.check_free();
}

TEST_CASE("what a handler throws leaves run, and the others go on") {
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    client.async_download(on.ask("/bytes/5", "a"),
                          [](const download_result&) { throw std::runtime_error("mine"); });
    auto other = client.async_download(on.ask("/slow/50/10", "b"), asio::use_future);
    CHECK_THROWS_AS(on.io.run(), std::runtime_error);
    CHECK(run_for_result(on.io, std::move(other)).success);
    CHECK(client.progress().active == 0);
}

TEST_SUITE_END();

}  // namespace
