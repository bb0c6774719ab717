#pragma once
// Takes the chunked coding off a body (RFC 9112, 7.1), in place, as the bytes come. Pure; no
// allocation.

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/fault.hpp"

namespace asyncdl::core {

/// One body. Feed it what was received, in pieces of any size.
///
/// Strict where bytes could be lost: a size is hexadecimal digits, at most 16 after leading zeros,
/// and every line and all data end in CRLF, never in a bare LF or CR. Lenient where nothing can:
/// blanks after the size, extensions (passed over). A chunk line is at most 4 KiB, the trailers at
/// most 16 KiB together; trailers are passed over and never merged into the head.
class chunk_decoder {
public:
    struct step {
        std::span<std::byte> data;  ///< the payload, moved together inside the buffer fed
        std::size_t used = 0;       ///< bytes of the buffer that belong to this body
        bool done = false;          ///< the last chunk and the trailers are complete
    };

    /// Decodes a buffer. `used` is less than its size only where the body ended within it.
    /// `errc::protocol` where the framing is broken; nothing more may be fed then, nor after
    /// `done`.
    outcome<step> feed(std::span<std::byte> buffer);

private:
    enum class state {
        size_start,    ///< at the first digit of a chunk's size
        size,          ///< at the others
        size_blank,    ///< behind them
        extension,     ///< behind a semicolon, up to CR
        size_lf,       ///< CR is read, LF must follow
        data,          ///< `left_` bytes of payload
        data_end,      ///< CR must follow them
        data_end_lf,   ///< CR is read, LF must follow
        trailer_line,  ///< at the start of a trailer, or of the empty line that ends the body
        trailer,       ///< in a trailer, up to CR
        trailer_lf,    ///< CR is read, LF must follow
        last_lf,       ///< the same in the empty line
        done
    };
    state state_ = state::size_start;
    std::uint64_t left_ = 0;  ///< of the chunk's data, or its size so far
    std::uint32_t line_ = 0;  ///< bytes of the chunk line, or of all trailers, so far

    bool take(char c);
    bool take_size(char c);
};

}  // namespace asyncdl::core
