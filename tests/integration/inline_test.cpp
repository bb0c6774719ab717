// Callers' code that ends its call at once when it is told to, from within that: downloads end, and
// others begin, while a cancellation goes through them.

#include <doctest/doctest.h>
#include <asyncdl/sink.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "support/expect.hpp"
#include "support/lists.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
namespace asio = boost::asio;
using boost::system::error_code;

/// A wait whose end resumes the coroutine before `end` returns.
class inline_wait {
public:
    asio::awaitable<void> wait() {
        auto start = [this](auto handler) {
            handler_.emplace(std::move(handler));
            auto slot = asio::get_associated_cancellation_slot(*handler_);
            if (slot.is_connected()) {
                slot.assign([this](asio::cancellation_type) { end(); });
            }
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start,
                                                                             asio::use_awaitable);
    }

    void end() {
        if (handler_) {
            auto handler = std::move(*handler_);
            handler_.reset();
            std::move(handler)();
        }
    }

    bool waits() const { return handler_.has_value(); }

private:
    std::optional<asio::any_completion_handler<void()>> handler_;
};

/// Its write waits until it is interrupted, and ends within that call.
class inline_sink : public sink {
public:
    asio::awaitable<error_code> open(std::optional<std::uint64_t>) override { return done(); }
    asio::awaitable<error_code> write(std::uint64_t, std::span<const std::byte>) override {
        co_await turn.wait();
        co_return asio::error::make_error_code(asio::error::operation_aborted);
    }
    asio::awaitable<error_code> sync() override { return done(); }
    asio::awaitable<error_code> commit(std::uint64_t) override { return done(); }
    asio::awaitable<void> discard() override { co_return; }
    void interrupt() noexcept override { turn.end(); }

    inline_wait turn;

private:
    static asio::awaitable<error_code> done() { co_return error_code(); }
};

/// Gives what it has, then waits for a cancellation, and ends within that.
class inline_source : public list_source {
public:
    using list_source::list_source;

    asio::awaitable<boost::system::result<std::optional<download_request>>> async_next() override {
        auto listed = co_await list_source::async_next();
        if (listed && !*listed) {
            co_await turn.wait();
        }
        co_return listed;
    }

    inline_wait turn;
};

std::vector<download_request> into(const stage& on, std::vector<inline_sink>& sinks) {
    std::vector<download_request> requests;
    for (inline_sink& one : sinks) {
        requests.push_back(on.ask("/bytes/5"));
        requests.back().destination = &one;
    }
    return requests;
}

bool all_wait(const std::vector<inline_sink>& sinks) {
    for (const inline_sink& one : sinks) {
        if (!one.turn.waits()) {
            return false;
        }
    }
    return true;
}

TEST_SUITE_BEGIN("integration/inline");

TEST_CASE("sinks that end within their interruption are cancelled like others") {
    stage_over<plain> on;
    std::vector<inline_sink> sinks(3);
    downloader client(on.io.get_executor(), on.options);
    std::vector<download_result> results;
    for (const download_request& one : into(on, sinks)) {
        client.async_download(one, [&](download_result r) { results.push_back(std::move(r)); });
    }
    REQUIRE(runs_until(on.io, [&] { return all_wait(sinks); }));
    client.cancel();
    CHECK(runs_out_of_work(on.io));
    CHECK(results.size() == 3);
    for (const download_result& result : results) {
        check_failure(result, errc::cancelled);
    }
}

TEST_CASE("so is one of them by its id, and so are those of a batch by its slot") {
    stage_over<plain> on;
    std::vector<inline_sink> sinks(3);
    downloader client(on.io.get_executor(), on.options);
    asio::cancellation_signal stop;
    std::optional<batch_result> got;
    client.async_download_batch(
        into(on, sinks), asio::bind_cancellation_slot(
                             stop.slot(), [&](batch_result r) { got.emplace(std::move(r)); }));
    REQUIRE(runs_until(on.io, [&] { return all_wait(sinks); }));
    client.cancel(client.progress().downloads.at(0).id, disposition::discard);
    CHECK(runs_until(on.io, [&] { return client.progress().active == 2; }));
    CHECK_FALSE(got);
    stop.emit(asio::cancellation_type::terminal);
    CHECK(runs_out_of_work(on.io));
    REQUIRE(got);
    CHECK(got->summary.cancelled == 3);
}

TEST_CASE("a batch ends within its cancellation if its source does, and others go on") {
    stage_over<plain> on;
    std::vector<inline_sink> sinks(2);
    downloader client(on.io.get_executor(), on.options);
    inline_source first{std::vector<download_request>()};
    inline_source second(into(on, sinks));
    list_consumer consumer;
    std::vector<batch_summary> ended;
    const auto keep = [&](batch_summary summary) { ended.push_back(std::move(summary)); };
    client.async_download_batch(first, consumer, keep);
    client.async_download_batch(second, consumer, keep);
    REQUIRE(runs_until(
        on.io, [&] { return all_wait(sinks) && first.turn.waits() && second.turn.waits(); }));
    client.cancel();
    CHECK(runs_out_of_work(on.io));
    REQUIRE(ended.size() == 2);
    CHECK(consumer.results.size() == 2);
    CHECK(ended[0].cancelled + ended[1].cancelled == 2);
}

TEST_CASE("a download that begins within the cancellation of another is not cancelled") {
    stage_over<plain> on;
    std::vector<inline_sink> sinks(2);
    downloader client(on.io.get_executor(), on.options);
    int begun = 0;
    std::vector<download_result> results;
    for (const download_request& one : into(on, sinks)) {
        client.async_download(one, [&](const download_result& cancelled) {
            check_failure(cancelled, errc::cancelled);
            client.async_download(on.ask("/bytes/5", std::to_string(begun++)),
                                  [&](download_result r) { results.push_back(std::move(r)); });
        });
    }
    REQUIRE(runs_until(on.io, [&] { return all_wait(sinks); }));
    client.cancel();
    CHECK(runs_out_of_work(on.io));
    CHECK(results.size() == 2);
    for (const download_result& result : results) {
        CHECK(result.success);
    }
}

TEST_CASE("a signal that comes when the context is gone does nothing") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_before_head());
    asio::cancellation_signal stop;
    auto io = std::make_unique<asio::io_context>(1);
    {
        downloader client(io->get_executor(), on.options);
        client.async_download(on.ask("/stalls"),
                              asio::bind_cancellation_slot(stop.slot(), [](download_result) {
                                  FAIL("nobody is there any more");
                              }));
        REQUIRE(runs_until(*io, [&] { return on.server.requests("/stalls") == 1; }));
    }
    io.reset();
    stop.emit(asio::cancellation_type::terminal);
    CHECK(on.names().empty());
}

TEST_SUITE_END();

}  // namespace
