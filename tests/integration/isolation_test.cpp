// Coroutines of the caller's (sink, source, consumer, resolver) that change their cancellation
// state or throw: the engine's state stays its own, and the result says whose exception it was.

#include <doctest/doctest.h>
#include <asyncdl/downloader.hpp>
#include <asyncdl/resolver.hpp>
#include <asyncdl/sink.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
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
using boost::system::error_code;

template <typename Condition>
bool runs_until(stage& on, Condition condition) {
    return eventually([&] {
        on.io.restart();
        on.io.run_for(1ms);
        return condition();
    });
}

/// What a coroutine may do to the state that it runs with.
enum class change { disables, throws_from_now_on };

asio::awaitable<void> make(change what) {
    if (what == change::disables) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    } else {
        co_await asio::this_coro::throw_if_cancelled(true);
    }
}

/// Changes the state with every call.
class changing_sink : public sink {
public:
    explicit changing_sink(change what) : what_(what) {}

    asio::awaitable<error_code> open(std::optional<std::uint64_t>) override { return call(); }
    asio::awaitable<error_code> write(std::uint64_t, std::span<const std::byte>) override {
        ++writes;
        return call();
    }
    asio::awaitable<error_code> sync() override { return call(); }
    asio::awaitable<error_code> commit(std::uint64_t) override { return call(); }
    asio::awaitable<void> discard() override {
        ++discards;
        co_await make(what_);
        // An await of its own: it must not be told of a cancellation that is none of its business.
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        ++discarded;
    }

    int writes = 0;
    int discards = 0;
    int discarded = 0;

private:
    asio::awaitable<error_code> call() {
        co_await make(what_);
        co_return error_code();
    }

    change what_;
};

class changing_consumer : public list_consumer {
public:
    explicit changing_consumer(change what) : what_(what) {}

    asio::awaitable<error_code> async_consume(download_result result) override {
        co_await make(what_);
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        results.push_back(std::move(result));
        co_return error_code();
    }

private:
    change what_;
};

class changing_source : public list_source {
public:
    changing_source(change what, std::vector<download_request> requests)
        : list_source(std::move(requests)), what_(what) {}

    asio::awaitable<boost::system::result<std::optional<download_request>>> async_next() override {
        co_await make(what_);
        co_return co_await list_source::async_next();
    }

private:
    change what_;
};

/// Answers every name as it is told.
class scripted_resolver : public resolver {
public:
    using answer = boost::system::result<std::vector<asio::ip::address>>;

    explicit scripted_resolver(std::function<asio::awaitable<answer>()> script)
        : script_(std::move(script)) {}

    asio::awaitable<answer> async_resolve(std::string) override { return script_(); }

private:
    std::function<asio::awaitable<answer>()> script_;
};

download_result fetch_by_name(stage& on, std::uint16_t port,
                              std::function<asio::awaitable<scripted_resolver::answer>()> script) {
    context_options shared;
    shared.lookup = std::make_shared<scripted_resolver>(std::move(script));
    downloader client(on.io.get_executor(), on.options, download_context(shared));
    download_request ask("http://name.test:" + std::to_string(port) + "/bytes/5", "file");
    return on.fetch(client, ask);
}

const asio::ip::address& loopback() {
    static const asio::ip::address address = asio::ip::make_address("127.0.0.1");
    return address;
}

constexpr change every_change[] = {change::disables, change::throws_from_now_on};

TEST_SUITE_BEGIN("integration/isolation");

TEST_CASE("a sink that changes its cancellation state does not change its download's") {
    for (const change what : every_change) {
        CAPTURE(static_cast<int>(what));
        stage_over<plain> on;
        on.server.on("/stalls", misbehave::stall_in_body(1000, 400));
        changing_sink kept(what);
        download_request ask = on.ask("/stalls");
        ask.destination = &kept;
        downloader client(on.io.get_executor(), on.options);
        std::optional<download_result> got;
        client.async_download(ask, [&](download_result r) { got.emplace(std::move(r)); });
        REQUIRE(runs_until(on, [&] { return kept.writes == 1; }));
        client.cancel();
        CHECK(runs_out_of_work(on.io));
        REQUIRE(got);
        CHECK(got->error == errc::cancelled);
        CHECK(kept.discards == 1);
        CHECK(kept.discarded == 1);
    }
}

TEST_CASE("a consumer that changes its cancellation state gets every result all the same") {
    for (const change what : every_change) {
        CAPTURE(static_cast<int>(what));
        stage_over<plain> on;
        on.server.on("/stalls", misbehave::stall_before_head());
        on.options.max_concurrent = 1;
        changing_source source(what, {on.ask("/bytes/5", "a"), on.ask("/bytes/6", "b"),
                                      on.ask("/stalls", "c"), on.ask("/bytes/7", "d")});
        changing_consumer consumer(what);
        downloader client(on.io.get_executor(), on.options);
        std::optional<batch_summary> got;
        client.async_download_batch(source, consumer,
                                    [&](batch_summary s) { got.emplace(std::move(s)); });
        REQUIRE(runs_until(on, [&] { return on.server.requests("/stalls") == 1; }));
        client.cancel();
        CHECK(runs_out_of_work(on.io));
        REQUIRE(got);
        CHECK_FALSE(got->consumer_error);
        CHECK_FALSE(got->source_error);
        CHECK(got->succeeded == 2);
        CHECK(got->total == source.given);
        CHECK(consumer.results.size() == source.given);
    }
}

TEST_CASE("a resolver that changes its cancellation state leaves the timeout as it is") {
    const silent_port port;
    for (const change what : every_change) {
        CAPTURE(static_cast<int>(what));
        stage_over<plain> on;
        on.options.connect_timeout = 200ms;
        const auto result = fetch_by_name(on, port.number(),
                                          [what]() -> asio::awaitable<scripted_resolver::answer> {
                                              co_await make(what);
                                              co_return std::vector<asio::ip::address>{loopback()};
                                          });
        check_failed(on, result, errc::connect_timeout);
        CHECK(result.download_time < soon);
    }
}

TEST_CASE("a resolver that throws ends its download at once, as internal") {
    stage_over<plain> on;
    const auto result =
        fetch_by_name(on, on.server.port(), []() -> asio::awaitable<scripted_resolver::answer> {
            throw std::runtime_error("no table");
        });
    check_failed(on, result, errc::internal);
    CHECK(result.message == "the resolver threw an exception: no table");
    CHECK(result.attempts == 1);
    CHECK(result.download_time < soon);
}

TEST_CASE("what a source or a consumer throws is told with its words") {
    class throwing_source : public list_source {
    public:
        using list_source::list_source;
        std::optional<download_request> try_next() override {
            throw std::runtime_error("no\nqueue");
        }
    };
    class throwing_consumer : public list_consumer {
    public:
        bool try_consume(download_result&) override { throw std::bad_alloc(); }
    };
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    throwing_source failing{std::vector<download_request>()};
    list_consumer any;
    const auto first =
        run_for_result(on.io, client.async_download_batch(failing, any, asio::use_future));
    CHECK(first.source_error == errc::internal);
    CHECK(first.source_message == "the source threw an exception: no queue");
    list_source one({on.ask("/bytes/5")});
    throwing_consumer full;
    const auto second =
        run_for_result(on.io, client.async_download_batch(one, full, asio::use_future));
    CHECK(second.total == 1);
    CHECK(second.consumer_error == errc::internal);
    CHECK(second.consumer_message == "the consumer: out of memory");
}

TEST_SUITE_END();

}  // namespace
