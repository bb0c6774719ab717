// What a snapshot of the progress tells: totals that fit together and never fall, names as they
// are.

#include <doctest/doctest.h>
#include <asyncdl/download_manager.hpp>
#include <asyncdl/error.hpp>
#include <asyncdl/observer.hpp>

#include <boost/asio/use_future.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "support/event.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

bool fits_together(const progress_snapshot& now) {
    return now.started == now.succeeded + now.failed + now.active &&
           now.downloads.size() <= now.active;
}

bool is_later(const progress_snapshot& now, const progress_snapshot& before) {
    return now.started >= before.started && now.succeeded >= before.succeeded &&
           now.failed >= before.failed && now.bytes_received >= before.bytes_received;
}

/// Calls a function at each event.
class asking_observer : public observer {
public:
    void on_start(std::uint64_t, std::uint64_t, std::string_view) override { at_each(); }
    void on_retry(std::uint64_t, std::uint64_t, unsigned, const boost::system::error_code&,
                  std::chrono::milliseconds) override {
        at_each();
    }
    void on_finish(const download_result&) override { at_each(); }

    std::function<void()> at_each;
};

TEST_SUITE_BEGIN("integration/progress");

TEST_CASE("at each event a download is counted once, with all of its bytes") {
    stage_over<plain> on;
    on.server.on("/cut", misbehave::truncated_body(1000, 300));
    on.options.retries = 2;
    on.options.retry_delay = 0s;
    asking_observer events;
    on.options.events = &events;
    downloader client(on.io.get_executor(), on.options);
    std::vector<progress_snapshot> seen;
    events.at_each = [&] { seen.push_back(client.progress()); };
    CHECK(on.fetch(client, on.ask("/bytes/500", "a")).success);
    CHECK_FALSE(on.fetch(client, on.ask("/cut", "b")).success);
    seen.push_back(client.progress());
    REQUIRE(seen.size() == 7);  // two starts, two ends, two retries and the rest
    const std::vector<std::uint64_t> bytes{0, 500, 500, 800, 1100, 1400, 1400};
    for (std::size_t i = 0; i < seen.size(); ++i) {
        CAPTURE(i);
        CHECK(fits_together(seen[i]));
        CHECK(seen[i].active == (i < 6 ? 1 : 0));
        CHECK(seen[i].downloads.size() == seen[i].active);
        CHECK(seen[i].bytes_received == bytes[i]);
    }
    CHECK(seen.back().succeeded == 1);
    CHECK(seen.back().failed == 1);
}

TEST_CASE("while five threads download, no total falls and all fit together") {
    stage_over<plain> on;
    on.options.max_concurrent = 16;
    download_manager manager(on.options, 5);
    std::vector<download_request> requests;
    for (int i = 0; i < 3000; ++i) {
        requests.push_back(on.ask(i % 7 == 0 ? "/status/404" : "/bytes/100", std::to_string(i)));
    }
    auto batch = std::async(std::launch::async,
                            [&] { return manager.download_multiple(std::move(requests)); });
    progress_snapshot before;
    std::size_t wrong = 0;
    std::size_t fallen = 0;
    while (batch.wait_for(0s) != std::future_status::ready) {
        const progress_snapshot now = manager.progress();
        wrong += fits_together(now) ? 0 : 1;
        fallen += is_later(now, before) ? 0 : 1;
        before = now;
    }
    CHECK(wrong == 0);
    CHECK(fallen == 0);
    const batch_summary summary = batch.get().summary;
    const progress_snapshot end = manager.progress();
    CHECK(is_later(end, before));
    CHECK(end.started == 3000);
    CHECK(end.succeeded == summary.succeeded);
    CHECK(end.failed == summary.failed);
    CHECK(end.bytes_received == summary.bytes);
}

TEST_CASE("totals are of all that share a context, the listed downloads of the one that is asked") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_in_body(1000, 400));
    const download_context shared;
    downloader one(on.io.get_executor(), on.options, shared);
    downloader two(on.io.get_executor(), on.options, shared);
    auto first = one.async_download(on.ask("/stalls", "a"), asio::use_future);
    auto second = two.async_download(on.ask("/stalls", "b"), asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return one.progress().bytes_received == 800; }));
    for (const auto* client : {&one, &two}) {
        const progress_snapshot now = client->progress();
        CHECK(fits_together(now));
        CHECK(now.active == 2);
        REQUIRE(now.downloads.size() == 1);
        CHECK(now.downloads[0].name == (client == &one ? "a" : "b"));
        CHECK(client->progress(0).active == 2);
    }
    one.cancel();
    CHECK(run_for_result(on.io, std::move(first)).error == errc::cancelled);
    CHECK(two.progress().failed == 1);
    CHECK(two.progress().active == 1);
    two.cancel();
    CHECK(run_for_result(on.io, std::move(second)).error == errc::cancelled);
}

