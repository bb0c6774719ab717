// A sink that is a stream: its bytes cannot be taken back, so only the rest may follow them.

#include <doctest/doctest.h>
#include <asyncdl/sink.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/remote_file.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;

using texts = std::vector<std::string>;

class stream : public sink {
public:
    asio::awaitable<error_code> open(std::optional<std::uint64_t>) override {
        CHECK(bytes.empty());
        co_return error_code();
    }
    asio::awaitable<error_code> write(std::uint64_t offset,
                                      std::span<const std::byte> data) override {
        CHECK(offset == bytes.size());
        bytes.append(reinterpret_cast<const char*>(data.data()), data.size());
        co_return error_code();
    }
    asio::awaitable<error_code> sync() override { co_return error_code(); }
    asio::awaitable<error_code> commit(std::uint64_t size) override {
        CHECK(size == bytes.size());
        ++commits;
        co_return error_code();
    }
    asio::awaitable<void> discard() override {
        ++discards;
        co_return;
    }
    bool is_stream() const noexcept override { return true; }

    std::string bytes;
    int commits = 0;
    int discards = 0;
};

/// Its first write waits until it is interrupted.
class stalled_stream final : public stream {
public:
    asio::awaitable<error_code> write(std::uint64_t, std::span<const std::byte>) override {
        asio::steady_timer reader(co_await asio::this_coro::executor, patience);
        waiting_ = &reader;
        ++stalls;
        on_stall();
        error_code error;
        co_await reader.async_wait(asio::redirect_error(asio::use_awaitable, error));
        waiting_ = nullptr;
        CHECK(error);
        co_return boost::system::errc::make_error_code(boost::system::errc::broken_pipe);
    }
    void interrupt() noexcept override {
        ++interrupts;
        if (waiting_) {
            waiting_->cancel();
        }
    }
    std::string failure() const override { return "the reader is gone"; }

    std::function<void()> on_stall = [] {};
    int stalls = 0;
    int interrupts = 0;

private:
    asio::steady_timer* waiting_ = nullptr;
};

template <typename How>
class streaming : public stage_over<How> {
public:
    streaming() {
        this->options.retries = 3;
        this->options.retry_delay = 1ms;
    }

    download_result fetch(sink& to, const std::string& path, const std::string& mirror = {}) {
        download_request ask = this->ask(path);
        if (!mirror.empty()) {
            ask.urls.push_back(this->server.url(mirror));
        }
        ask.destination = &to;
        return stage::fetch(ask);
    }
};

void check_broken(const stream& to, const download_result& result, errc code,
                  const std::string& bytes) {
    check_failure(result, code);
    CAPTURE(result.message);
    CHECK(to.bytes == bytes);
    CHECK(to.commits == 0);
    CHECK(to.discards == 1);
    CHECK(result.message.find("; cannot start over: " + std::to_string(bytes.size()) +
                              " bytes are already written") != std::string::npos);
}

TEST_SUITE_BEGIN("integration/sink_stream");

