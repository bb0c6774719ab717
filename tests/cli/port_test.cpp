// More connections than the system has ports for.

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "bench.hpp"
#include "support/event.hpp"
#include "support/own_network.hpp"
#include "support/pattern.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
namespace json = boost::json;

namespace {

constexpr std::uint16_t first_port = 50'000;
constexpr std::uint16_t last_port = 50'003;

// Closes a moment after it has said so.
void add_closing(origin& to) {
    to.on("/closes/*", [](connection& peer, const request& asked) {
        const std::string name = asked.path().substr(8);
        peer.send_raw("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                      std::to_string(name.size()) + "\r\n\r\n" + name);
        peer.pause(std::chrono::milliseconds(5));
        peer.close();
    });
}

}  // namespace

TEST_SUITE("cli/port") {
    TEST_CASE("past the ports there are, fewer run at once, with one warning and no failure") {
        for (const char* threads : {"1", "2"}) {
            CAPTURE(threads);
            own_network::run([&](own_network& network) {
                bench b;
                network.allow_ports(first_port, last_port);
                std::string list;
                for (int size = 1; size <= 24; ++size) {
                    list += b.url("/slow/20/" + std::to_string(1000 + size)) + "\n";
                }
                b.write("list", list);
                const auto r = b.run({"-i", "list", "-j", "12", "--threads", threads, "--retries",
                                      "0", "--json", "r"});
                CHECK(r.status == 0);
                CHECK(r.err ==
                      "asyncdl: warning: 127.0.0.1:" + std::to_string(b.server.port()) +
                          ": cannot connect: no local port is free: Cannot assign requested "
                          "address: fewer downloads run at once than asked for\n");
                const json::value report = json::parse(b.read("r"));
                for (const json::value& each : report.at("results").as_array()) {
                    CHECK(each.at("attempts").as_int64() == 1);
                }
            });
        }
    }

    TEST_CASE("a server that says that it closes does so first, so that our port is free again") {
        own_network::run([](own_network& network) {
            bench b;
            add_closing(b.server);
            network.allow_ports(first_port, last_port);
            event done;
            b.server.on("/held", response{.body = "x", .before_last = [&] { done.wait(); }});
            std::vector<std::string> arguments{"-q", "-j", "3", b.url("/held")};
            for (int i = 0; i < 20; ++i) {
                arguments.push_back(b.url("/closes/" + std::to_string(i)));
            }
            auto program = b.start(arguments);
            // At the end of the run nobody waits for servers; a slow one has 300 ms.
            const bool closed =
                eventually([&] { return b.server.accepted() == 21 && b.server.open() == 1; }, soon);
            done.set();
            CHECK(closed);
            CHECK(program.wait(patience).status == 0);
            CHECK(b.dir.names().size() == 22);
            CHECK(network.blocked_ports(first_port, last_port) <= 2);
        });
    }

    TEST_CASE("an address without a way to it is no lack of ports") {
        own_network::run([](own_network& network) {
            bench b;
            event done;
            b.server.on("/held", response{.body = "x", .before_last = [&] { done.wait(); }});
            network.disable_ipv6();
            auto program = b.start({"-q", "--retries", "0", "--jsonl", "l", b.url("/held"),
                                    "http://[::1]:" + std::to_string(b.server.port()) + "/"});
            CHECK(eventually([&] { return b.read("l").ends_with('\n'); }, soon));
            done.set();
            const auto r = program.wait(patience);
            CHECK(r.status == 1);
            CHECK(r.err.find("]:" + std::to_string(b.server.port()) +
                             ": cannot connect: Cannot assign requested address\n") != r.err.npos);
        });
    }

    TEST_CASE("a server that says that it closes and does not is waited for, but not long") {
        bench b;
        event done;
        b.server.on("/held", response{.body = "x", .before_last = [&] { done.wait(); }});
        b.server.on("/lies", [](connection& peer, const request&) {
            peer.send_raw("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
            peer.stall();
        });
        auto program = b.start({"-q", "--jsonl", "l", b.url("/held"), b.url("/lies")});
        // The result is there at once; the connection goes while the other download runs.
        CHECK(eventually([&] { return b.server.accepted() == 2 && b.server.open() == 1; }, soon));
        CHECK(b.read("downloads/lies") == "x");
        done.set();
        CHECK(program.wait(patience).status == 0);
        // At the end nobody waits.
        CHECK(b.run({"-q", b.url("/lies")}).status == 0);
    }
}
