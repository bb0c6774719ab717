// The tests' own remote file: that it tells the truth about ranges and conditions, and lies where
// it should.

#include "support/remote_file.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "support/raw_client.hpp"

namespace {

using namespace asyncdl::test;

/// The answer to a GET of `/file` with these fields, as it comes.
std::string get(const origin& server, std::string_view fields = "") {
    raw_client client(server.port());
    client.send("GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + std::string(fields) +
                "\r\n");
    return client.receive_until("");
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

bool says(const std::string& answer, std::string_view text) {
    return answer.substr(0, answer.find("\r\n\r\n") + 2).find(text) != std::string::npos;
}

TEST_SUITE_BEGIN("integration/remote_file");

TEST_CASE("a file is sent as a whole or in part, as asked") {
    origin server;
    const remote_file file(1000);
    server.on("/file", file);
    const std::string all = get(server);
    CHECK(all.starts_with("HTTP/1.1 200 "));
    CHECK(says(all, "ETag: \"v1\"\r\n"));
    CHECK(body_of(all) == file.bytes());
    const struct {
        const char* range;
        const char* content_range;
        std::string body;
    } cases[] = {
        {"bytes=0-", "bytes 0-999/1000", file.bytes()},
        {"bytes=300-", "bytes 300-999/1000", file.bytes(300, 1000)},
        {"bytes=300-399", "bytes 300-399/1000", file.bytes(300, 400)},
        {"bytes=300-5000", "bytes 300-999/1000", file.bytes(300, 1000)},
        {"bytes=-10", "bytes 990-999/1000", file.bytes(990, 1000)},
        {"bytes=999-", "bytes 999-999/1000", file.bytes(999, 1000)},
    };
    for (const auto& one : cases) {
        CAPTURE(one.range);
        const std::string part = get(server, "Range: " + std::string(one.range) + "\r\n");
        CHECK(part.starts_with("HTTP/1.1 206 "));
        CHECK(says(part, "Content-Range: " + std::string(one.content_range) + "\r\n"));
        CHECK(body_of(part) == one.body);
    }
    const std::string refused = get(server, "Range: bytes=1000-\r\n");
    CHECK(refused.starts_with("HTTP/1.1 416 "));
    CHECK(says(refused, "Content-Range: bytes */1000\r\n"));
}

TEST_CASE("If-Range is compared strongly") {
    origin server;
    remote_file file(1000);
    const auto answer_to = [&](std::string_view value) {
        server.on("/file", file);
        return get(server, "Range: bytes=1-\r\nIf-Range: " + std::string(value) + "\r\n")
            .substr(9, 3);
    };
    CHECK(answer_to("\"v1\"") == "206");
    CHECK(answer_to("\"v2\"") == "200");
    CHECK(answer_to(file.last_modified) == "206");
    CHECK(answer_to("Sun, 02 Jun 2024 12:00:00 GMT") == "200");
    file.ranges = range_support::dates_only;
    CHECK(answer_to("\"v1\"") == "200");
    CHECK(answer_to(file.last_modified) == "206");
    file.ranges = range_support::unconditional;
    CHECK(answer_to("\"v2\"") == "206");
    file.ranges = range_support::refused;
    CHECK(answer_to("\"v1\"") == "416");
    file.ranges = range_support::none;
    CHECK(answer_to("\"v1\"") == "200");
    file.ranges = range_support::full;
    file.etag = "W/\"v1\"";
    CHECK(answer_to("W/\"v1\"") == "200");
}

TEST_CASE("a condition is answered as RFC 9110 says, or not at all") {
    origin server;
    remote_file file(1000);
    const auto answer_to = [&](std::string_view fields) {
        server.on("/file", file);
        return get(server, fields).substr(9, 3);
    };
    const std::string since = "If-Modified-Since: ";
    const std::string known = "If-None-Match: ";
    const std::string another_day = "Sun, 02 Jun 2024 12:00:00 GMT\r\n";
    CHECK(answer_to(known + "\"v1\"\r\n") == "304");
    CHECK(answer_to(known + "W/\"v1\"\r\n") == "304");
    CHECK(answer_to(known + "\"v2\"\r\n") == "200");
    CHECK(answer_to(known + "\"v2\"\r\n" + since + file.last_modified + "\r\n") == "200");
    CHECK(answer_to(since + file.last_modified + "\r\n") == "304");
    CHECK(answer_to(since + another_day) == "200");
    CHECK(answer_to("Range: bytes=1-\r\n" + known + "\"v1\"\r\n") == "304");
    const std::string unchanged = get(server, known + "\"v1\"\r\n");
    CHECK(says(unchanged, "ETag: \"v1\"\r\n"));
    CHECK(body_of(unchanged).empty());
    file.etag.clear();
    CHECK(answer_to(known + "\"v1\"\r\n") == "200");
    file.conditions = condition_support::none;
    CHECK(answer_to(since + file.last_modified + "\r\n") == "200");
    file.conditions = condition_support::always;
    CHECK(answer_to(since + another_day) == "304");
    CHECK(answer_to("") == "200");
    file.conditions = condition_support::unasked;
    CHECK(answer_to("") == "304");
}

TEST_CASE("versions differ in every byte") {
    const std::string one = remote_file(1000, 1).bytes();
    const std::string two = remote_file(1000, 2).bytes();
    for (std::size_t i = 0; i < one.size(); ++i) {
        REQUIRE(one[i] != two[i]);
    }
    CHECK(remote_file(1000, 2).bytes(400, 500) == two.substr(400, 100));
}

TEST_CASE("a body is cut where it should be, and a lie is told") {
    origin server;
    remote_file file(1000);
    server.on("/file", in_turn({file.cut(300), file.cut(0), file}));
    const std::string first = get(server);
    CHECK(says(first, "Content-Length: 1000\r\n"));
    CHECK(body_of(first) == file.bytes(0, 300));
    CHECK(body_of(get(server)).empty());
    CHECK(body_of(get(server)) == file.bytes());
    CHECK(body_of(get(server)) == file.bytes());

    file.chunked = true;
    server.on("/file", file.cut(1000));
    CHECK(body_of(get(server)) == "3e8\r\n" + file.bytes() + "\r\n");

    file.lie = [](partial_answer& part) {
        part.begin -= 100;
        part.total = "*";
        part.say("ETag", "");
    };
    server.on("/file", file);
    const std::string part = get(server, "Range: bytes=300-399\r\n");
    CHECK(says(part, "Content-Range: bytes 200-399/*\r\n"));
    CHECK_FALSE(says(part, "ETag"));
    CHECK(body_of(part) == file.bytes(200, 400));
    file.lie = [](partial_answer& lying) { lying.content_range = ""; };
    server.on("/file", file);
    CHECK_FALSE(says(get(server, "Range: bytes=300-\r\n"), "Content-Range"));

    CHECK(asked_with(server, "/file", "Range").back() == "bytes=300-");
    CHECK(asked_with(server, "/file", "Range").front() == "-");
}

TEST_SUITE_END();

}  // namespace