TEST_CASE_TEMPLATE("a retry continues with the rest", How, plain, tls) {
    streaming<How> on;
    remote_file file(300'000);
    on.server.on("/file", in_turn({file.cut(123), file.cut(200'000, ending::reset), file}));
    stream to;
    const download_result result = on.fetch(to, "/file");
    CHECK(result.success);
    CHECK(result.attempts == 3);
    CHECK(result.file_size == 300'000);
    CHECK(to.bytes == file.bytes());
    CHECK(to.commits == 1);
    CHECK(to.discards == 0);
}

TEST_CASE("without validators a stream that has bytes ends with the first failure") {
    streaming<plain> on;
    remote_file file(1000);
    file.etag.clear();
    file.last_modified.clear();
    on.server.on("/file", file.cut(123));
    stream to;
    const download_result result = on.fetch(to, "/file");
    check_broken(to, result, errc::truncated, file.bytes(0, 123));
    CHECK(result.attempts == 1);
    CHECK(on.server.requests("/file") == 1);
}

TEST_CASE("a stream without a byte starts over") {
    streaming<plain> on;
    remote_file file(1000);
    file.etag.clear();
    file.last_modified.clear();
    on.server.on("/file", in_turn({status(503), file.cut(0), file}));
    stream to;
    const download_result result = on.fetch(to, "/file");
    CHECK(result.success);
    CHECK(result.attempts == 3);
    CHECK(to.bytes == file.bytes());
    CHECK(to.commits == 1);
}

TEST_CASE("an answer that is not the rest never follows what a stream has") {
    remote_file file(1000);
    remote_file other(1000, 2);
    remote_file whole = file;
    whole.ranges = range_support::none;
    remote_file refused = file;
    refused.ranges = range_support::refused;
    remote_file elsewhere = file;
    elsewhere.lie = [](partial_answer& answer) { ++answer.begin; };
    remote_file unsigned_part = file;
    unsigned_part.lie = [](partial_answer& answer) {
        answer.say("ETag", "");
        answer.say("Last-Modified", "");
    };
    struct wrong {
        std::string what;
        handler answer;
        errc code;
        std::string reason;
    };
    const std::vector<wrong> all{
        {"the whole file", whole, errc::truncated, "the whole file instead of the rest"},
        {"416", refused, errc::changed, "the remote file changed"},
        {"416 alone", status(416), errc::truncated, "416 without the file's length"},
        {"another part", elsewhere, errc::truncated, "another part than asked"},
        {"a part of no file", unsigned_part, errc::truncated, "of which file the part is"},
        {"another file", other, errc::changed, "the remote file changed"},
    };
    for (const wrong& each : all) {
        CAPTURE(each.what);
        streaming<plain> on;
        on.server.on("/file", in_turn({file.cut(123), each.answer, file}));
        stream to;
        const download_result result = on.fetch(to, "/file");
        check_broken(to, result, each.code, file.bytes(0, 123));
        CHECK(result.message.find(each.reason) != std::string::npos);
        CHECK(result.message.find("; then ") != std::string::npos);
        CHECK(on.server.requests("/file") == 2);
    }
}

TEST_CASE("a mirror is asked as long as a stream has nothing, and never after that") {
    remote_file file(1000);
    {
        streaming<plain> on;
        on.server.on("/mirror", file);
        stream to;
        CHECK(on.fetch(to, "/status/404", "/mirror").success);
        CHECK(to.bytes == file.bytes());
    }
    streaming<plain> on;
    on.server.on("/mirror", file);
    on.server.on("/file", in_turn({file.cut(123), status(404)}));
    stream to;
    const download_result result = on.fetch(to, "/file", "/mirror");
    check_broken(to, result, errc::http_status, file.bytes(0, 123));
    CHECK(on.server.requests("/mirror") == 0);
    CHECK(asked_with(on.server, "/file", "If-Range") == texts{"-", "\"v1\""});
}

TEST_CASE("what a stream has passed on is verified in passing, over retries as well") {
    streaming<plain> on;
    remote_file file(1000);
    on.server.on("/file", in_turn({file.cut(123), file}));
    stream to;
    download_request ask = on.ask("/file");
    ask.destination = &to;
    ask.checksum = "sha-256=" + std::string(64, '0');
    const download_result result = static_cast<stage&>(on).fetch(ask);
    check_failure(result, errc::checksum);
    CHECK(to.bytes == file.bytes());
    CHECK(to.commits == 0);
}

TEST_CASE("a call that waits for a reader ends when the download is stopped") {
    {
        streaming<plain> on;
        on.options.max_time = 100ms;
        stalled_stream to;
        check_failure(on.fetch(to, "/bytes/10"), errc::max_time);
        CHECK(to.interrupts == to.stalls);  // on a slow machine it never gets as far
    }
    streaming<plain> on;
    downloader client(on.io.get_executor(), on.options);
    stalled_stream to;
    to.on_stall = [&] { client.cancel(); };
    download_request ask = on.ask("/bytes/10");
    ask.destination = &to;
    check_failure(static_cast<stage&>(on).fetch(client, ask), errc::cancelled);
    CHECK(to.interrupts == 1);
}

TEST_CASE("a sink describes its failure in its own words") {
    streaming<plain> on;
    downloader client(on.io.get_executor(), on.options);
    stalled_stream to;
    to.on_stall = [&] { asio::post(on.io, [&] { to.interrupt(); }); };
    download_request ask = on.ask("/bytes/10");
    ask.destination = &to;
    const download_result result = static_cast<stage&>(on).fetch(client, ask);
    check_failure(result, errc::file);
    CHECK(result.message == "the reader is gone");
    CHECK(result.attempts == 1);
}

TEST_SUITE_END();

}  // namespace
