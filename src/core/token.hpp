#pragma once
// What names of header fields are made of (RFC 9110, 5.6.2). Pure.

#include <algorithm>
#include <array>
#include <string_view>

namespace asyncdl::core {

inline constexpr auto token_chars = [] {
    std::array<bool, 256> allowed{};
    for (const char mark : std::string_view("!#$%&'*+-.^_`|~"))
        allowed[static_cast<unsigned char>(mark)] = true;
    for (unsigned letter = 0; letter < 26; ++letter)
        allowed['a' + letter] = allowed['A' + letter] = true;
    for (unsigned digit = '0'; digit <= '9'; ++digit)
        allowed[digit] = true;
    return allowed;
}();

constexpr bool is_token_char(char c) noexcept {
    return token_chars[static_cast<unsigned char>(c)];
}

constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

}  // namespace asyncdl::core
