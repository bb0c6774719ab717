#include "support/misbehaviour.hpp"

#include <utility>

#include "support/pattern.hpp"

namespace asyncdl::test::misbehave {
namespace {

std::string ok(const std::string& fields) {
    return "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
}

std::string sized(const std::string& body) {
    return ok("Content-Length: " + std::to_string(body.size()) + "\r\n") + body;
}

std::string started(std::uint64_t announced, std::uint64_t sent) {
    return ok("Content-Length: " + std::to_string(announced) + "\r\n") + pattern(0, sent);
}

}  // namespace

handler raw(std::string bytes) {
    return [bytes = std::move(bytes)](connection& peer, const request&) { peer.send_raw(bytes); };
}

handler raw_and_close(std::string bytes) {
    return [bytes = std::move(bytes)](connection& peer, const request&) {
        peer.send_raw(bytes);
        peer.close();
    };
}

handler truncated_body(std::uint64_t announced, std::uint64_t sent) {
    return raw_and_close(started(announced, sent));
}

handler reset_in_body(std::uint64_t announced, std::uint64_t sent) {
    return [=](connection& peer, const request&) {
        peer.send_raw(started(announced, sent));
        peer.reset();
    };
}

handler stall_in_body(std::uint64_t announced, std::uint64_t sent) {
    return [=](connection& peer, const request&) {
        peer.send_raw(started(announced, sent));
        peer.stall();
    };
}

handler close_before_head() {
    return [](connection& peer, const request&) { peer.close(); };
}

handler reset_before_head() {
    return [](connection& peer, const request&) { peer.reset(); };
}

handler stall_before_head() {
    return [](connection& peer, const request&) { peer.stall(); };
}

handler stall_in_head() {
    return [](connection& peer, const request&) {
        peer.send_raw("HTTP/1.1 200 OK\r\nContent-Le");
        peer.stall();
    };
}

handler trickled_head(std::chrono::milliseconds pause) {
    return [pause](connection& peer, const request&) {
        bool there = peer.send_raw("HTTP/1.1 200 OK\r\nX-Slow: ");
        while (there) {
            peer.pause(pause);
            there = peer.send_raw("x");
        }
        peer.close();
    };
}

handler bad_chunk_size() {
    return raw_and_close(ok("Transfer-Encoding: chunked\r\n") +
                         "5\r\nhello\r\n5x\r\nworld\r\n0\r\n\r\n");
}

handler bad_chunk_end() {
    return raw_and_close(ok("Transfer-Encoding: chunked\r\n") + "5\r\nhello world\r\n0\r\n\r\n");
}

handler missing_last_chunk() {
    return raw_and_close(ok("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n");
}

handler contradictory_lengths() {
    return raw(ok("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello!");
}

handler length_beside_transfer_encoding() {
    return raw(ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") +
               "5\r\nhello\r\n0\r\n\r\n");
}

handler endless_header() {
    return [](connection& peer, const request&) {
        bool there = peer.send_raw("HTTP/1.1 200 OK\r\nX-Long: ");
        while (there) {
            there = peer.send_raw(std::string(4096, 'x'));
        }
        peer.close();
    };
}

handler endless_interim() {
    return [](connection& peer, const request&) {
        while (peer.send_raw("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")) {
        }
        peer.close();
    };
}

handler unsolicited_second(std::string body, std::string second) {
    return raw(sized(body) + sized(second));
}

handler close_after_keep_alive(std::string body) {
    return raw_and_close(sized(body));
}

handler http09() {
    return raw_and_close("<html>hello</html>\n");
}

handler bare_line_feeds(std::string body) {
    return raw("HTTP/1.1 200 OK\nContent-Length: " + std::to_string(body.size()) + "\n\n" + body);
}

handler tls_truncated_body(std::string body) {
    return [bytes = ok("Connection: close\r\n") + body](connection& peer, const request&) {
        peer.send_raw(bytes);
        peer.tls_truncate();
    };
}

}  // namespace asyncdl::test::misbehave
