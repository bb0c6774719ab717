#include "core/chunk_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace asyncdl::core {

namespace {

constexpr std::uint32_t max_line = 4 * 1024;
constexpr std::uint32_t max_trailers = 16 * 1024;
constexpr std::uint64_t max_size = std::numeric_limits<std::uint64_t>::max();

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char letter = static_cast<char>(c | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::size_t length_to_line_end(std::span<const std::byte> bytes) {
    const auto ends = [](std::byte b) { return b == std::byte{'\r'} || b == std::byte{'\n'}; };
    return static_cast<std::size_t>(std::find_if(bytes.begin(), bytes.end(), ends) - bytes.begin());
}

// The first piece stays where it is: a buffer that holds one chunk is not moved at all.
void append(std::span<std::byte>& data, std::span<std::byte> piece) {
    if (data.empty()) {
        data = piece;
    } else {
        std::memmove(data.data() + data.size(), piece.data(), piece.size());
        data = {data.data(), data.size() + piece.size()};
    }
}

}  // namespace

outcome<chunk_decoder::step> chunk_decoder::feed(std::span<std::byte> buffer) {
    step result;
    while (result.used < buffer.size() && state_ != state::done) {
        const auto rest = buffer.subspan(result.used);
        if (state_ == state::data) {
            const auto length =
                static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
            append(result.data, rest.first(length));
            result.used += length;
            left_ -= length;
            if (left_ == 0) {
                state_ = state::data_end;
            }
            continue;
        }

        const bool in_trailers = state_ >= state::trailer_line;
        const bool passed_over = state_ == state::extension || state_ == state::trailer;
        const std::size_t length = passed_over ? length_to_line_end(rest) : 0;
        const std::size_t used = std::min(length + 1, rest.size());
        if (used > (in_trailers ? max_trailers : max_line) - line_) {
            return fault(errc::protocol, in_trailers ? "the trailers are too long"
                                                     : "a chunk's size line is too long");
        }
        line_ += static_cast<std::uint32_t>(used);
        result.used += used;
        if (length < rest.size() && !take(static_cast<char>(rest[length]))) {
            return fault(errc::protocol, "the chunked body breaks its framing");
        }
    }
    result.done = state_ == state::done;
    return result;
}

// One byte outside the data; false where it must not stand there.
bool chunk_decoder::take(char c) {
    switch (state_) {
        case state::size_start:
        case state::size:
        case state::size_blank:
            return take_size(c);
        case state::extension:  // c is the line end that was sought, here and in a trailer
            state_ = state::size_lf;
            return c == '\r';
        case state::size_lf:
            state_ = left_ > 0 ? state::data : state::trailer_line;
            line_ = 0;
            return c == '\n';
        case state::data_end:
            state_ = state::data_end_lf;
            return c == '\r';
        case state::data_end_lf:
            state_ = state::size_start;
            line_ = 0;
            return c == '\n';
        case state::trailer_line:
            state_ = c == '\r' ? state::last_lf : state::trailer;
            return c != '\n';
        case state::trailer:
            state_ = state::trailer_lf;
            return c == '\r';
        case state::trailer_lf:
            state_ = state::trailer_line;
            return c == '\n';
        case state::last_lf:
            state_ = state::done;
            return c == '\n';
        case state::data:
        case state::done:
            break;
    }
    return false;
}

bool chunk_decoder::take_size(char c) {
    const int digit = state_ == state::size_blank ? -1 : hex_value(c);
    if (digit >= 0) {
        const bool fits = left_ <= max_size >> 4;
        left_ = left_ << 4 | static_cast<unsigned>(digit);
        state_ = state::size;
        return fits;
    }
    if (state_ == state::size_start) {
        return false;
    }
    switch (c) {
        case ' ':
        case '\t':
            state_ = state::size_blank;
            return true;
        case ';':
            state_ = state::extension;
            return true;
        case '\r':
            state_ = state::size_lf;
            return true;
        default:
            return false;
    }
}

}  // namespace asyncdl::core
