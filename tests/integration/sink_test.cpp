// Destinations other than files, and callbacks of the user's that fail.

#include <doctest/doctest.h>
#include <asyncdl/memory_sink.hpp>
#include <asyncdl/observer.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
namespace asio = boost::asio;

enum class trouble { none, error, foreign_error, exception };

/// Writes down every call; the one with number `fail_at` (from 0) fails. Completes late on purpose.
class scripted_sink : public sink {
public:
    scripted_sink(int fail_at, trouble how) : fail_at_(fail_at), how_(how) {}

    asio::awaitable<boost::system::error_code> open(std::optional<std::uint64_t> size) override {
        announced = size;
        bytes.clear();
        return call("open");
    }
    asio::awaitable<boost::system::error_code> write(std::uint64_t offset,
                                                     std::span<const std::byte> data) override {
        CHECK(offset == bytes.size());
        CHECK_FALSE(data.empty());
        bytes.append(reinterpret_cast<const char*>(data.data()), data.size());
        return call("write");
    }
    asio::awaitable<boost::system::error_code> sync() override { return call("sync"); }
    asio::awaitable<boost::system::error_code> commit(std::uint64_t size) override {
        committed = size;
        return call("commit");
    }
    asio::awaitable<void> discard() override { co_await call("discard"); }

    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(std::count(calls.begin(), calls.end(), name));
    }

    std::vector<std::string> calls;
    std::string bytes;
    std::optional<std::uint64_t> announced;
    std::uint64_t committed = 0;

private:
    asio::awaitable<boost::system::error_code> call(std::string name) {
        const bool fails = static_cast<int>(calls.size()) == fail_at_;
        calls.push_back(std::move(name));
        asio::steady_timer later(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
        co_await later.async_wait(asio::use_awaitable);
        if (fails && how_ == trouble::exception) {
            throw std::runtime_error("a sink's own problem");
        }
        if (fails && how_ == trouble::foreign_error) {
            co_return boost::system::errc::make_error_code(boost::system::errc::io_error);
        }
        if (fails && how_ == trouble::error) {
            co_return make_error_code(errc::disk_full);
        }
        co_return boost::system::error_code();
    }

    int fail_at_;
    trouble how_;
};

std::string text_of(const memory_sink& kept) {
    return {reinterpret_cast<const char*>(kept.bytes().data()), kept.bytes().size()};
}

TEST_SUITE_BEGIN("integration/sink");

