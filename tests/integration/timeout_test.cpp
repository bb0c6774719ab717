// Bounds in time: each stage of a download may stall, none for longer than its bound.

#include <doctest/doctest.h>
#include <asyncdl/resolver.hpp>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/event.hpp"
#include "support/expect.hpp"
#include "support/silent_port.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

class stopwatch {
public:
    /// Not earlier than `least`, and not only when another bound would have been reached.
    void check_passed(std::chrono::milliseconds least) const {
        const auto passed = std::chrono::steady_clock::now() - start_;
        CAPTURE(std::chrono::duration<double>(passed).count());
        CHECK(passed >= least);
        CHECK(passed < soon);
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Knows `fast.test`, answers `none.test` with no such host, `later.test` with a failure that may
/// pass, and never answers anything else.
class scripted_resolver : public resolver {
public:
    using answer = boost::system::result<std::vector<asio::ip::address>>;

    asio::awaitable<answer> async_resolve(std::string host) override {
        if (host == "fast.test") {
            const std::vector<asio::ip::address> found(1, asio::ip::address_v4::loopback());
            co_return found;
        }
        if (host == "none.test") {
            co_return make_error_code(errc::host_not_found);
        }
        if (host == "later.test") {
            co_return make_error_code(errc::resolve_failed);
        }
        asio::steady_timer never(co_await asio::this_coro::executor,
                                 asio::steady_timer::time_point::max());
        boost::system::error_code cancelled;
        co_await never.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        co_return cancelled;
    }
};

download_context with_scripted_names() {
    context_options options;
    options.lookup = std::make_shared<scripted_resolver>();
    return download_context(options);
}

TEST_SUITE_BEGIN("integration/timeout");

TEST_CASE("connecting is bounded") {
    const silent_port port;
    stage_over<plain> on;
    on.options.connect_timeout = 300ms;
    for (const char* scheme : {"http", "https"}) {
        const stopwatch watch;
        const download_result result = on.fetch(download_request(
            scheme + std::string("://127.0.0.1:") + std::to_string(port.number()) + "/", "file"));
        watch.check_passed(300ms);
        check_failed(on, result, errc::connect_timeout);
        CHECK(result.error == failure::timeout);
        CHECK(result.error == failure::retryable);
        CHECK(error_kind(result.error) == "timeout");
    }
}

TEST_CASE("256 connections are made at a time, and the others wait for one of these") {
    event over;
    origin_options how;  // plain, so it never answers the handshake
    how.on_connect = [&](connection& peer) {
        over.wait();
        peer.close();
    };
    stage on(how);
    on.options.max_concurrent = 300;
    downloader client(on.io.get_executor(), on.options);
    std::vector<download_request> requests;
    for (int i = 0; i < 300; ++i) {
        requests.emplace_back("https" + on.server.url("/").substr(4), std::to_string(i));
    }
    auto batch = client.async_download_batch(std::move(requests), asio::use_future);
    REQUIRE(runs_until(on.io, [&] {
        const auto now = client.progress(300);
        return on.server.open() == 256 &&
               std::count_if(now.downloads.begin(), now.downloads.end(), [](const auto& one) {
                   return one.state == download_state::connecting;
               }) == 300;
    }));
    on.io.poll();
    CHECK(on.server.accepted() == 256);
    over.set();
    for (const download_result& result : run_for_result(on.io, std::move(batch)).results) {
        check_failure(result, errc::tls_reset);
    }
    CHECK(on.server.accepted() == 300);
}

TEST_CASE("a handshake that stalls is bounded") {
    stage_over<plain> on;  // waits for a request that a ClientHello is not
    on.options.connect_timeout = 300ms;
    const stopwatch watch;
    const std::string url = "https" + on.server.url("/").substr(4);
    const download_result result = on.fetch(download_request(url, "file"));
    watch.check_passed(300ms);
    check_failed(on, result, errc::connect_timeout);
    CHECK(result.message ==
          "no connection to 127.0.0.1:" + std::to_string(on.server.port()) + " in 0.3 s");
    CHECK(eventually([&] { return on.server.open() == 0; }));
}

TEST_CASE_TEMPLATE("a stalled head or body is bounded", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/no-head", misbehave::stall_before_head());
    on.server.on("/half-head", misbehave::stall_in_head());
    on.server.on("/no-body", misbehave::stall_in_body(1000, 0));
    on.server.on("/half-body", misbehave::stall_in_body(1'000'000, 500'000));
    on.server.on("/no-chunk", misbehave::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                             "5\r\nhel"));
    on.server.on("/no-close", misbehave::raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"));
    on.options.timeout = 300ms;
    for (const char* path :
         {"/no-head", "/half-head", "/no-body", "/half-body", "/no-chunk", "/no-close"}) {
        CAPTURE(path);
        const stopwatch watch;
        const download_result result = on.fetch(path);
        watch.check_passed(300ms);
        check_failed(on, result, errc::timeout);
        CHECK(result.message == "no byte for 0.3 s");
        CHECK(result.attempts == 1);
    }
    CHECK(eventually([&] { return on.server.open() == 0; }));
}

TEST_CASE_TEMPLATE("a head that trickles must be complete in four times the timeout", How, plain,
                   tls) {
    stage_over<How> on;
    on.server.on("/", misbehave::trickled_head(50ms));
    on.options.timeout = 500ms;
    const stopwatch watch;
    const download_result result = on.fetch("/");
    watch.check_passed(2s);
    check_failed(on, result, errc::timeout);
    CHECK(result.message == "the response head is not complete after 2 s, 4 times the timeout");
}

TEST_CASE_TEMPLATE("a slow body that keeps coming is no timeout", How, plain, tls) {
    stage_over<How> on;
    on.options.timeout = 1s;  // all of it takes longer, and no piece nearly as long
    const stopwatch watch;
    check_stored(on, on.fetch("/slow/120/1000"), pattern(0, 1000));
    watch.check_passed(1200ms);
}

TEST_CASE_TEMPLATE("a whole download is bounded, whatever it is doing", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/no-head", misbehave::stall_before_head());
    on.server.on("/half-body", misbehave::stall_in_body(1000, 10));
    on.server.on("/circle", [](connection& peer, const request&) {
        response answer = redirect_to("/circle");
        answer.head_delay = 100ms;
        peer.send(answer);
    });
    on.options.max_time = 400ms;
    on.options.retries = 100;
    on.options.retry_delay = 100ms;
    for (const char* path :
         {"/no-head", "/half-body", "/slow/100/1000", "/circle", "/status/503"}) {
        CAPTURE(path);
        const stopwatch watch;
        const download_result result = on.fetch(path);
        watch.check_passed(400ms);
        check_failed(on, result, errc::max_time);
        CHECK(error_kind(result.error) == "timeout");
        CHECK(result.error == failure::timeout);
        CHECK_FALSE(result.error == failure::retryable);
    }
}

TEST_CASE("the time of a download does not run while it waits for its first slot") {
    stage_over<plain> on;
    event over;
    on.server.on("/held", response{.body = "hello", .before_last = [&] { over.wait(); }});
    context_options one_slot;
    one_slot.max_concurrent = 1;
    const download_context shared(one_slot);
    downloader first(on.io.get_executor(), on.options, shared);
    auto held = first.async_download(on.ask("/held", "a"), asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return on.server.requests("/held") == 1; }));
    on.options.max_time = 1s;
    downloader second(on.io.get_executor(), on.options, shared);
    auto waits = second.async_download(on.ask("/bytes/5", "b"), asio::use_future);
    on.io.restart();
    on.io.run_for(1100ms);
    CHECK(second.progress().downloads.at(0).state == download_state::queued);
    over.set();
    CHECK(run_for_result(on.io, std::move(held)).success);
    CHECK(run_for_result(on.io, std::move(waits)).success);
}

TEST_CASE("a look-up that hangs is bounded") {
    stage_over<plain> on;
    on.options.connect_timeout = 300ms;
    downloader client(on.io.get_executor(), on.options, with_scripted_names());
    const stopwatch watch;
    const download_result result =
        on.fetch(client, download_request(on.server.url("/bytes/1", "hangs.test"), "file"));
    watch.check_passed(300ms);
    check_failed(on, result, errc::connect_timeout);
}

TEST_CASE("a look-up that hangs holds up neither other downloads nor the end") {
    stage_over<plain> on;
    bool slow_ended = false;
    const stopwatch watch;
    {
        downloader client(on.io.get_executor(), on.options, with_scripted_names());
        client.async_download(download_request(on.server.url("/bytes/1", "hangs.test"), "slow"),
                              [&](download_result result) {
                                  slow_ended = true;
                                  CHECK(result.error == errc::cancelled);
                              });
        for (int i = 0; i < 3; ++i) {
            CHECK(on.fetch(client, download_request(on.server.url("/bytes/5", "fast.test"),
                                                    std::to_string(i)))
                      .success);
        }
        CHECK_FALSE(slow_ended);
    }
    CHECK(runs_out_of_work(on.io));
    CHECK(slow_ended);
    watch.check_passed(0ms);
}

TEST_CASE("a name that does not exist is no reason to try again, a failing look-up is") {
    stage_over<plain> on;
    on.options.retries = 2;
    on.options.retry_delay = 1ms;
    downloader client(on.io.get_executor(), on.options, with_scripted_names());
    const download_result none =
        on.fetch(client, download_request(on.server.url("/", "none.test"), "none"));
    check_failed(on, none, errc::host_not_found);
    CHECK(none.attempts == 1);
    const download_result later =
        on.fetch(client, download_request(on.server.url("/", "later.test"), "later"));
    check_failed(on, later, errc::resolve_failed);
    CHECK(later.attempts == 3);
    for (const download_result& result : {none, later}) {
        CHECK(error_kind(result.error) == "resolve");
    }
}

TEST_CASE("a port where nobody listens is a failed connect") {
    stage_over<plain> on;
    const closed_port port;
    const download_result result = on.fetch(
        download_request("http://127.0.0.1:" + std::to_string(port.number()) + "/", "file"));
    check_failed(on, result, errc::connect_failed);
    CHECK(result.attempts == 1);
}

TEST_SUITE_END();

}  // namespace
