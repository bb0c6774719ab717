// Connections: kept and used again, closed where they must be, never mixing two responses.

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "support/event.hpp"
#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

/// A body of 100 bytes that no other path has.
std::string body_for(const std::string& path) {
    return path + std::string(100 - path.size(), '.');
}

void echo_path(connection& peer, const request& asked) {
    response answer;
    answer.body = body_for(asked.path());
    peer.send(answer);
}

void check_many(stage& on, std::size_t files, std::size_t at_once) {
    on.server.on("/n/*", echo_path);
    on.options.max_concurrent = at_once;
    std::vector<download_request> requests;
    for (std::size_t i = 0; i < files; ++i) {
        requests.push_back(on.ask("/n/" + std::to_string(i), std::to_string(i)));
    }
    const batch_result batch = on.fetch_all(std::move(requests));
    CHECK(batch.summary.total == files);
    CHECK(batch.summary.succeeded == files);
    CHECK(batch.summary.bytes == files * 100);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < files; ++i) {
        wrong += on.content(std::to_string(i)) != body_for("/n/" + std::to_string(i)) ? 1 : 0;
    }
    CHECK(wrong == 0);
    CHECK(on.names().size() == files);
    CHECK(on.server.requests().size() == files);
    CHECK(on.server.accepted() <= at_once);
    CHECK(on.server.accepted() > 1);
}

TEST_SUITE_BEGIN("integration/connection");

