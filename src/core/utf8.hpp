#pragma once
// UTF-8 read a character at a time (Unicode 15, table 3-7). Pure; no allocation.

#include <cstddef>
#include <string_view>

namespace asyncdl::core::utf8 {

/// One character of a text, or one byte that starts none.
struct character {
    char32_t code = 0;
    std::size_t size = 1;  ///< bytes
    bool valid = false;
};

/// The first character of a text that is not empty. No overlong form, surrogate or value over
/// U+10FFFF is valid.
character first(std::string_view text) noexcept;

bool valid(std::string_view text) noexcept;

/// C0, DEL, C1, or a control of the direction (U+202A to U+202E, U+2066 to U+2069), which can make
/// "exe.txt" of "txt.exe".
constexpr bool is_control(char32_t code) noexcept {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

/// How many bytes at the front are printable ASCII: what needs no closer look.
std::size_t plain_length(std::string_view text) noexcept;

/// The longest front of a text of at most `limit` bytes that cuts through no character.
std::string_view front(std::string_view text, std::size_t limit) noexcept;

}  // namespace asyncdl::core::utf8
