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
    /// `errc::protocol` where the framing is broken; nothing more may be fed then, nor after `done`.
    outcome<step> feed(std::span<std::byte> buffer);

private:
    enum class state { size, size_blank, extension, data, data_end, data_end_lf, trailer, done };
    state state_ = state::size;
    std::uint64_t left_ = 0;      ///< of the chunk's data, or its size so far
    std::uint32_t line_ = 0;      ///< bytes of the chunk line so far, line end included
    std::uint32_t trailers_ = 0;  ///< bytes of the trailers so far
    unsigned digits_ = 0;
};

}  // namespace asyncdl::core
