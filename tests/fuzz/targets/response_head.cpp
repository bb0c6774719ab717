// A head is read the same however it is cut on its way, and once mended needs no mending; where its
// body ends is taken from what it says alone (RFC 9112, 6.3).

#include <algorithm>
#include <asyncdl/error.hpp>
#include <string>

#include "core/framing.hpp"
#include "core/token.hpp"
#include "fuzz/target.hpp"
#include "http/head_reader.hpp"

namespace asyncdl::fuzz {

namespace {

struct reading {
    bool refused = false;
    std::size_t taken = 0;  // 0: not complete
    std::string head;       // written out again

    friend bool operator==(const reading&, const reading&) = default;
};

std::string written(const core::response_head& head) {
    const std::string status = std::to_string(head.status);
    std::string text = head.version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
    text.append(3 - std::min<std::size_t>(status.size(), 3), '0').append(status).append(" ");
    text.append(head.reason).append("\r\n");
    for (const auto& [name, value] : head.fields) {
        text.append(name).append(": ").append(value).append("\r\n");
    }
    return text.append("\r\n");
}

void check_fields(const core::response_head& head) {
    const auto plain = [](std::string_view text) {
        return std::all_of(text.begin(), text.end(),
                           [](unsigned char c) { return (c >= 0x20 || c == '\t') && c != 0x7f; });
    };
    require(head.version == 10 || head.version == 11, "the version is 1.0 or 1.1");
    require(head.status <= 999, "a status has three digits");
    require(plain(head.reason), "a reason phrase holds no control character");
    for (const auto& [name, value] : head.fields) {
        require(core::is_token(name), "the name of a field is a token");
        require(plain(value), "a value holds no control character");
        require(value == core::trimmed(value), "a value has no blanks at its ends");
    }
}

bool says_length(std::string_view line, std::uint64_t size) {
    for (;;) {
        const auto comma = line.find(',');
        std::string_view digits = core::trimmed(line.substr(0, comma));
        if (digits.empty()) {
            return false;
        }
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
        if (digits != std::to_string(size)) {
            return false;
        }
        if (comma == line.npos) {
            return true;
        }
        line.remove_prefix(comma + 1);
    }
}

void check_framing(const core::response_head& head) {
    const auto framing = core::judge_framing(head);
    if (!framing) {
        require(framing.error().code() == errc::protocol, "bad framing is `protocol`");
        return;
    }
    const bool none = head.status < 200 || head.status == 204 || head.status == 304;
    unsigned lengths = 0;
    unsigned codings = 0;
    for (const auto& [name, value] : head.fields) {
        if (core::iequals(name, "Content-Length")) {
            ++lengths;
            require(none || says_length(value, framing->size), "every length is the same number");
        } else if (core::iequals(name, "Transfer-Encoding")) {
            ++codings;
            require(core::iequals(value, "chunked"), "the only transfer coding is chunked");
        }
    }
    require(codings <= 1 && (codings == 0 || lengths == 0), "nothing contradicts the framing");
    require(codings == 0 || head.version == 11, "HTTP/1.0 has no transfer coding");
    const auto expected = none          ? core::body_kind::none
                          : codings > 0 ? core::body_kind::chunked
                          : lengths > 0 ? core::body_kind::sized
                                        : core::body_kind::until_close;
    require(framing->kind == expected, "the body is framed by what the head says");
    require(!framing->keep_alive || expected != core::body_kind::until_close,
            "a body without an end ends its connection");
}

reading read(std::string_view bytes, cuts pieces) {
    http::head_reader reader;
    reading result;
    for (std::size_t size = 0; size < bytes.size() && result.taken == 0 && !result.refused;) {
        size += pieces.next(bytes.size() - size);
        const auto taken = reader.feed(bytes.substr(0, size));
        if (!taken) {
            require(taken.error().code() == errc::protocol, "a bad head is `protocol`");
            result.refused = true;
        } else if (*taken) {
            require(**taken <= size, "no more is taken than was fed");
            result.taken = **taken;
            result.head = written(reader.head());
            check_fields(reader.head());
            check_framing(reader.head());
        }
    }
    return result;
}

reading read_at_once(std::string_view bytes) {
    http::head_reader reader;
    const auto taken = reader.feed(bytes);
    if (!taken || !*taken) {
        return {.refused = !taken, .taken = 0, .head = {}};
    }
    return {.refused = false, .taken = **taken, .head = written(reader.head())};
}

const target registered("response_head", [](std::string_view input) {
    const cuts pieces(take_byte(input));
    const reading whole = read_at_once(input);
    require(read(input, pieces) == whole, "cuts change nothing");
    if (whole.taken > 0) {
        const reading again = read_at_once(whole.head);
        require(again.taken == whole.head.size() && again.head == whole.head,
                "what was read, written out, is read again");
    }
});

}  // namespace

}  // namespace asyncdl::fuzz
