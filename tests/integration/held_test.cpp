// A host that is overloaded starves nobody: its downloads are held until it has rested, the list is
// read on, few ask it again, and what these are told counts for all.

#include <doctest/doctest.h>

#include <asyncdl/download_manager.hpp>
#include <asyncdl/observer.hpp>
#include <atomic>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/event.hpp"
#include "support/expect.hpp"
#include "support/lists.hpp"
#include "support/remote_file.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// More than the waiting room takes.
constexpr std::size_t many = 1500;
constexpr std::size_t few = 20;

/// A host that works, and another one that answers as the test says.
class overload : public stage_over<plain> {
public:
    overload() {
        options.max_concurrent = 5;
        options.retries = 3;
        options.retry_max_delay = 1h;
        busy.on("/*", status(503, {{"Retry-After", "3600"}}));
    }

    download_request ask_busy(const std::string& path, std::string name) const {
        return download_request(busy.url(path), std::move(name));
    }

    /// Many for the busy host, then few for the one that works.
    std::vector<download_request> long_list() const {
        std::vector<download_request> list;
        for (std::size_t i = 0; i < many; ++i) {
            list.push_back(ask_busy("/" + std::to_string(i), std::to_string(i)));
        }
        for (std::size_t i = 0; i < few; ++i) {
            list.push_back(ask("/bytes/10", "good" + std::to_string(i)));
        }
        return list;
    }

    bool succeeded(const downloader& client, std::uint64_t count) {
        const auto end = std::chrono::steady_clock::now() + patience;
        io.restart();
        while (client.progress(0).succeeded != count && io.run_one_until(end) > 0) {
        }
        return client.progress(0).succeeded == count;
    }

    origin busy;
};

/// Every download has one result.
void check_each_once(const std::vector<download_result>& results, std::size_t count) {
    std::set<std::uint64_t> seen;
    for (const download_result& one : results) {
        seen.insert(one.index);
    }
    CHECK(results.size() == count);
    CHECK(seen.size() == count);
    CHECK(*seen.rbegin() == count - 1);
}

TEST_SUITE_BEGIN("integration/held");

TEST_CASE(
    "healthy downloads end while those before them wait for a rest, and these are cancelled") {
    struct way {
        const char* name;
        std::function<void(overload&, std::vector<download_request>&)> prepare;
    };
    const way ways[] = {
        {"different URLs", [](overload&, auto&) {}},
        {"one URL again and again",
         [](overload& on, auto& list) {
             for (std::size_t i = 0; i < many; ++i) {
                 list[i].urls.front() = on.busy.url("/page");
             }
         }},
        {"through a redirect",
         [](overload& on, auto& list) {
             for (std::size_t i = 0; i < many; ++i) {
                 const std::string path = "/to/" + std::to_string(i);
                 on.server.on(path, status(302, {{"Location", on.busy.url(path)}}));
                 list[i].urls.front() = on.server.url(path);
             }
         }},
    };
    for (const way& one : ways) {
        CAPTURE(one.name);
        overload on;
        std::vector<download_request> list = on.long_list();
        one.prepare(on, list);
        list_source source(std::move(list));
        list_consumer consumer;
        downloader client(on.io.get_executor(), on.options);
        auto done = client.async_download_batch(source, consumer, asio::use_future);
        REQUIRE(on.succeeded(client, few));
        CHECK(consumer.results.size() == few);
        // The first two refusals have each given their slots to others.
        CHECK(on.busy.requests().size() <= on.options.max_concurrent + 2);
        CHECK(client.progress().active < 50);
        client.cancel();
        const batch_summary summary = run_for_result(on.io, std::move(done));
        CHECK(summary.total == many + few);
        CHECK(summary.cancelled == many);
        check_each_once(consumer.results, many + few);
    }
}

