// Names that hang: how long a download waits for its look-up, and what that does to others.

#include <doctest/doctest.h>
#include <asyncdl/downloader.hpp>
#include <asyncdl/resolver.hpp>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/dial.hpp"
#include "net/system_resolver.hpp"
#include "net/timekeeper.hpp"
#include "support/expect.hpp"
#include "support/held_lookups.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

/// A stage whose names are looked up by the system's resolver, with another call for getaddrinfo.
class named_stage : public stage_over<plain> {
public:
    explicit named_stage(std::size_t slots, net::lookup_settings settings) {
        limits.max_concurrent = slots;
        limits.lookup = std::make_shared<net::system_resolver>(std::move(settings));
    }

    /// Begins a download of 5 bytes from this host.
    std::future<download_result> begin(downloader& client, const std::string& host) {
        return client.async_download(download_request(server.url("/bytes/5", host), host),
                                     asio::use_future);
    }

    context_options limits;
};

bool is_there(const std::future<download_result>& result) {
    return result.wait_for(0s) == std::future_status::ready;
}

bool connects(const downloader& client) {
    const auto now = client.progress();
    return now.downloads.size() == 1 && now.downloads[0].state == download_state::connecting;
}

/// Lets nobody begin.
class endless_queue : public resolver {
public:
    using answer = boost::system::result<std::vector<asio::ip::address>>;

    asio::awaitable<answer> async_resolve(std::string host) override {
        return async_resolve_in_turn(std::move(host), [] {});
    }

    asio::awaitable<answer> async_resolve_in_turn(std::string, std::function<void()>) override {
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        co_await never.async_wait(asio::use_awaitable);
        co_return std::vector<asio::ip::address>{};
    }
};

TEST_SUITE_BEGIN("integration/lookup");

TEST_CASE("300 names that hang fail none of 50 good ones behind them") {
    scoped_lookups system;
    net::lookup_settings settings = system->settings();
    settings.hung_after = 50ms;
    named_stage on(400, std::move(settings));
    downloader client(on.io.get_executor(), on.options, download_context(on.limits));
    std::vector<std::future<download_result>> dead;
    for (int i = 0; i < 300; ++i) {
        dead.push_back(on.begin(client, "dead" + std::to_string(i) + ".test"));
    }
    std::vector<std::future<download_result>> good;
    for (int i = 0; i < 50; ++i) {
        good.push_back(on.begin(client, "good" + std::to_string(i) + ".test"));
    }
    for (auto& one : good) {
        CHECK(run_for_result(on.io, std::move(one)).success);
    }
    CHECK(std::none_of(dead.begin(), dead.end(), is_there));
    client.cancel();
    for (auto& one : dead) {
        check_failure(run_for_result(on.io, std::move(one)), errc::cancelled);
    }
}

TEST_CASE("the wait for a look-up's turn is no connect time") {
    scoped_lookups system;
    net::lookup_settings settings = system->settings();
    settings.max_working = 1;
    settings.hung_after = 1h;
    named_stage on(5, std::move(settings));
    on.options.connect_timeout = 1s;
    downloader client(on.io.get_executor(), on.options, download_context(on.limits));
    auto dead = on.begin(client, "dead.test");
    REQUIRE(runs_until(on.io, [&] { return system->begun().size() == 1; }));
    auto good = on.begin(client, "good.test");
    const download_result late = run_for_result(on.io, std::move(dead));
    check_failure(late, errc::connect_timeout);
    on.io.restart();
    on.io.run_for(1500ms);
    CHECK_FALSE(is_there(good));
    system->end("dead.test");
    CHECK(run_for_result(on.io, std::move(good)).success);
}

TEST_CASE("a download that was cancelled takes its name out of the queue") {
    scoped_lookups system;
    net::lookup_settings settings = system->settings();
    settings.max_working = 1;
    settings.hung_after = 1h;
    named_stage on(5, std::move(settings));
    const download_context shared(on.limits);
    downloader stays(on.io.get_executor(), on.options, shared);
    auto dead = on.begin(stays, "dead.test");
    REQUIRE(runs_until(on.io, [&] { return system->begun().size() == 1; }));
    {
        downloader client(on.io.get_executor(), on.options, shared);
        auto gone = on.begin(client, "gone.test");
        asio::io_context other{1};
        downloader never_run_again(other.get_executor(), on.options, shared);
        auto lost = on.begin(never_run_again, "lost.test");
        REQUIRE(runs_until(on.io, [&] {
            other.restart();
            other.poll();
            return connects(client) && connects(never_run_again);
        }));
        on.io.poll();
        other.poll();
        client.cancel();
        check_failure(run_for_result(on.io, std::move(gone)), errc::cancelled);
    }
    auto good = on.begin(stays, "good.test");
    on.io.restart();
    on.io.poll();
    system->end("dead.test");
    CHECK(run_for_result(on.io, std::move(dead)).success);
    CHECK(run_for_result(on.io, std::move(good)).success);
    CHECK(system->begun() == std::vector<std::string>{"dead.test", "good.test"});
}

TEST_CASE("a name whose turn never comes fails, and says why") {
    asio::io_context io{1};
    const auto keeper = std::make_shared<net::timekeeper>(io.get_executor());
    net::dialer dialer(std::make_shared<endless_queue>(), {}, *keeper, 10ms, 1s);
    core::origin to;
    to.host = "name.test";
    std::optional<core::outcome<net::location>> result;
    asio::co_spawn(io, dialer.look_up(to),
                   [&](std::exception_ptr, core::outcome<net::location> found) {
                       result.emplace(std::move(found));
                   });
    REQUIRE(runs_until(io, [&] { return result.has_value(); }));
    REQUIRE(result->has_error());
    CHECK(result->error().code() == errc::resolve_failed);
    CHECK(result->error().code() == failure::retryable);
    CHECK(result->error().message() ==
          "cannot look up name.test: its turn did not come in 1 s, since too many other look-ups "
          "hang");
}

TEST_CASE("if the system gives no thread for a look-up, the download fails and says so") {
    scoped_lookups system;
    net::lookup_settings settings = system->settings();
    settings.stack_size = std::size_t{1} << 46;
    named_stage on(5, std::move(settings));
    downloader client(on.io.get_executor(), on.options, download_context(on.limits));
    const download_result result = run_for_result(on.io, on.begin(client, "good.test"));
    check_failed(on, result, errc::resolve_failed);
    CHECK(result.message == "cannot look up good.test: Resource temporarily unavailable");
}

TEST_CASE("the end of a context does not wait for a look-up that hangs") {
    scoped_lookups system;
    {
        named_stage on(5, system->settings());
        downloader client(on.io.get_executor(), on.options, download_context(on.limits));
        auto dead = on.begin(client, "dead.test");
        REQUIRE(runs_until(on.io, [&] { return system->begun().size() == 1; }));
        on.limits.lookup.reset();
    }
    CHECK(system->begun().size() == 1);
}

TEST_SUITE_END();

}  // namespace
