// A server that asks for time gets it: Retry-After in both forms and on redirects, and a host that
// is overloaded is left alone by all downloads of the run.

#include <doctest/doctest.h>
#include <asyncdl/observer.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/expect.hpp"
#include "support/remote_file.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

using clock = std::chrono::steady_clock;
using texts = std::vector<std::string>;

/// Notes when each path was asked for.
class arrivals {
public:
    handler noting(handler answer) {
        return [this, answer = std::move(answer)](connection& peer, const request& asked) {
            {
                const std::lock_guard lock(mutex_);
                seen_.emplace_back(asked.path(), clock::now());
            }
            answer(peer, asked);
        };
    }

    texts order() const {
        const std::lock_guard lock(mutex_);
        texts paths;
        for (const auto& [path, when] : seen_) {
            paths.push_back(path);
        }
        return paths;
    }

    /// Between the first request for one path and the last for another.
    double seconds_between(std::string_view from, std::string_view to) const {
        const std::lock_guard lock(mutex_);
        clock::time_point first = clock::time_point::max();
        clock::time_point last;
        for (const auto& [path, when] : seen_) {
            first = path == from ? std::min(first, when) : first;
            last = path == to ? when : last;
        }
        return std::chrono::duration<double>(last - first).count();
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::pair<std::string, clock::time_point>> seen_;
};

handler hello() {
    return [](connection& peer, const request&) {
        response answer;
        answer.body = "hello";
        peer.send(answer);
    };
}

/// A stage whose origin is two hosts: 127.0.0.1 and localhost.
class two_hosts : public stage_over<plain> {
public:
    two_hosts() {
        options.retries = 1;
        options.retry_delay = 0ms;
    }

    download_request ask_other(std::string_view path, std::string name) const {
        return download_request(server.url(path, "localhost"), std::move(name));
    }

    void on(const std::string& path, handler answer) {
        server.on(path, seen.noting(std::move(answer)));
    }

    /// Three URLs that are refused once, enough for a rest of their host.
    void refuse_first(unsigned code, const std::vector<field>& fields) {
        for (const char* path : {"/a", "/b", "/c"}) {
            on(path, in_turn({status(code, fields), hello()}));
        }
    }
    std::vector<download_request> first_three() const {
        return {ask("/a", "a"), ask("/b", "b"), ask("/c", "c")};
    }

    arrivals seen;
};

double seconds_of(const download_result& result) {
    return result.download_time.count();
}

/// Writes down how long each retry waits.
class noting_observer : public observer {
public:
    void on_retry(std::uint64_t, std::uint64_t, unsigned, const boost::system::error_code&,
                  std::chrono::milliseconds delay) override {
        delays.push_back(delay);
    }

