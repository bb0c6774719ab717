#pragma once
// What a response to a request for a part of a file means: whether the part belongs to what is kept
// already. The one place where that is judged. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/byte_range.hpp"
#include "core/fields.hpp"
#include "core/validators.hpp"

namespace asyncdl::core {

/// A part that is asked for, to go with bytes that are kept.
class part_request {
public:
    static constexpr std::uint64_t to_the_end = ~std::uint64_t{0};

    byte_range bytes;  ///< `end` is `to_the_end` where nothing behind it is kept
    validators about;  ///< of the representation that the kept bytes are from
    /// Nothing validates the kept bytes: an overlap that is asked for again is compared instead.
    bool unvalidated = false;
};

enum class part_answer {
    fits,       ///< store the body at `part_verdict::bytes`
    complete,   ///< 416, and what is kept is the whole file
    changed,    ///< the file is another now: what is kept is of no use
    start_over  ///< nothing shows that the part belongs to what is kept
};

class part_verdict {
public:
    part_answer answer = part_answer::start_over;
    byte_range bytes;                    ///< what the body holds, where it fits
    std::optional<std::uint64_t> total;  ///< bytes of the whole file, where it was told
    std::string_view why;                ///< for the log, where the answer is to start over
};

/// Judges a 206, a 416 or a 304 that nobody asked for, in answer to `asked` (RFC 9110, 14
/// and 15.3.7).
///
/// A 206 fits where it is one range (no multipart/byteranges) with a Content-Range that begins at
/// or before the first byte asked for and reaches beyond it, its Content-Length is that of the
/// range, and nothing says that the file is another: the total and the validators agree with what
/// is known. A server that validated nothing proves nothing: one validator at least must be the
/// same, but for `unvalidated`. A 416 is `complete` where everything from `asked` on is missing,
/// its total is `asked.bytes.begin`, and no validator says otherwise.
part_verdict judge_part(const response_head& head, const part_request& asked);

}  // namespace asyncdl::core