TEST_CASE("thousands of pages that are out of service hold up neither their host nor the list") {
    overload on;
    on.options.max_concurrent = 1;   // so that no three are refused in a row
    const std::size_t pages = 1100;  // more than the waiting room takes
    on.server.on("/busy/*", status(503, {{"Retry-After", "3600"}}));
    std::vector<download_request> list;
    for (std::size_t i = 0; i < pages; ++i) {
        list.push_back(on.ask("/busy/" + std::to_string(i), std::to_string(i)));
        list.push_back(on.ask("/bytes/10", "good" + std::to_string(i)));
    }
    list_source source(std::move(list));
    list_consumer consumer;
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download_batch(source, consumer, asio::use_future);
    REQUIRE(on.succeeded(client, pages));
    client.cancel();
    CHECK(run_for_result(on.io, std::move(done)).cancelled == pages);
    check_each_once(consumer.results, 2 * pages);
    for (const download_result& one : consumer.results) {
        CHECK(one.attempts == 1);
    }
}

TEST_CASE("a rest that is told again counts for all that wait for it") {
    overload on;
    on.options.retry_max_delay = 200ms;
    on.options.retries = 2;
    list_source source(on.long_list());
    list_consumer consumer;
    downloader client(on.io.get_executor(), on.options);
    const batch_summary summary =
        run_for_result(on.io, client.async_download_batch(source, consumer, asio::use_future));
    CHECK(summary.succeeded == few);
    CHECK(summary.failed == many);
    check_each_once(consumer.results, many + few);
    // Three to five for each rest, and few rests: those that are read late wait for more of them.
    CHECK(on.busy.requests().size() < many / 4);
    std::size_t asked = 0;
    for (const download_result& one : consumer.results) {
        if (one.index >= many) {
            continue;
        }
        check_failure(one, errc::http_status_transient);
        CHECK(one.status == 503);
        asked += one.attempts > 0 ? 1 : 0;
        if (one.attempts > 0) {
            CHECK(one.attempts == 1 + on.options.retries);
            CHECK(one.message == "HTTP status 503 Reason");
        } else {
            CHECK(one.message == "HTTP status 503 Reason, said to others that asked " +
                                     on.busy.url("") + "; this one was not asked for");
        }
    }
    CHECK(asked >= on.options.max_concurrent);
    CHECK(asked <= on.busy.requests().size());
    CHECK(on.names().size() == few);
}

TEST_CASE("without retries what waits has one attempt") {
    overload on;
    on.options.retry_max_delay = 100ms;
    on.options.retries = 0;
    on.options.max_concurrent = 1;
    const batch_result batch = on.fetch_all(on.long_list());
    CHECK(batch.summary.failed == many);
    CHECK(batch.summary.succeeded == few);
    CHECK(on.busy.requests().size() < many / 4);
}

TEST_CASE("after the rest three ask, and the others go on once it is over") {
    overload on;
    on.options.retry_max_delay = 100ms;
    on.options.max_concurrent = 15;
    on.options.retries = 20;
    std::atomic<std::size_t> asked = 0;
    event go_on;
    on.busy.on("/*", [&](connection& peer, const request& what) {
        if (++asked <= 20) {
            status(503, {{"Retry-After", "3600"}})(peer, what);
            return;
        }
        go_on.wait();
        response answer;
        answer.body = "hello";
        peer.send(answer);
    });
    std::vector<download_request> list;
    for (int i = 0; i < 200; ++i) {
        list.push_back(on.ask_busy("/" + std::to_string(i), std::to_string(i)));
    }
    list_source source(std::move(list));
    list_consumer consumer;
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download_batch(source, consumer, asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return asked == 23; }));
    // Whoever wanted to ask as well would do so before these end.
    for (int i = 0; i < 3; ++i) {
        CHECK(on.fetch(client, on.ask("/slow/20/10", "other" + std::to_string(i))).success);
    }
    CHECK(asked == 23);
    go_on.set();
    CHECK(run_for_result(on.io, std::move(done)).succeeded == 200);
    check_each_once(consumer.results, 200);
}

TEST_CASE("a host that goes on to refuse now and then gets its downloads done") {
    overload on;
    on.options.retry_max_delay = 20ms;
    on.options.retries = 14;
    std::atomic<std::size_t> asked = 0;
    // Ten good answers, then ten refusals, 15 times: each rest is told again, then over.
    on.busy.on("/*", [&](connection& peer, const request& what) {
        if (const std::size_t turn = asked++ / 10; turn < 30 && turn % 2 == 1) {
            status(429, {{"Retry-After", "3600"}})(peer, what);
            return;
        }
        response answer;
        answer.body = "hello";
        peer.send(answer);
    });
    std::vector<download_request> list;
    for (int i = 0; i < 200; ++i) {
        list.push_back(on.ask_busy("/" + std::to_string(i), std::to_string(i)));
    }
    CHECK(on.fetch_all(std::move(list)).summary.succeeded == 200);
}