    std::vector<std::chrono::milliseconds> delays;
};

TEST_SUITE_BEGIN("integration/host_rest");

TEST_CASE_TEMPLATE("a date in Retry-After counts from the server's clock", How, plain, tls) {
    const struct {
        std::string date;
        std::string until;
    } cases[] = {
        {"Sat, 01 Jun 2013 12:00:00 GMT", "Sat, 01 Jun 2013 12:00:01 GMT"},
        {"Sat, 01 Jun 2069 12:00:00 GMT", "Sat, 01 Jun 2069 12:00:01 GMT"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.date);
        stage_over<How> on;
        on.options.retries = 1;
        on.options.retry_delay = 30s;
        on.server.on(
            "/", in_turn({status(503, {{"Date", one.date}, {"Retry-After", one.until}}), hello()}));
        const download_result result = on.fetch("/");
        check_stored(on, result, "hello");
        CHECK(seconds_of(result) >= 0.95);
        CHECK(result.download_time < soon);
    }
}

TEST_CASE("a date in Retry-After that has passed is no wait, a far one is bounded") {
    stage_over<plain> on;
    on.options.retries = 1;
    on.options.retry_delay = 30s;
    on.options.retry_max_delay = 300ms;
    const struct {
        std::string until;
        std::chrono::milliseconds wait;
    } cases[] = {
        {"Sat, 01 Jun 2013 12:00:00 GMT", 0ms},
        {"Sat, 01 Jun 2069 12:00:00 GMT", 300ms},
    };
    for (const auto& one : cases) {
        CAPTURE(one.until);
        noting_observer events;
        on.options.events = &events;
        on.server.on("/", in_turn({status(503, {{"Retry-After", one.until}}), hello()}));
        const download_result result = on.fetch("/");
        check_stored(on, result, "hello");
        CHECK(events.delays == std::vector{one.wait});
        CHECK(result.download_time >= one.wait);
        CHECK(result.download_time < soon);
    }
}

TEST_CASE_TEMPLATE("Retry-After on a redirect is waited for before it is followed", How, plain,
                   tls) {
    stage_over<How> on;
    arrivals seen;
    for (const unsigned code : {301U, 302U, 303U, 307U, 308U}) {
        CAPTURE(code);
        const std::string after = code == 302 ? "1" : "30";
        on.server.on("/from",
                     seen.noting(status(code, {{"Location", "/"}, {"Retry-After", after}})));
        on.server.on("/", seen.noting(hello()));
        on.options.retry_max_delay = code == 302 ? 60s : 100ms;
        const download_result result = on.fetch("/from");
        check_stored(on, result, "hello");
        CHECK(result.attempts == 1);
        CHECK(seconds_of(result) >= (code == 302 ? 0.95 : 0.09));
        CHECK(result.download_time < soon);
    }
}

TEST_CASE("a host that refuses three URLs gets a rest from all downloads, other hosts go on") {
    for (const unsigned code : {429U, 503U}) {
        CAPTURE(code);
        two_hosts on;
        on.options.max_concurrent = 1;
        on.refuse_first(code, {{"Retry-After", "2"}});
        on.on("/d", hello());
        on.on("/other", hello());
        const batch_result batch =
            on.fetch_all({on.ask("/a", "a"), on.ask("/b", "b"), on.ask("/c", "c"),
                          on.ask("/d", "d"), on.ask_other("/other", "other")});
        CHECK(batch.summary.succeeded == 5);
        const texts order = on.seen.order();
        REQUIRE(order.size() == 8);
        CHECK(order[2] == "/c");
        CHECK(order[3] == "/other");
        CHECK(on.seen.seconds_between("/c", "/d") >= 1.95);
        CHECK(on.seen.seconds_between("/a", "/a") >= 1.95);
        CHECK(batch.results[0].attempts == 2);
        CHECK(batch.results[3].attempts == 1);
        // Its first slot it had before the rest.
        CHECK(seconds_of(batch.results[3]) >= 1.95);
    }
}

TEST_CASE("a host that does not say how long gets the delay of a first retry") {
    for (const unsigned code : {429U, 503U}) {
        CAPTURE(code);
        two_hosts on;
        on.options.max_concurrent = 1;
        on.options.retry_delay = 2s;
        on.refuse_first(code, {});
        on.on("/d", hello());
        on.on("/other", hello());
        const batch_result batch =
            on.fetch_all({on.ask("/a", "a"), on.ask("/b", "b"), on.ask("/c", "c"),
                          on.ask("/d", "d"), on.ask_other("/other", "other")});
        CHECK(batch.summary.succeeded == 5);
        CHECK(on.seen.order()[3] == "/other");
        CHECK(on.seen.seconds_between("/c", "/d") >= 1.95);
        CHECK(batch.summary.elapsed < soon);
    }
}

TEST_CASE("one URL that is out of service does not stop the others of its host") {
    for (const bool says_how_long : {false, true}) {
        CAPTURE(says_how_long);
        two_hosts on;
        on.options.retries = 0;
        on.options.max_concurrent = 1;
        on.options.retry_delay = 30s;
        on.on("/a", says_how_long ? status(503, {{"Retry-After", "30"}}) : status(503));
        on.on("/b", hello());
        downloader client(on.io.get_executor(), on.options);
        const batch_result batch =
            on.fetch_all(client, {on.ask("/a", "a"), on.ask("/b", "b"), on.ask("/b?2", "c")});
        CHECK(batch.summary.succeeded == 2);
        CHECK(batch.summary.elapsed < soon);
        CHECK(on.fetch(client, on.ask("/b", "d")).download_time < soon);
    }
}

TEST_CASE("a URL that is out of service is left alone by all that ask for it") {
    two_hosts on;
    on.options.retries = 0;
    on.on("/a", in_turn({status(503, {{"Retry-After", "1"}}), hello()}));
    downloader client(on.io.get_executor(), on.options);
    check_failed(on, on.fetch(client, on.ask("/a#1", "a")), errc::http_status_transient);
    CHECK(on.fetch(client, on.ask("/a#2", "b")).success);
    CHECK(on.seen.seconds_between("/a", "/a") >= 0.95);
}

TEST_CASE("a good answer between refusals keeps their host awake") {
    two_hosts on;
    on.options.retries = 0;
    on.options.max_concurrent = 1;
    for (const char* path : {"/a", "/b", "/c", "/d"}) {
        on.on(path, status(503, {{"Retry-After", "30"}}));
    }
    on.on("/good", hello());
    const batch_result batch =
        on.fetch_all({on.ask("/a", "a"), on.ask("/b", "b"), on.ask("/good", "1"), on.ask("/c", "c"),
                      on.ask("/d", "d"), on.ask("/good", "2")});
    CHECK(batch.summary.succeeded == 2);
    CHECK(batch.summary.elapsed < soon);
}

TEST_CASE("the same name with another port is another host") {
    two_hosts on;
    origin other;
    other.on("/d", hello());
    on.refuse_first(503, {{"Retry-After", "30"}});
    on.options.retries = 0;
    downloader client(on.io.get_executor(), on.options);
    CHECK(on.fetch_all(client, on.first_three()).summary.failed == 3);
    const download_result next = on.fetch(client, download_request(other.url("/d"), "d"));
    CHECK(next.success);
    CHECK(next.download_time < soon);
}

TEST_CASE("a rest counts for downloads that begin while it lasts") {
    two_hosts on;
    on.refuse_first(503, {{"Retry-After", "1"}});
    on.on("/d", hello());
    on.options.retries = 0;
    downloader client(on.io.get_executor(), on.options);
    CHECK(on.fetch_all(client, on.first_three()).summary.failed == 3);
    CHECK(on.fetch(client, on.ask("/d")).success);
    CHECK(on.seen.seconds_between("/c", "/d") >= 0.95);
}

TEST_CASE("a mirror whose host rests is left out while another may be asked") {
    two_hosts on;
    origin other;
    other.on("/d", hello());
    on.refuse_first(503, {{"Retry-After", "30"}});
    on.options.retries = 0;
    downloader client(on.io.get_executor(), on.options);
    CHECK(on.fetch_all(client, on.first_three()).summary.failed == 3);
    download_request ask = on.ask("/d", "d");
    ask.urls.push_back(on.server.url("/e"));
    ask.urls.push_back(other.url("/d"));
    const download_result result = on.fetch(client, ask);
    CHECK(result.success);
    CHECK(result.attempts == 1);
    CHECK(result.download_time < soon);
    CHECK(on.server.requests("/d") == 0);
}

TEST_CASE("a rest is bounded like any wait") {
    two_hosts on;
    on.options.retry_max_delay = 200ms;
    on.refuse_first(503, {{"Retry-After", "3600"}});
    on.on("/d", hello());
    std::vector<download_request> requests = on.first_three();
    requests.push_back(on.ask("/d", "d"));
    const batch_result batch = on.fetch_all(std::move(requests));
    CHECK(batch.summary.succeeded == 4);
    CHECK(on.seen.seconds_between("/a", "/a") >= 0.19);
    CHECK(batch.summary.elapsed < soon);
}

TEST_CASE("a failure that does not speak for its host gives it no rest") {
    for (const unsigned code : {500U, 502U, 504U, 404U}) {
        CAPTURE(code);
        two_hosts on;
        on.options.max_concurrent = 1;
        on.options.retries = 0;
        on.on("/a", status(code, {{"Retry-After", "30"}}));
        on.on("/b", hello());
        const batch_result batch = on.fetch_all({on.ask("/a", "a"), on.ask("/b", "b")});
        CHECK(batch.summary.succeeded == 1);
        CHECK(batch.summary.elapsed < soon);
    }
}

TEST_CASE("who waits for a host that rests can be cancelled") {
    two_hosts on;
    on.refuse_first(503, {{"Retry-After", "30"}});
    on.on("/d", hello());
    downloader client(on.io.get_executor(), on.options);
    int ended = 0;
    std::size_t started = 0;
    const auto start = [&](const char* path, std::string name) {
        client.async_download(on.ask(path, std::move(name)), [&](const download_result& result) {
            ++ended;
            check_failure(result, errc::cancelled);
        });
        ++started;
        REQUIRE(runs_until(on.io, [&] {
            const auto all = client.progress().downloads;
            return all.size() == started && std::all_of(all.begin(), all.end(), [](auto& one) {
                       return one.state == download_state::waiting;
                   });
        }));
    };
    start("/a", "1");
    start("/b", "2");
    start("/c", "3");
    start("/d", "4");
    start("/d", "5");
    CHECK(ended == 0);
    client.cancel();
    CHECK(runs_out_of_work(on.io));
    CHECK(ended == 5);
    CHECK(on.seen.order() == texts{"/a", "/b", "/c"});
}

TEST_SUITE_END();

}  // namespace
