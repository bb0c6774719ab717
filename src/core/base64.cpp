#include "core/base64.hpp"

#include <array>
#include <cstdint>

namespace asyncdl::core {

namespace {

constexpr std::int8_t no_digit = -1;

constexpr auto digit_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(no_digit);
    std::int8_t next = 0;
    for (const char digit : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                             "0123456789+/"))
        values[static_cast<unsigned char>(digit)] = next++;
    return values;
}();

}  // namespace

std::optional<std::vector<std::byte>> base64_decoded(std::string_view text) {
    const std::string_view digits = text.substr(0, text.find('='));
    const std::string_view padding = text.substr(digits.size());
    const std::size_t missing = (4 - digits.size() % 4) % 4;
    if (missing == 3 || padding.size() > missing ||
        padding.find_first_not_of('=') != std::string_view::npos) {
        return std::nullopt;
    }

    std::vector<std::byte> bytes;
    bytes.reserve(digits.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;  // of those in `bits` that are in no byte yet
    for (const char c : digits) {
        const std::int8_t value = digit_values[static_cast<unsigned char>(c)];
        if (value == no_digit) {
            return std::nullopt;
        }
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::byte>(bits >> count & 0xff));
        }
    }
    return bytes;
}

}  // namespace asyncdl::core
