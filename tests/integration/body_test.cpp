// Bodies that arrive as they should, in every framing of HTTP/1.1, and the leniences that lose
// nothing.

#include <doctest/doctest.h>

#include <string>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::string_literals;

struct raw_case {
    const char* name;
    std::string bytes;
};

TEST_SUITE_BEGIN("integration/body");

TEST_CASE_TEMPLATE("a body with a length is stored byte for byte", How, plain, tls) {
    stage_over<How> on;
    for (const std::size_t size : {0U, 1U, 100U, 65'536U, 5'000'001U}) {
        CAPTURE(size);
        const download_result result = on.fetch("/bytes/" + std::to_string(size));
        check_stored(on, result, pattern(0, size));
        CHECK(result.bytes_received == size);
        CHECK(result.status == 200);
        CHECK(result.http_version == "1.1");
        CHECK(result.attempts == 1);
        CHECK(result.resumed_from == 0);
        CHECK(result.final_url == result.url);
        CHECK(result.file_name == "file");
        CHECK(result.file_path == on.options.download_dir + "/file");
        CHECK(result.download_time.count() > 0);
    }
}

TEST_CASE_TEMPLATE("a chunked body is stored without its framing", How, plain, tls) {
    stage_over<How> on;
    for (const std::size_t piece : {1U, 100U, 5'000U, 70'000U}) {
        response answer;
        answer.chunked = true;
        answer.piece = piece;
        answer.pattern_size = piece * 7 + 3;
        on.server.on("/chunked", answer);
        const download_result result = on.fetch("/chunked");
        check_stored(on, result, pattern(0, piece * 7 + 3));
        CHECK(result.bytes_received == piece * 7 + 3);
    }
}

TEST_CASE_TEMPLATE("chunk extensions and trailers are passed over", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/", misbehave::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                     "Trailer: X-Sum\r\n\r\n"
                                     "5;name=value;other=\"a;b\"\r\nhello\r\n"
                                     "6 ; blank\r\n world\r\n"
                                     "0;last\r\nX-Sum: 1\r\nContent-Length: 3\r\n\r\n"));
    check_stored(on, on.fetch("/"), "hello world");
}

TEST_CASE_TEMPLATE("a body that ends with the connection is stored", How, plain, tls) {
    stage_over<How> on;
    response answer;
    answer.until_close = true;
    answer.pattern_size = 300'000;
    on.server.on("/", answer);
    check_stored(on, on.fetch("/"), pattern(0, 300'000));
}

TEST_CASE_TEMPLATE("an HTTP/1.0 server is understood", How, plain, tls) {
    stage_over<How> on;
    response answer;
    answer.version = "HTTP/1.0";
    answer.pattern_size = 5000;
    answer.close = true;
    on.server.on("/sized", answer);
    answer.until_close = true;
    on.server.on("/unsized", answer);
    for (const char* path : {"/sized", "/unsized"}) {
        const download_result result = on.fetch(path);
        check_stored(on, result, pattern(0, 5000));
        CHECK(result.http_version == "1.0");
    }
}

TEST_CASE_TEMPLATE("a body may come in single bytes", How, plain, tls) {
    stage_over<How> on;
    response answer;
    answer.pattern_size = 50;
    answer.piece = 1;
    answer.piece_delay = std::chrono::milliseconds(1);
    on.server.on("/sized", answer);
    answer.chunked = true;
    on.server.on("/chunked", answer);
    check_stored(on, on.fetch("/sized"), pattern(0, 50));
    check_stored(on, on.fetch("/chunked"), pattern(0, 50));
}

TEST_CASE_TEMPLATE("a response that comes byte by byte is read", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/", [](connection& peer, const request&) {
        for (const char c :
             "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
             "Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n"s) {
            peer.send_raw({&c, 1});
        }
    });
    check_stored(on, on.fetch("/"), "hello");
}

TEST_CASE_TEMPLATE("interim responses come before the final one", How, plain, tls) {
    stage_over<How> on;
    const std::string hints =
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n"
        "Content-Length: 7\r\n\r\n";
    std::string sixteen = "HTTP/1.1 100 Continue\r\n\r\n";
    for (int i = 0; i < 15; ++i) {
        sixteen += hints;
    }
    const std::string final_one = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    on.server.on("/sixteen", misbehave::raw(sixteen + final_one));
    on.server.on("/seventeen", misbehave::raw(sixteen + hints + final_one));
    check_failed(on, on.fetch("/seventeen"), errc::protocol);
    const download_result result = on.fetch("/sixteen");
    check_stored(on, result, "hello");
    CHECK(result.status == 200);
}

TEST_CASE_TEMPLATE("203 is a success", How, plain, tls) {
    stage_over<How> on;
    response answer;
    answer.status = 203;
    answer.body = "hello";
    on.server.on("/", answer);
    check_stored(on, on.fetch("/"), "hello");
}

TEST_CASE_TEMPLATE("a content coding that was not asked for is stored as it came", How, plain,
                   tls) {
    stage_over<How> on;
    response answer;
    answer.fields.emplace_back("Content-Encoding", "gzip");
    answer.pattern_size = 1000;
    on.server.on("/", answer);
    check_stored(on, on.fetch("/"), pattern(0, 1000));
}

TEST_CASE("leniences where nothing can be lost") {
    stage_over<plain> on;
    const raw_case cases[] = {
        {"bare LF in a head", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"},
        {"empty lines before the head",
         "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {"no reason phrase", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"},
        {"an empty reason phrase", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello"},
        {"blanks after a chunk size",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0 \r\n\r\n"},
        {"equal lengths on two lines",
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
        {"equal lengths in a list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"},
        {"chunked in any case",
         "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
        {"leading zeros of a chunk size",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0005\r\nhello\r\n000\r\n\r\n"},
        {"a value between tabs", "HTTP/1.1 200 OK\r\nContent-Length:\t5\t\r\n\r\nhello"},
    };
    for (const raw_case& one : cases) {
        CAPTURE(one.name);
        on.server.on("/", misbehave::raw(one.bytes));
        check_stored(on, on.fetch("/"), "hello");
    }
}

TEST_CASE("a head just below its bound is read, one just above it is refused") {
    stage_over<plain> on;
    const std::string before = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Fill: ";
    const auto head_of_size = [&](std::size_t size) {
        return before + std::string(size - before.size() - 4, 'x') + "\r\n\r\n";
    };
    on.server.on("/above", misbehave::raw(head_of_size(65'537) + "hello"));
    check_failed(on, on.fetch("/above"), errc::protocol);
    on.server.on("/below", misbehave::raw(head_of_size(65'536) + "hello"));
    check_stored(on, on.fetch("/below"), "hello");
}

TEST_SUITE_END();

}  // namespace