TEST_CASE("10,000 files at 16 at once open 16 connections") {
    stage_over<plain> on;
    check_many(on, 10'000, 16);
}

TEST_CASE("500 files over TLS at 16 at once open 16 connections") {
    stage_over<tls> on;
    check_many(on, 500, 16);
}

TEST_CASE_TEMPLATE("one download after the other uses one connection", How, plain, tls) {
    stage_over<How> on;
    response chunked;
    chunked.chunked = true;
    chunked.pattern_size = 1000;
    on.server.on("/chunked", chunked);
    response old;
    old.version = "HTTP/1.0";  // with `Connection: keep-alive`
    old.pattern_size = 10;
    on.server.on("/old", old);
    on.options.max_concurrent = 1;
    const batch_result batch = on.fetch_all(
        {on.ask("/bytes/10", "a"), on.ask("/chunked", "b"), on.ask("/bytes/0", "c"),
         on.ask("/status/404", "d"), on.ask("/status/204", "e"), on.ask("/status/304", "f"),
         on.ask("/redirect/3", "g"), on.ask("/old", "h"), on.ask("/bytes/20", "i")});
    CHECK(batch.summary.succeeded == 6);
    CHECK(batch.summary.failed == 3);
    CHECK(on.server.accepted() == 1);
    CHECK(on.content("i") == pattern(0, 20));
}

TEST_CASE_TEMPLATE("a connection that must not be used again is not", How, plain, tls) {
    stage_over<How> on;
    const auto answer = [](const std::string& version, const std::string& field) {
        return misbehave::raw(version + " 200 OK\r\n" + field + "Content-Length: 5\r\n\r\nhello");
    };
    on.server.on("/close", answer("HTTP/1.1", "Connection: close\r\n"));
    on.server.on("/case", answer("HTTP/1.1", "Connection: Keep-Alive, CLOSE\r\n"));
    on.server.on("/two", answer("HTTP/1.1", "Connection: x\r\nConnection: close\r\n"));
    on.server.on("/old", answer("HTTP/1.0", ""));
    on.options.max_concurrent = 1;
    const batch_result batch =
        on.fetch_all({on.ask("/close", "a"), on.ask("/case", "b"), on.ask("/two", "c"),
                      on.ask("/old", "d"), on.ask("/bytes/5", "e")});
    CHECK(batch.summary.succeeded == 5);
    CHECK(on.server.accepted() == 5);
}

TEST_CASE_TEMPLATE("what follows a response is never taken for the next one", How, plain, tls) {
    stage_over<How> on;
    const std::string poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    on.server.on("/second", misbehave::unsolicited_second("first", "poison"));
    on.server.on("/excess", misbehave::raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" +
                                           std::string(100'000, 'x')));
    on.server.on("/chunked", misbehave::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                            "5\r\nfirst\r\n0\r\n\r\n" +
                                            poison));
    on.server.on("/missing",
                 misbehave::raw("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno" + poison));
    on.server.on("/moved", misbehave::raw("HTTP/1.1 302 Go\r\nLocation: /next\r\n"
                                          "Content-Length: 0\r\n\r\n" +
                                          poison));
    on.server.on("/empty", misbehave::raw("HTTP/1.1 204 Nothing\r\n\r\n" + poison));
    response next;
    next.body = "right";
    on.server.on("/next", next);
    on.options.max_concurrent = 1;
    for (const char* path : {"/second", "/excess", "/chunked", "/missing", "/moved", "/empty"}) {
        CAPTURE(path);
        const batch_result batch = on.fetch_all({on.ask(path, "a"), on.ask("/next", "b")});
        CHECK(batch.results[1].success);
        CHECK(on.content("b") == "right");
        if (path == std::string_view("/moved")) {
            CHECK(on.content("a") == "right");
        } else if (batch.results[0].success) {
            CHECK(on.content("a") == "first");
        }
        std::filesystem::remove_all(on.dir / "out");
    }
}

TEST_CASE_TEMPLATE("what comes on an idle connection ends it", How, plain, tls) {
    stage_over<How> on;
    event taken;
    event poisoned;
    on.server.on("/first", [&](connection& peer, const request&) {
        peer.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
        taken.wait();
        peer.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
        peer.settle();
        poisoned.set();
    });
    response next;
    next.body = "right";
    on.server.on("/next", next);
    downloader client(on.io.get_executor(), on.options);
    CHECK(on.fetch(client, on.ask("/first", "a")).success);
    taken.set();
    REQUIRE(poisoned.wait());
    CHECK(on.fetch(client, on.ask("/next", "b")).success);
    CHECK(on.content("a") == "first");
    CHECK(on.content("b") == "right");
    CHECK(on.server.accepted() == 2);
}

TEST_CASE_TEMPLATE("a kept connection that turns out dead is replaced without a retry", How, plain,
                   tls) {
    stage_over<How> on;
    for (const bool reset : {false, true}) {
        CAPTURE(reset);
        event taken;  // a reset before that may destroy the body on its way
        event dead;
        on.server.on("/first", [&](connection& peer, const request&) {
            peer.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
            taken.wait();
            reset ? peer.reset() : peer.close();
            dead.set();
        });
        downloader client(on.io.get_executor(), on.options);
        CHECK(on.fetch(client, on.ask("/first", "a")).success);
        taken.set();
        REQUIRE(dead.wait());
        const download_result result = on.fetch(client, on.ask("/bytes/5", "b"));
        CHECK(result.success);
        CHECK(result.attempts == 1);
    }
}

TEST_CASE_TEMPLATE("a kept connection that dies under a request is replaced without a retry", How,
                   plain, tls) {
    stage_over<How> on;
    std::set<std::size_t> used;
    on.server.on("/n/*", [&](connection& peer, const request& asked) {
        // The second request of a connection is the last thing that it sees.
        if (!used.insert(asked.connection).second) {
            peer.close();
        } else {
            echo_path(peer, asked);
        }
    });
    on.options.max_concurrent = 1;
    const batch_result batch =
        on.fetch_all({on.ask("/n/1", "a"), on.ask("/n/2", "b"), on.ask("/n/3", "c")});
    for (const download_result& result : batch.results) {
        CAPTURE(result.message);
        CHECK(result.success);
        CHECK(result.attempts == 1);
    }
    CHECK(on.server.accepted() == 3);
}

TEST_CASE_TEMPLATE("a kept connection that dies within a response is a failure", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/cut", misbehave::raw_and_close("HTTP/1.1 2"));
    on.options.max_concurrent = 1;
    const batch_result batch = on.fetch_all({on.ask("/bytes/5", "a"), on.ask("/cut", "b")});
    CHECK(batch.results[0].success);
    check_failure(batch.results[1], errc::truncated);
    CHECK(on.server.requests("/cut") == 1);
}

TEST_CASE_TEMPLATE("bodies of errors and redirects are read to 64 KiB", How, plain, tls) {
    stage_over<How> on;
    struct {
        std::uint64_t size;
        bool chunked;
        std::size_t connections;
    } const cases[] = {
        {65'536, false, 1}, {65'537, false, 2}, {10'000'000, false, 2},
        {65'536, true, 1},  {70'000, true, 2},
    };
    on.options.max_concurrent = 1;
    for (const unsigned status : {302U, 404U}) {
        for (const auto& one : cases) {
            CAPTURE(status);
            CAPTURE(one.size);
            CAPTURE(one.chunked);
            response answer = redirect_to("/bytes/5", status);
            answer.pattern_size = one.size;
            answer.chunked = one.chunked;
            on.server.on("/odd", answer);
            const std::size_t before = on.server.accepted();
            const batch_result batch = on.fetch_all({on.ask("/odd", "a"), on.ask("/bytes/7", "b")});
            CHECK(batch.results[0].success == (status == 302));
            CHECK(batch.results[1].success);
            CHECK(on.server.accepted() - before == one.connections);
            std::filesystem::remove_all(on.dir / "out");
        }
    }
}

TEST_CASE_TEMPLATE("the body of an error that stalls holds nothing up for long", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/", [](connection& peer, const request&) {
        peer.send_raw("HTTP/1.1 404 No\r\nContent-Length: 1000\r\n\r\nno");
        peer.stall();
    });
    on.options.timeout = 1s;  // the head comes well within it
    const download_result result = on.fetch("/");
    check_failed(on, result, errc::http_status);
    CHECK(result.status == 404);
    CHECK(result.download_time < soon);
}