TEST_CASE_TEMPLATE("a body is kept in memory up to the bound", How, plain, tls) {
    stage_over<How> on;
    memory_sink kept(100'000);
    download_request ask = on.ask("/bytes/100000", "");
    ask.destination = &kept;
    const download_result result = on.fetch(ask);
    CHECK(result.success);
    CHECK(text_of(kept) == pattern(0, 100'000));
    CHECK(on.names().empty());
    ask.urls[0] = on.server.url("/bytes/100001");
    const download_result too_large = on.fetch(ask);
    check_failed(on, too_large, errc::too_large);
    CHECK(error_kind(too_large.error) == "too_large");
    CHECK(too_large.attempts == 1);
    CHECK(kept.bytes().empty());
    response unsized;
    unsized.until_close = true;
    unsized.pattern_size = 100'001;
    on.server.on("/unsized", unsized);
    ask.urls[0] = on.server.url("/unsized");
    check_failed(on, on.fetch(ask), errc::too_large);
    CHECK(kept.bytes().empty());
    ask.urls[0] = on.server.url("/short");
    on.server.on("/short", misbehave::truncated_body(1000, 10));
    check_failed(on, on.fetch(ask), errc::truncated);
    CHECK(kept.bytes().empty());
}

TEST_CASE_TEMPLATE("a sink sees open, the bytes in order, and one commit", How, plain, tls) {
    stage_over<How> on;
    scripted_sink seen(-1, trouble::none);
    download_request ask = on.ask("/bytes/300000");
    ask.destination = &seen;
    CHECK(on.fetch(ask).success);
    CHECK(seen.announced == 300'000);
    CHECK(seen.bytes == pattern(0, 300'000));
    CHECK(seen.committed == 300'000);
    CHECK(seen.calls.front() == "open");
    CHECK(seen.calls.back() == "commit");
    CHECK(seen.count("open") == 1);
    CHECK(seen.count("commit") == 1);
    CHECK(seen.count("discard") == 0);

    response unsized;
    unsized.until_close = true;
    unsized.pattern_size = 10;
    on.server.on("/unsized", unsized);
    ask.urls[0] = on.server.url("/unsized");
    CHECK(on.fetch(ask).success);
    CHECK_FALSE(seen.announced);
}

TEST_CASE("a sink gets the body each time, whatever is to become of files that exist") {
    stage_over<plain> on;
    REQUIRE(on.fetch(on.ask("/bytes/20000")).success);
    for (const on_exists mode : {on_exists::update, on_exists::timestamp, on_exists::overwrite,
                                 on_exists::skip, on_exists::rename, on_exists::fail}) {
        on.options.if_exists = mode;
        scripted_sink seen(-1, trouble::none);
        download_request ask = on.ask("/bytes/20000");
        ask.destination = &seen;
        const download_result result = on.fetch(ask);
        CHECK(result.success);
        CHECK_FALSE(result.skipped);
        CHECK(seen.bytes == pattern(0, 20'000));
    }
    for (const request& asked : on.server.requests()) {
        CHECK_FALSE(asked.value("If-None-Match"));
        CHECK_FALSE(asked.value("If-Modified-Since"));
    }
    CHECK(on.names() == std::vector<std::string>{"file"});
}

TEST_CASE("a sink is synced once before it commits, if the download is to be durable") {
    stage_over<plain> on;
    for (const bool durable : {false, true}) {
        on.options.durable = durable;
        scripted_sink seen(-1, trouble::none);
        download_request ask = on.ask("/bytes/10");
        ask.destination = &seen;
        CHECK(on.fetch(ask).success);
        const std::vector<std::string> plain_calls{"open", "write", "commit"};
        const std::vector<std::string> durable_calls{"open", "write", "sync", "commit"};
        CHECK(seen.calls == (durable ? durable_calls : plain_calls));
    }
}

TEST_CASE("a sink that cannot be synced is discarded, and the download has failed") {
    stage_over<plain> on;
    on.options.durable = true;
    on.options.retries = 3;
    scripted_sink failing(2, trouble::error);
    download_request ask = on.ask("/bytes/10");
    ask.destination = &failing;
    const download_result result = on.fetch(ask);
    check_failed(on, result, errc::disk_full);
    CHECK(result.attempts == 1);
    CHECK(failing.calls == std::vector<std::string>{"open", "write", "sync", "discard"});
}

TEST_CASE("a body that is not what it should be is not synced") {
    stage_over<plain> on;
    on.options.durable = true;
    scripted_sink seen(-1, trouble::none);
    download_request ask = on.ask("/bytes/10");
    ask.destination = &seen;
    ask.checksum = "md5=" + std::string(32, '0');
    check_failed(on, on.fetch(ask), errc::checksum);
    CHECK(seen.calls == std::vector<std::string>{"open", "write", "discard"});
}

TEST_CASE("a sink that fails at any call ends the download, and is closed properly") {
    stage_over<plain> on;
    on.options.durable = true;
    for (const trouble how : {trouble::error, trouble::foreign_error, trouble::exception}) {
        for (int n = 0;; ++n) {
            REQUIRE(n < 100);
            CAPTURE(static_cast<int>(how));
            CAPTURE(n);
            scripted_sink failing(n, how);
            download_request ask = on.ask("/bytes/300000");
            ask.destination = &failing;
            const download_result result = on.fetch(ask);
            if (result.success) {
                CHECK(static_cast<int>(failing.calls.size()) <= n);
                CHECK(n > 2);
                break;
            }
            check_failed(on, result,
                         how == trouble::error       ? errc::disk_full
                         : how == trouble::exception ? errc::internal
                                                     : errc::file);
            CHECK(result.attempts == 1);
            const bool opened = n > 0;
            CHECK(failing.count("open") == 1);
            CHECK(failing.count("commit") + failing.count("discard") == (opened ? 1 : 0));
        }
    }
}

TEST_CASE("a sink whose discard fails is discarded once, and not opened again") {
    stage_over<plain> on;
    on.server.on("/", misbehave::truncated_body(1000, 10));
    on.options.retries = 2;
    on.options.retry_delay = std::chrono::milliseconds(0);
    for (const int in_attempt : {1, 3}) {
        CAPTURE(in_attempt);
        // Open, write, and a discard where the attempt failed: the third call of each.
        scripted_sink failing(3 * in_attempt - 1, trouble::exception);
        download_request ask = on.ask("/");
        ask.destination = &failing;
        const download_result result = on.fetch(ask);
        check_failed(on, result, errc::internal);
        CHECK(result.message == "the sink threw an exception: a sink's own problem");
        CHECK(result.attempts == static_cast<unsigned>(in_attempt == 1 ? 2 : 3));
        CHECK(failing.count("open") == static_cast<std::size_t>(in_attempt));
        CHECK(failing.count("discard") == static_cast<std::size_t>(in_attempt));
        CHECK(failing.calls.back() == "discard");
    }
}

TEST_CASE("a download that fails discards, a retry opens again") {
    stage_over<plain> on;
    scripted_sink seen(-1, trouble::none);
    on.server.on("/", misbehave::truncated_body(1000, 10));
    on.options.retries = 2;
    on.options.retry_delay = std::chrono::milliseconds(0);
    download_request ask = on.ask("/");
    ask.destination = &seen;
    check_failed(on, on.fetch(ask), errc::truncated);
    CHECK(seen.count("open") == 3);
    CHECK(seen.count("discard") == 3);
    CHECK(seen.count("commit") == 0);
    CHECK(seen.calls.back() == "discard");
}

TEST_CASE("a response that is not stored never reaches a sink") {
    stage_over<plain> on;
    scripted_sink seen(-1, trouble::none);
    download_request ask = on.ask("/status/404");
    ask.destination = &seen;
    check_failed(on, on.fetch(ask), errc::http_status);
    CHECK(seen.calls.empty());
}

class noting_observer : public observer {
public:
    void on_start(std::uint64_t id, std::uint64_t tag, std::string_view url) override {
        CHECK(id != 0);
        CHECK(tag == 9);
        note("start " + std::string(url));
    }
    void on_retry(std::uint64_t, std::uint64_t, unsigned, const boost::system::error_code&,
                  std::chrono::milliseconds) override {
        note("retry");
    }
    void on_finish(const download_result& result) override {
        note(result.success ? "success" : "failure");
    }

    std::vector<std::string> notes;
    std::string throws_at;

private:
    void note(std::string text) {
        notes.push_back(text);
        if (!throws_at.empty() && text.starts_with(throws_at)) {
            throw std::runtime_error("an observer's own problem");
        }
    }
};

TEST_CASE("an observer is told of the start, of retries and of the end, without secrets") {
    stage_over<plain> on;
    noting_observer events;
    on.options.events = &events;
    on.options.retries = 1;
    on.options.retry_delay = std::chrono::milliseconds(0);
    std::string url = on.server.url("/status/503");
    url.insert(url.find("//") + 2, "user:word@");
    download_request ask(url, "file");
    ask.tag = 9;
    CHECK(on.fetch(ask).error == errc::http_status_transient);
    CHECK(events.notes ==
          std::vector<std::string>{"start " + on.server.url("/status/503"), "retry", "failure"});
}

TEST_CASE("an exception out of an observer ends that download alone") {
    for (const char* where : {"start", "retry", "success", "failure"}) {
        CAPTURE(where);
        stage_over<plain> on;
        noting_observer events;
        events.throws_at = where;
        on.options.events = &events;
        on.options.retries = 1;
        on.options.retry_delay = std::chrono::milliseconds(0);
        std::vector<std::string> log;
        on.options.log.level = log_level::warn;
        on.options.log.write = [&](log_level, std::string_view line) { log.emplace_back(line); };
        download_request ask = on.ask(
            where == std::string("success") || where == std::string("start") ? "/bytes/5"
                                                                             : "/status/503");
        ask.tag = 9;
        downloader client(on.io.get_executor(), on.options);
        check_failure(on.fetch(client, ask), errc::internal);
        CHECK_FALSE(log.empty());
        events.throws_at.clear();
        download_request next = on.ask("/bytes/5", "next");
        next.tag = 9;
        CHECK(on.fetch(client, next).success);
    }
}

TEST_CASE("what a log hook throws is dropped") {
    stage_over<plain> on;
    on.options.log.level = log_level::trace;
    on.options.log.write = [](log_level, std::string_view) { throw std::runtime_error("full"); };
    check_stored(on, on.fetch("/bytes/5"), pattern(0, 5));
}

TEST_CASE("log lines hold no secret and no line break") {
    stage_over<plain> on;
    std::vector<std::string> log;
    on.options.log.level = log_level::trace;
    on.options.log.write = [&](log_level, std::string_view line) { log.emplace_back(line); };
    on.options.headers = {header("X-Token", "sesame")};
    std::string url = on.server.url("/status/404?key=sesame");
    url.insert(url.find("//") + 2, "user:sesame@");
    on.fetch(download_request(url, "file"));
    CHECK_FALSE(log.empty());
    for (const std::string& line : log) {
        CAPTURE(line);
        CHECK(line.find("sesame") == std::string::npos);
        CHECK(line.find('\n') == std::string::npos);
    }
}

TEST_SUITE_END();

}  // namespace
