// The test support itself: what the scripted origin and nginx do is the ground of all other tests.

#include "support/origin.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <list>
#include <optional>
#include <string>

#include "support/misbehaviour.hpp"
#include "support/nginx.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"
#include "support/routes.hpp"
#include "support/silent_port.hpp"
#include "support/skip.hpp"
#include "support/wait.hpp"

namespace {

using namespace asyncdl::test;

std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

TEST_SUITE_BEGIN("integration/origin");

TEST_CASE("a connection carries one answer after the other") {
    origin server;
    add_routes(server);
    raw_client client(server.port());
    client.send(get("/bytes/4"));
    const std::string first = client.receive_until("\r\n\r\n" + pattern(0, 4));
    CHECK(first.starts_with("HTTP/1.1 200 OK\r\nDate: "));
    CHECK(first.find("\r\nContent-Length: 4\r\n") != std::string::npos);
    CHECK(first.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
    client.send(get("/nowhere"));
    CHECK(client.receive_until("no such path\n").starts_with("HTTP/1.1 404 Not Found\r\n"));
    CHECK(server.accepted() == 1);
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].method == "GET");
    CHECK(server.requests()[0].target == "/bytes/4");
    CHECK(server.requests()[0].value("host") == "test");
    CHECK(server.requests()[1].connection == 1);
    CHECK(server.requests("/nowhere") == 1);
}

TEST_CASE("a chunked answer is framed piece by piece") {
    origin server;
    response answer;
    answer.body = "hello world";
    answer.chunked = true;
    answer.piece = 6;
    server.on("/", answer);
    raw_client client(server.port());
    client.send(get("/"));
    const std::string got = client.receive_until("0\r\n\r\n");
    CHECK(got.ends_with("\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"));
    CHECK(got.find("Content-Length") == std::string::npos);
}

TEST_CASE("an orderly end and a reset are told apart") {
    origin server;
    server.on("/close", misbehave::truncated_body(10, 4));
    server.on("/reset", misbehave::reset_before_head());
    raw_client closing(server.port());
    closing.send(get("/close"));
    CHECK(closing.receive_until("").ends_with("\r\n\r\n" + pattern(0, 4)));
    CHECK(closing.error() == 0);
    raw_client resetting(server.port());
    resetting.send(get("/reset"));
    CHECK(resetting.receive_until("").empty());
    CHECK(resetting.error() == ECONNRESET);
}

TEST_CASE("two thousand connections are open at once") {
    origin server;
    add_routes(server);
    std::list<raw_client> clients;
    for (int i = 0; i < 2000; ++i) {
        REQUIRE(clients.emplace_back(server.port()).connected());
    }
    for (raw_client& client : clients) {
        client.send(get("/bytes/3"));
    }
    for (raw_client& client : clients) {
        REQUIRE(client.receive_until(pattern(0, 3)).ends_with(pattern(0, 3)));
    }
    CHECK(server.open() == 2000);
    CHECK(server.peak() == 2000);
    clients.clear();
    CHECK(eventually([&] { return server.open() == 0; }));
}

TEST_CASE("an origin with stalled connections ends at once") {
    std::optional<raw_client> waiting;
    {
        origin server;
        server.on("/", misbehave::stall_in_head());
        waiting.emplace(server.port());
        waiting->send(get("/"));
        CHECK(waiting->receive_until("Content-Le").ends_with("Content-Le"));
    }
    CHECK(waiting->receive_until("").empty());
}

TEST_CASE("connecting to a silent port does not end") {
    const silent_port port;
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const ::timeval bound{0, 200'000};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port.number());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(socket, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == -1);
    CHECK(errno == EINPROGRESS);
    ::close(socket);
}

TEST_CASE("nginx serves a directory") {
    const temp_dir directory;
    write_file(directory / "file", "content");
    const nginx server(directory.path());
    const std::string url = server.url(false, "/file");
    raw_client client(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    client.send(get("/file"));
    CHECK(client.receive_until("content").ends_with("\r\n\r\ncontent"));
}

TEST_CASE("a process gives its output, its status and its end at the bound") {
    process_options options;
    options.input = "in";
    const process_result ended =
        run_process({"sh", "-c", "cat; echo problem >&2; exit 3"}, options);
    CHECK(ended.status == 3);
    CHECK(ended.out == "in");
    CHECK(ended.err == "problem\n");
    options.bound = std::chrono::milliseconds(50);
    const process_result killed = run_process({"sleep", "600"}, options);
    CHECK(killed.timed_out);
    if (has(std::filesystem::exists("/proc/self/status"), "/proc")) {
        CHECK(killed.peak_kib > 0);
    }
}

TEST_SUITE_END();

}  // namespace
