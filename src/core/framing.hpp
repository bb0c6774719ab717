#pragma once
// Where a response's body ends: RFC 9112, 6.3, to the letter where bytes could be lost or mixed.
// Pure.

#include <cstdint>

#include "core/fault.hpp"
#include "core/fields.hpp"

namespace asyncdl::core {

enum class body_kind {
    none,         ///< no body by the status
    sized,        ///< exactly `size` bytes
    chunked,      ///< until the last chunk
    until_close,  ///< until the peer closes
};

class body_framing {
public:
    body_kind kind = body_kind::none;
    std::uint64_t size = 0;
    bool keep_alive = false;  ///< the connection can carry another request after this body
};

/// Judges the final or interim response to a GET.
///
/// `errc::protocol`: a Content-Length that is malformed (signs, blanks inside, hexadecimal, over 64
/// bits) or unequal to another; Content-Length beside Transfer-Encoding; any Transfer-Encoding but
/// exactly one `chunked` over all its lines (parameters on it, an empty list, HTTP/1.0: refused).
/// Equal repeated lengths, as lines or as a list, are one.
/// 1xx, 204 and 304 have no body, whatever they announce, but what they announce must be well
/// formed. Persistence by RFC 9112, 9.3: `close` wins, HTTP/1.0 needs `keep-alive`.
outcome<body_framing> judge_framing(const response_head& head);

}  // namespace asyncdl::core
