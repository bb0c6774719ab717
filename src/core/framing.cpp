#include "core/framing.hpp"

#include <charconv>
#include <optional>

namespace asyncdl::core {

namespace {

using length = std::optional<std::uint64_t>;

// One element of a Content-Length: digits alone. std::from_chars takes neither a plus sign nor
// blanks, and an unsigned type no minus sign.
length read_length(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

// Joins one Content-Length line to what earlier ones said; equal repetitions are one (RFC
// 9112, 6.3).
outcome<length> join_lengths(length known, std::string_view line) {
    for (;;) {
        const auto comma = line.find(',');
        const length next = read_length(trimmed(line.substr(0, comma)));
        if (!next) {
            return fault(errc::protocol, "the response has a malformed Content-Length");
        }
        if (known && *known != *next) {
            return fault(errc::protocol, "the response has unequal lengths");
        }
        known = next;
        if (comma == std::string_view::npos) {
            return known;
        }
        line.remove_prefix(comma + 1);
    }
}

bool persistent(const response_head& head) {
    if (head.fields.has_token("Connection", "close")) {
        return false;
    }
    return head.version >= 11 || head.fields.has_token("Connection", "keep-alive");
}

}  // namespace

outcome<body_framing> judge_framing(const response_head& head) {
    length announced;
    bool chunked = false;
    for (const auto& [name, value] : head.fields) {
        if (iequals(name, "Content-Length")) {
            auto joined = join_lengths(announced, value);
            if (!joined) {
                return joined.error();
            }
            announced = *joined;
        } else if (iequals(name, "Transfer-Encoding")) {
            if (chunked || !iequals(trimmed(value), "chunked")) {
                return fault(errc::protocol, "the response has an unknown transfer coding");
            }
            chunked = true;
        }
    }
    if (chunked && announced) {
        return fault(errc::protocol, "the response has a length beside a transfer coding");
    }
    if (chunked && head.version < 11) {
        return fault(errc::protocol, "an HTTP/1.0 response has a transfer coding");
    }

    body_framing framing;
    framing.keep_alive = persistent(head);
    if (head.status < 200 || head.status == 204 || head.status == 304) {
        // A 204 must announce no body (RFC 9110, 8.6; RFC 9112, 6.1): the bytes of one that does
        // may follow. After a 101 the connection speaks another protocol.
        const bool announces = chunked || announced.value_or(0) > 0;
        if ((head.status == 204 && announces) || head.status == 101) {
            framing.keep_alive = false;
        }
    } else if (chunked) {
        framing.kind = body_kind::chunked;
    } else if (announced) {
        framing.kind = body_kind::sized;
        framing.size = *announced;
    } else {
        framing.kind = body_kind::until_close;
        framing.keep_alive = false;
    }
    return framing;
}

}  // namespace asyncdl::core