TEST_CASE("a name is taken in input order, though its download is held") {
    overload on;
    on.options.retry_max_delay = 300ms;
    on.options.max_concurrent = 1;
    on.options.retries = 1;
    event other_is_done;
    const auto once_refused = [] {
        response answer;
        answer.body = "busy";
        return in_turn({status(503, {{"Retry-After", "3600"}}),
                        [answer](connection& peer, const request&) { peer.send(answer); }});
    };
    for (const char* path : {"/a", "/b", "/c"}) {
        on.busy.on(path, once_refused());
    }
    on.busy.on("/name", [&](connection& peer, const request&) {
        other_is_done.wait();
        response answer;
        answer.body = "first";
        peer.send(answer);
    });
    on.server.on("/name", [](connection& peer, const request&) {
        response answer;
        answer.body = "second";
        peer.send(answer);
    });
    std::vector<download_request> list;
    for (const char* path : {"/a", "/b", "/c", "/name"}) {
        list.push_back(on.ask_busy(path, ""));
    }
    list.push_back(on.ask("/name", ""));
    list.push_back(on.ask("/name", "name"));
    list_source source(std::move(list));
    list_consumer consumer;
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download_batch(source, consumer, asio::use_future);
    REQUIRE(on.succeeded(client, 1));
    other_is_done.set();
    CHECK(run_for_result(on.io, std::move(done)).succeeded == 5);
    CHECK(on.content("name") == "first");
    CHECK(on.content("name.1") == "second");
    for (const download_result& one : consumer.results) {
        CAPTURE(one.index);
        if (one.index == 5) {
            check_failure(one, errc::exists);
        } else {
            CHECK(one.success);
        }
    }
}

TEST_CASE("the time of a download goes on while it is held") {
    overload on;
    on.options.max_time = 1s;
    const batch_result batch = on.fetch_all(on.long_list());
    CHECK(batch.summary.succeeded == few);
    CHECK(batch.summary.elapsed < soon);
    for (std::size_t i = 0; i < many; ++i) {
        check_failure(batch.results[i], errc::max_time);
        CHECK(batch.results[i].download_time >= 1s);
    }
}

TEST_CASE("the time of a download ends while it is held, though no slot is free") {
    overload on;
    event done;
    on.server.on("/long", response{.pattern_size = 10, .before_last = [&] { done.wait(); }});
    on.busy.on("/*", status(503, {{"Retry-After", "1"}}));
    context_options common;
    common.max_concurrent = 1;
    const download_context context(common);
    on.options.retries = 100;
    downloader other(on.io.get_executor(), on.options, context);
    on.options.max_time = 2s;
    downloader client(on.io.get_executor(), on.options, context);
    std::vector<download_request> list;
    for (std::size_t i = 0; i < 5; ++i) {
        list.push_back(on.ask_busy("/" + std::to_string(i), std::to_string(i)));
    }
    list_source source(std::move(list));
    list_consumer consumer;
    auto ended = client.async_download_batch(source, consumer, asio::use_future);
    CHECK(runs_until(on.io, [&] {
        const auto now = client.progress(0);
        return now.started == 5 && now.active == 0;
    }));
    auto other_ended = other.async_download(on.ask("/long", "long"), asio::use_future);
    const bool all = runs_until(on.io, [&] { return consumer.results.size() == 5; });
    done.set();
    CHECK(all);
    for (const download_result& one : consumer.results) {
        check_failure(one, errc::max_time);
    }
    run_for_result(on.io, std::move(ended));
    CHECK(run_for_result(on.io, std::move(other_ended)).success);
}

/// Knows the ids of the downloads that began.
class starts : public observer {
public:
    void on_start(std::uint64_t id, std::uint64_t tag, std::string_view) override {
        ++count[tag];
        ids[tag] = id;
    }
    std::map<std::uint64_t, std::uint64_t> ids;
    std::map<std::uint64_t, int> count;
};

