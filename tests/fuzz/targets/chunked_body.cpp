// A chunked body is decoded as RFC 9112, 7.1, has it, and the same however it is cut on its way;
// what a sender encodes comes out as it went in, and nothing behind the body is taken.

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "core/chunk_decoder.hpp"
#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

struct decoded {
    bool refused = false;
    bool done = false;
    std::size_t used = 0;
    std::string payload;
};

decoded decode(std::string_view bytes, cuts pieces, bool at_once) {
    core::chunk_decoder decoder;
    decoded result;
    while (result.used < bytes.size() && !result.done && !result.refused) {
        const std::size_t left = bytes.size() - result.used;
        const auto piece = bytes.substr(result.used, at_once ? left : pieces.next(left));
        // Of exactly this size, so that a byte beyond is seen by the sanitizer.
        std::vector<char> buffer(piece.begin(), piece.end());
        const auto step = decoder.feed(std::as_writable_bytes(std::span(buffer)));
        if (!step) {
            result.refused = true;
            break;
        }
        require(step->used == buffer.size() || step->done, "all is taken but behind the end");
        require(step->data.size() <= step->used, "a payload is not larger than its coding");
        result.payload.append(reinterpret_cast<const char*>(step->data.data()), step->data.size());
        result.used += step->used;
        result.done = step->done;
    }
    return result;
}

// A line without its CRLF; nothing where another CR or LF is in it, or where it has no end.
std::optional<std::string_view> take_crlf_line(std::string_view& text) {
    const auto end = text.find_first_of("\r\n");
    if (end == text.npos || !text.substr(end).starts_with("\r\n")) {
        return std::nullopt;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
}

// The grammar read from the whole body at once; nothing where it is broken or not complete.
std::optional<decoded> by_grammar(std::string_view bytes) {
    decoded result;
    std::string_view text = bytes;
    for (std::uint64_t size = 1; size > 0;) {
        const auto line = take_crlf_line(text);
        if (!line) {
            return std::nullopt;
        }
        const auto [end, error] =
            std::from_chars(line->data(), line->data() + line->size(), size, 16);
        const auto rest = core::trimmed(line->substr(static_cast<std::size_t>(end - line->data())));
        if (error != std::errc() || !(rest.empty() || rest.starts_with(';')) ||
            size > text.size()) {
            return std::nullopt;
        }
        result.payload += text.substr(0, size);
        text.remove_prefix(size);
        if (size > 0 && take_crlf_line(text) != "") {
            return std::nullopt;
        }
    }
    for (std::optional<std::string_view> trailer = " "; *trailer != "";) {
        trailer = take_crlf_line(text);
        if (!trailer) {
            return std::nullopt;
        }
    }
    result.used = bytes.size() - text.size();
    return result;
}

std::string encoded(std::string_view payload, cuts pieces) {
    std::string text;
    while (!payload.empty()) {
        const std::string_view chunk = payload.substr(0, pieces.next(payload.size()));
        std::array<char, 16> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), chunk.size(), 16).ptr;
        text.append(digits.begin(), end).append("\r\n").append(chunk).append("\r\n");
        payload.remove_prefix(chunk.size());
    }
    return text.append("0\r\n\r\n");
}

const target registered("chunked_body", [](std::string_view input) {
    const cuts some(take_byte(input));
    const cuts others(take_byte(input));

    const decoded whole = decode(input, some, true);
    const decoded parts = decode(input, some, false);
    require(whole.refused == parts.refused, "cuts change no verdict");
    if (!whole.refused) {
        require(whole.payload == parts.payload, "cuts change no payload");
        require(whole.done == parts.done && whole.used == parts.used, "cuts change no end");
    }

    // Shorter than any bound of the decoder's.
    if (input.size() < 4096) {
        const auto expected = by_grammar(input);
        require(whole.done == expected.has_value(), "a body is one by the grammar");
        require(!whole.done || (whole.payload == expected->payload && whole.used == expected->used),
                "a body is what the grammar says");
    }

    const std::string body = encoded(input, others);
    const decoded back = decode(body + "HTTP/1.1 200 OK", some, false);
    require(back.done && back.payload == input, "what was encoded is decoded");
    require(back.used == body.size(), "the next response is left alone");
});

}  // namespace

}  // namespace asyncdl::fuzz