TEST_CASE("over several threads the oldest are listed first") {
    stage_over<plain> on;
    on.server.on("/stalls", misbehave::stall_before_head());
    on.options.max_concurrent = 12;
    download_manager manager(on.options, 3);
    std::vector<download_request> requests;
    for (int i = 0; i < 12; ++i) {
        requests.push_back(on.ask("/stalls", std::to_string(i)));
    }
    auto batch = std::async(std::launch::async,
                            [&] { return manager.download_multiple(std::move(requests)); });
    REQUIRE(eventually([&] { return on.server.requests().size() == 12; }));
    const std::vector<download_progress> all = manager.progress().downloads;
    REQUIRE(all.size() == 12);
    for (std::size_t i = 1; i < all.size(); ++i) {
        CHECK(all[i - 1].id < all[i].id);
    }
    const progress_snapshot some = manager.progress(5);
    CHECK(some.active == 12);
    REQUIRE(some.downloads.size() == 5);
    CHECK(some.downloads[4].id == all[4].id);
    manager.cancel();
    CHECK(batch.get().summary.cancelled == 12);
}

TEST_CASE("a download in progress has the name that its file gets, once that is known") {
    stage_over<plain> on;
    const auto answer_with = [](std::string disposition, const event* after) {
        return [=](connection& peer, const request&) {
            response answer;
            answer.fields = {{"Content-Length", "1000"}};
            if (!disposition.empty()) {
                answer.fields.emplace_back("Content-Disposition", disposition);
            }
            CHECK((after == nullptr || after->wait()));
            peer.send_raw(head_of(answer) + pattern(0, 400));
            peer.stall();
        };
    };
    event asked;
    on.server.on("/derived", answer_with("", nullptr));
    on.server.on("/served", answer_with("attachment; filename=\"report.pdf\"", &asked));
    std::filesystem::create_directories(on.dir / "out");
    write_file(on.dir / "out" / "taken.txt", "");
    on.server.on("/taken.txt", answer_with("", nullptr));
    on.options.if_exists = on_exists::rename;
    downloader client(on.io.get_executor(), on.options);
    const auto shown = [&] {
        std::vector<std::string> names;
        for (const download_progress& one : client.progress().downloads) {
            names.push_back(one.name);
        }
        return names;
    };
    std::vector<std::future<download_result>> ends;
    for (const char* path : {"/derived", "/served", "/taken.txt"}) {
        ends.push_back(
            client.async_download(download_request(on.server.url(path)), asio::use_future));
    }
    REQUIRE(runs_until(on.io, [&] {
        return on.server.requests("/served") == 1 && client.progress().bytes_received == 800;
    }));
    CHECK(shown() == std::vector<std::string>{"derived", "served", "taken.1.txt"});
    asked.set();
    REQUIRE(runs_until(on.io, [&] { return client.progress().bytes_received == 1200; }));
    CHECK(shown() == std::vector<std::string>{"derived", "report.pdf", "taken.1.txt"});
    client.cancel();
    for (auto& end : ends) {
        CHECK(run_for_result(on.io, std::move(end)).error == errc::cancelled);
    }
}

TEST_CASE("names are read while other threads change them") {
    stage_over<plain> on;
    on.server.on("/served", [](connection& peer, const request& asked) {
        response answer;
        answer.fields = {{"Content-Disposition", "attachment; filename=\"" + std::string(40, 'x') +
                                                     asked.target.substr(7) + "\""}};
        answer.body = "hello";
        peer.send(answer);
    });
    download_manager manager(on.options, 4);
    std::vector<download_request> requests;
    for (int i = 0; i < 300; ++i) {
        requests.emplace_back(on.server.url("/served?" + std::to_string(i)));
    }
    auto batch = std::async(std::launch::async,
                            [&] { return manager.download_multiple(std::move(requests)); });
    bool known = true;
    while (batch.wait_for(0s) != std::future_status::ready) {
        for (const download_progress& one : manager.progress().downloads) {
            known = known && (one.name.starts_with("served") || one.name.starts_with("xxxx") ||
                              one.name.starts_with("http://"));
        }
    }
    CHECK(known);
    CHECK(batch.get().summary.succeeded == 300);
}

TEST_SUITE_END();

}  // namespace
