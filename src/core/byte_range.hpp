#pragma once
// A run of bytes of a file or a body. A value.

#include <cstdint>

namespace asyncdl::core {

/// From `begin` up to, and without, `end`. The byte at 2^64-1 is in no range.
class byte_range {
public:
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  ///< one past the last

    constexpr std::uint64_t size() const noexcept { return empty() ? 0 : end - begin; }
    constexpr bool empty() const noexcept { return begin >= end; }

    friend constexpr bool operator==(const byte_range&, const byte_range&) = default;
};

}  // namespace asyncdl::core
