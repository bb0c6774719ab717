// A chunked body is decoded the same however it is cut on its way; what a sender encodes comes out
// as it went in, and nothing behind the body is taken.

#include <array>
#include <charconv>
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

    const std::string body = encoded(input, others);
    const decoded back = decode(body + "HTTP/1.1 200 OK", some, false);
    require(back.done && back.payload == input, "what was encoded is decoded");
    require(back.used == body.size(), "the next response is left alone");
});

}  // namespace

}  // namespace asyncdl::fuzz
