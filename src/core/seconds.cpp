#include "core/seconds.hpp"

#include <array>
#include <charconv>

namespace asyncdl::core {

std::string seconds_text(std::chrono::duration<double> time) {
    // The bounds in time go up to 1e9 seconds: without an exponent with these digits.
    constexpr int digits = 10;
    std::array<char, 32> text;
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), time.count(),
                                            std::chars_format::general, digits);
    return std::string(text.data(), end) + " s";
}

}  // namespace asyncdl::core
