#pragma once
// Numbers of the command line. Strict: decimal digits alone, no sign, no exponent, no "inf", no
// hexadecimal; the error is a line that states the range. Pure functions.

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncdl::cli {

/// A value, or the line for a person that says why there is none.
template <typename T>
using parsed = boost::system::result<T, std::string>;

/// The longest time that can be asked for, a little over three years: every clock holds it.
inline constexpr double longest_seconds = 100'000'000;

/// A whole number from `least` to `most`.
parsed<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most);

/// Seconds with an optional fraction, from a millisecond (or 0, where that has a meaning) on.
parsed<double> parse_seconds(std::string_view text, bool zero_allowed);

}  // namespace asyncdl::cli
