#pragma once
// Content-Range: which bytes a 206 carries, how long the file of a 416 is (RFC 9110, 14.4). Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/byte_range.hpp"

namespace asyncdl::core {

/// At least one of the two is known.
class content_range {
public:
    std::optional<byte_range> range;     ///< never empty; nothing: the range was not satisfiable
    std::optional<std::uint64_t> total;  ///< bytes of the whole; never less than `range->end`
};

/// Reads `bytes 0-9/100`, `bytes 0-9/*` and `bytes */100`. The unit is read without case; blanks
/// around every part and `=` or `:` behind the unit, as some servers send it, change no meaning and
/// are passed over.
///
/// Nothing for any other text: another unit, signs, numbers over 64 bits, a first byte behind the
/// last, a last byte that is not within the total, several ranges, `bytes */*`.
std::optional<content_range> parse_content_range(std::string_view text) noexcept;

}  // namespace asyncdl::core
