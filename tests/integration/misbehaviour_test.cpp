// What servers do wrong ends as a failure of the right kind, soon, and leaves no file behind.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

struct wrong {
    const char* name;
    handler answer;
    errc kind;
};

std::vector<wrong> everything_wrong() {
    using namespace misbehave;
    return {
        {"a body that ends early", truncated_body(1000, 10), errc::truncated},
        {"a body that never starts", truncated_body(1000, 0), errc::truncated},
        {"a body that lacks its last byte", truncated_body(200'000, 199'999), errc::truncated},
        {"a reset in the body", reset_in_body(1'000'000, 10), errc::truncated},
        {"a close before the head", close_before_head(), errc::truncated},
        {"a reset before the head", reset_before_head(), errc::truncated},
        {"a close in the status line", raw_and_close("HTTP/1.1 20"), errc::truncated},
        {"a close in the head", raw_and_close("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"),
         errc::truncated},
        {"a close behind an interim response", raw_and_close("HTTP/1.1 100 Continue\r\n\r\n"),
         errc::truncated},
        {"no last chunk", missing_last_chunk(), errc::truncated},
        {"a chunk size that is no number", bad_chunk_size(), errc::protocol},
        {"a chunk that is too long", bad_chunk_end(), errc::protocol},
        {"two lengths", contradictory_lengths(), errc::protocol},
        {"a length beside a transfer coding", length_beside_transfer_encoding(), errc::protocol},
        {"an endless header", endless_header(), errc::protocol},
        {"endless interim responses", endless_interim(), errc::protocol},
        {"HTTP/0.9", http09(), errc::protocol},
    };
}

struct broken {
    const char* name;
    std::string bytes;
};

std::string with(const std::string& fields, const std::string& body = "hello") {
    return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}

std::string chunks(const std::string& body) {
    return with("Transfer-Encoding: chunked\r\n", body);
}

const std::string one_chunk = "5\r\nhello\r\n0\r\n\r\n";

TEST_SUITE_BEGIN("integration/misbehaviour");

TEST_CASE_TEMPLATE("each misbehaviour is a failure of its kind", How, plain, tls) {
    stage_over<How> on;
    for (const wrong& one : everything_wrong()) {
        CAPTURE(one.name);
        on.server.on("/", one.answer);
        const download_result result = on.fetch("/");
        check_failed(on, result, one.kind);
        CHECK(result.attempts == 1);
        CHECK(result.download_time < soon);
    }
}

TEST_CASE_TEMPLATE("an old file survives each misbehaviour", How, plain, tls) {
    stage_over<How> on;
    std::filesystem::create_directory(on.dir / "out");
    write_file(on.dir / "out/file", "old");
    for (const wrong& one : everything_wrong()) {
        CAPTURE(one.name);
        on.server.on("/", one.answer);
        CHECK(on.fetch("/").error == one.kind);
        CHECK(on.names() == std::vector<std::string>{"file"});
        CHECK(on.content() == "old");
    }
}

