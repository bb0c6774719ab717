#pragma once
// Bodies of any size without memory: a byte is a function of its offset, so that a missing,
// repeated or shifted piece never goes unseen. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncdl::test {

/// The pattern's byte at an offset. The multiplier is 2^64 divided by the golden ratio: its high
/// bits do not repeat within any body that a test asks for.
constexpr char pattern_byte(std::uint64_t offset) noexcept {
    return static_cast<char>((offset * 0x9E3779B97F4A7C15U) >> 56U);
}

inline std::string pattern(std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = pattern_byte(offset + i);
    }
    return bytes;
}

/// Whether `bytes` is exactly the pattern from `offset` on.
inline bool is_pattern(std::string_view bytes, std::uint64_t offset = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != pattern_byte(offset + i)) {
            return false;
        }
    }
    return true;
}

}  // namespace asyncdl::test