TEST_CASE("a download that is held begins once, and may be cancelled alone") {
    overload on;
    starts seen;
    on.options.events = &seen;
    std::vector<download_request> list = on.long_list();
    for (std::size_t i = 0; i < list.size(); ++i) {
        list[i].tag = i;
    }
    list_source source(std::move(list));
    list_consumer consumer;
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download_batch(source, consumer, asio::use_future);
    REQUIRE(on.succeeded(client, few));
    for (const std::size_t index : {std::size_t{700}, many - 1}) {
        client.cancel(seen.ids.at(index), disposition::discard);
        REQUIRE(runs_until(on.io, [&] { return client.progress().failed > 0; }));
        REQUIRE(runs_until(on.io, [&] { return consumer.results.back().index == index; }));
        check_failure(consumer.results.back(), errc::cancelled);
    }
    client.cancel(seen.ids.at(700), disposition::discard);
    CHECK(consumer.results.size() == few + 2);
    client.cancel();
    run_for_result(on.io, std::move(done));
    check_each_once(consumer.results, many + few);
    for (const auto& [tag, count] : seen.count) {
        CHECK(count == 1);
    }
}

TEST_CASE("several threads hold and take up what they have read") {
    overload on;
    on.options.retry_max_delay = 200ms;
    for (const bool recovers : {false, true}) {
        CAPTURE(recovers);
        // On a busy machine one URL may get all five refusals.
        on.options.retries = recovers ? 5 : 1;
        std::atomic<std::size_t> asked = 0;
        on.busy.on("/*", [&](connection& peer, const request& what) {
            if (!recovers || ++asked <= 5) {
                status(503, {{"Retry-After", "3600"}})(peer, what);
                return;
            }
            response answer;
            answer.body = "hello";
            peer.send(answer);
        });
        on.options.download_dir = (on.dir / (recovers ? "yes" : "no")).string();
        download_manager manager(on.options, 4);
        const batch_result batch = manager.download_multiple(on.long_list());
        CHECK(batch.results.size() == many + few);
        CHECK(batch.summary.total == many + few);
        CHECK(batch.summary.succeeded == (recovers ? many + few : few));
    }
}

TEST_CASE("a context may go while downloads are held") {
    overload on;
    auto gone = std::make_unique<asio::io_context>(1);
    list_source source(on.long_list());
    list_consumer consumer;
    std::optional<downloader> client(std::in_place, gone->get_executor(), on.options);
    client->async_download_batch(source, consumer,
                                 [](const batch_summary&) { FAIL("nobody is there any more"); });
    REQUIRE(runs_until(*gone, [&] { return client->progress().succeeded == few; }));
    client.reset();  // its cancellation is posted, and never carried out
    gone.reset();
    CHECK(consumer.results.size() == few);
}

TEST_CASE("a list is read on only as long as there is room for what is held") {
    overload on;
    // 600 of these take more than the room, and as many as the waiting room takes wait there.
    const std::string large(60'000, 'x');
    class endless final : public list_source {
    public:
        explicit endless(std::function<download_request(std::size_t)> make)
            : list_source({}), make_(std::move(make)) {}
        asio::awaitable<boost::system::result<std::optional<download_request>>> async_next()
            override {
            co_return std::optional(make_(given++));
        }

    private:
        std::function<download_request(std::size_t)> make_;
    };
    endless source([&](std::size_t index) {
        download_request ask = on.ask_busy("/" + std::to_string(index), std::to_string(index));
        ask.headers.emplace_back("X-Large", large);
        return ask;
    });
    list_consumer consumer;
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download_batch(source, consumer, asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return client.progress().active >= 1000; }));
    for (int i = 0; i < 3; ++i) {
        CHECK(on.fetch(client, on.ask("/slow/5/10", "other" + std::to_string(i))).success);
    }
    CHECK(source.given > 1500);
    CHECK(source.given < 1700);
    client.cancel();
    CHECK(run_for_result(on.io, std::move(done)).cancelled == source.given);
}

TEST_SUITE_END();

}  // namespace
