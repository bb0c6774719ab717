#include "cli/number.hpp"

#include <algorithm>
#include <charconv>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

parsed<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    if (!whole || error != std::errc() || value < least || value > most) {
        return "'" + shown_value(text) + "' is not a whole number from " + std::to_string(least) +
               " to " + std::to_string(most);
    }
    return value;
}

parsed<double> parse_seconds(std::string_view text, bool zero_allowed) {
    double value = 0;
    // from_chars takes "inf", "nan" and a sign, so the characters are judged first.
    const bool decimal =
        std::any_of(text.begin(), text.end(), is_digit) &&
        std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; }) &&
        std::count(text.begin(), text.end(), '.') <= 1;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    const bool in_range =
        (value >= 0.001 || (zero_allowed && value == 0)) && value <= longest_seconds;
    if (!decimal || error != std::errc() || !in_range) {
        return "'" + shown_value(text) + "' is not a number of seconds from " +
               (zero_allowed ? "0.001 to 100000000, or 0" : "0.001 to 100000000");
    }
    return value;
}

}  // namespace asyncdl::cli