TEST_CASE_TEMPLATE("idle connections are at most as many as downloads at once", How, plain, tls) {
    stage_over<How> on;
    std::array<origin, 3> others{origin(How::options()), origin(How::options()),
                                 origin(How::options())};
    on.options.max_concurrent = 4;
    std::vector<download_request> requests;
    on.server.on("/n/*", echo_path);
    for (int i = 0; i < 8; ++i) {
        requests.push_back(on.ask("/slow/2/100", "own" + std::to_string(i)));
    }
    for (origin& other : others) {
        response slow;
        slow.body = "hello";
        slow.head_delay = 20ms;
        other.on("/", slow);
        for (int i = 0; i < 8; ++i) {
            requests.emplace_back(other.url("/"), std::to_string(requests.size()));
        }
    }
    downloader client(on.io.get_executor(), on.options);
    const batch_result batch = on.fetch_all(client, std::move(requests));
    CHECK(batch.summary.succeeded == 32);
    const auto open = [&] {
        std::size_t sum = on.server.open();
        for (const origin& other : others) {
            sum += other.open();
        }
        return sum;
    };
    CHECK(eventually([&] { return open() <= 4; }));
    CHECK(open() > 0);
}

TEST_CASE("connections that wait for their servers to close push out none that can be used again") {
    stage_over<plain> on;
    origin lying;
    lying.on("/*", [](connection& peer, const request&) {
        peer.send_raw("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
        peer.stall();
    });
    on.options.max_concurrent = 2;
    std::vector<download_request> list;
    for (std::size_t i = 0; i < 40; ++i) {
        list.push_back(on.ask("/bytes/10", "a" + std::to_string(i)));
        list.emplace_back(lying.url("/" + std::to_string(i)), "b" + std::to_string(i));
    }
    const batch_result batch = on.fetch_all(std::move(list));
    CHECK(batch.summary.succeeded == 80);
    CHECK(on.server.accepted() <= 2);
    CHECK(lying.accepted() == 40);
}

TEST_CASE("the connections of a downloader end with it") {
    stage_over<plain> on;
    {
        downloader client(on.io.get_executor(), on.options);
        CHECK(on.fetch(client, on.ask("/bytes/5")).success);
        CHECK(on.server.open() == 1);
    }
    CHECK(runs_out_of_work(on.io));
    CHECK(eventually([&] { return on.server.open() == 0; }));
}

TEST_CASE_TEMPLATE("connections to one host are bounded", How, plain, tls) {
    stage_over<How> on;
    on.options.max_concurrent = 8;
    on.options.max_connections_per_host = 2;
    std::vector<download_request> requests;
    for (int i = 0; i < 16; ++i) {
        requests.push_back(on.ask("/slow/1/100", std::to_string(i)));
    }
    CHECK(on.fetch_all(std::move(requests)).summary.succeeded == 16);
    CHECK(on.server.accepted() == 2);
}

TEST_CASE("the bound for a host leaves other hosts alone") {
    stage_over<plain> on;
    event other_asked;
    origin other;
    other.on("/", [&](connection& peer, const request&) {
        other_asked.set();
        peer.send(response{.body = "quick"});
    });
    on.server.on("/waits", response{.body = "hello", .before_last = [&] { other_asked.wait(); }});
    on.options.max_concurrent = 3;
    on.options.max_connections_per_host = 1;
    std::vector<download_request> requests{on.ask("/waits", "a"), on.ask("/waits", "b"),
                                           download_request(other.url("/", "localhost"), "c")};
    const batch_result batch = on.fetch_all(std::move(requests));
    CHECK(batch.summary.succeeded == 3);
    CHECK(batch.results[0].download_time < soon);
}

TEST_SUITE_END();

}  // namespace
