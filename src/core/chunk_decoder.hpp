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
/// Strict where bytes could be lost: a size is 1 to 16 hexadecimal digits, the data is followed by
/// CRLF or a bare LF and nothing else. Lenient where nothing can: blanks after the size, bare LF,
/// extensions (passed over). A chunk line is at most 4 KiB, the trailers at most 16 KiB together;
/// trailers are passed over and never merged into the head.
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
        size,          ///< the digits of a chunk's size
        size_blank,    ///< behind them
        extension,     ///< behind a semicolon, up to LF
        size_lf,       ///< CR is read, LF must follow
        data,          ///< `left_` bytes of payload
        data_end,      ///< the line end behind them
        data_end_lf,   ///< CR is read, LF must follow
        trailer_line,  ///< at the start of a trailer, or of the empty line that ends the body
        trailer_lf,    ///< CR is read there, LF ends the body
        trailer,       ///< in a trailer, up to LF
        done
    };
    state state_ = state::size;
    std::uint64_t left_ = 0;  ///< of the chunk's data, or its size so far
    std::uint32_t line_ = 0;  ///< bytes of the chunk line, or of all trailers, so far
    unsigned digits_ = 0;

    bool take(char c);
    bool take_size(char c);
    void begin_chunk();
};

}  // namespace asyncdl::core