TEST_CASE("framing that RFC 9112 does not allow is refused") {
    stage_over<plain> on;
    const broken cases[] = {
        {"a length with a plus", with("Content-Length: +5\r\n")},
        {"a negative length", with("Content-Length: -5\r\n")},
        {"letters behind a length", with("Content-Length: 5x\r\n")},
        {"a hexadecimal length", with("Content-Length: 0x5\r\n")},
        {"an empty length", with("Content-Length: \r\n")},
        {"a blank in a length", with("Content-Length: 5 5\r\n")},
        {"a length over 64 bits", with("Content-Length: 18446744073709551621\r\n")},
        {"unequal lengths in a list", with("Content-Length: 5, 6\r\n")},
        {"a length with a fraction", with("Content-Length: 5.0\r\n")},
        {"an unknown transfer coding", with("Transfer-Encoding: gzip\r\n")},
        {"a coding that ends like chunked", with("Transfer-Encoding: xchunked\r\n", one_chunk)},
        {"chunked twice", with("Transfer-Encoding: chunked, chunked\r\n", one_chunk)},
        {"chunked on two lines",
         with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", one_chunk)},
        {"gzip inside chunked", with("Transfer-Encoding: gzip, chunked\r\n", one_chunk)},
        {"chunked with a parameter", with("Transfer-Encoding: chunked;q=1\r\n", one_chunk)},
        {"an empty transfer coding", with("Transfer-Encoding: \r\n")},
        {"chunked in HTTP/1.0",
         "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + one_chunk},
        {"a chunk without a size", chunks("\r\nhello\r\n0\r\n\r\n")},
        {"a negative chunk size", chunks("-5\r\nhello\r\n0\r\n\r\n")},
        {"a chunk size over 64 bits", chunks("10000000000000005\r\nhello\r\n0\r\n\r\n")},
        {"a chunk size with 0x", chunks("0x5\r\nhello\r\n0\r\n\r\n")},
        {"a chunk line that is too long",
         chunks("5;" + std::string(5000, 'x') + "\r\nhello\r\n0\r\n\r\n")},
        {"trailers that are too long",
         chunks("5\r\nhello\r\n0\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n")},
        {"a status line that is none", "HTTX/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {"a status that is no number", "HTTP/1.1 2x0 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {"a NUL in a length", with(std::string("Content-Length: 5\0\r\n", 20))},
    };
    for (const broken& one : cases) {
        CAPTURE(one.name);
        on.server.on("/", misbehave::raw(one.bytes));
        check_failed(on, on.fetch("/"), errc::protocol);
    }
}

TEST_CASE_TEMPLATE("a chunked body that ends at any byte is truncated", How, plain, tls) {
    stage_over<How> on;
    const std::string whole = "5;x\r\nhello\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        on.server.on("/", misbehave::raw_and_close(chunks(whole.substr(0, size))));
        check_failed(on, on.fetch("/"), errc::truncated);
    }
    on.server.on("/", misbehave::raw_and_close(chunks(whole)));
    check_stored(on, on.fetch("/"), "helloabc");
}

TEST_CASE_TEMPLATE("a head that ends at any byte is truncated", How, plain, tls) {
    stage_over<How> on;
    const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        on.server.on("/", misbehave::raw_and_close(whole.substr(0, size)));
        check_failed(on, on.fetch("/"), errc::truncated);
    }
}

TEST_CASE_TEMPLATE("a status is judged", How, plain, tls) {
    stage_over<How> on;
    struct {
        unsigned status;
        errc kind;
    } const cases[] = {
        {201, errc::http_status},
        {204, errc::http_status},
        {206, errc::protocol},
        {300, errc::http_status},
        {304, errc::http_status},
        {305, errc::http_status},
        {400, errc::http_status},
        {401, errc::http_status},
        {403, errc::http_status},
        {404, errc::http_status},
        {408, errc::http_status_transient},
        {410, errc::http_status},
        {425, errc::http_status_transient},
        {429, errc::http_status_transient},
        {500, errc::http_status_transient},
        {501, errc::http_status},
        {502, errc::http_status_transient},
        {503, errc::http_status_transient},
        {504, errc::http_status_transient},
        {505, errc::http_status},
    };
    for (const auto& one : cases) {
        CAPTURE(one.status);
        const download_result result = on.fetch("/status/" + std::to_string(one.status));
        check_failed(on, result, one.kind);
        CHECK(result.status == one.status);
        CHECK(error_kind(result.error) ==
              (one.kind == errc::protocol ? "protocol" : "http_status"));
    }
}

TEST_CASE("a change of protocol that nobody asked for is refused") {
    stage_over<plain> on;
    on.server.on("/", misbehave::raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                     "Connection: Upgrade\r\n\r\n"));
    check_failed(on, on.fetch("/"), errc::protocol);
}

TEST_SUITE_END();

}  // namespace
