#include "core/chunk_decoder.hpp"

#include <algorithm>
#include <cstring>

namespace asyncdl::core {

namespace {

constexpr std::uint32_t max_line = 4 * 1024;
constexpr std::uint32_t max_trailers = 16 * 1024;
constexpr unsigned max_digits = 16;  // of a 64-bit size

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char letter = static_cast<char>(c | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::size_t length_to_lf(std::span<const std::byte> bytes) {
    const void* lf = std::memchr(bytes.data(), '\n', bytes.size());
    return lf ? static_cast<std::size_t>(static_cast<const std::byte*>(lf) - bytes.data())
              : bytes.size();
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
        const std::size_t length = passed_over ? length_to_lf(rest) : 0;
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
        case state::size:
        case state::size_blank:
            return take_size(c);
        case state::extension:  // c is the LF that was sought, here and in a trailer
            begin_chunk();
            return true;
        case state::size_lf:
            begin_chunk();
            return c == '\n';
        case state::data_end:
            state_ = c == '\r' ? state::data_end_lf : state::size;
            line_ = 0;
            return c == '\r' || c == '\n';
        case state::data_end_lf:
            state_ = state::size;
            line_ = 0;
            return c == '\n';
        case state::trailer_line:
            state_ = c == '\r' ? state::trailer_lf : c == '\n' ? state::done : state::trailer;
            return true;
        case state::trailer_lf:
            state_ = state::done;
            return c == '\n';
        case state::trailer:
            state_ = state::trailer_line;
            return true;
        case state::data:
        case state::done:
            break;
    }
    return false;
}

bool chunk_decoder::take_size(char c) {
    const int digit = state_ == state::size ? hex_value(c) : -1;
    if (digit >= 0) {
        left_ = left_ << 4 | static_cast<unsigned>(digit);
        return ++digits_ <= max_digits;
    }
    switch (c) {
        case ' ':
        case '\t':
            state_ = state::size_blank;
            break;
        case ';':
            state_ = state::extension;
            break;
        case '\r':
            state_ = state::size_lf;
            break;
        case '\n':
            if (digits_ > 0) {
                begin_chunk();
                return true;
            }
            return false;
        default:
            return false;
    }
    return digits_ > 0;
}

// A chunk line has ended; a size of 0 makes it the last.
void chunk_decoder::begin_chunk() {
    state_ = left_ > 0 ? state::data : state::trailer_line;
    digits_ = 0;
    line_ = 0;
}

}  // namespace asyncdl::core
