#pragma once
// Dates of header fields (RFC 9110, 5.6.7). Pure.

#include <chrono>
#include <optional>
#include <string_view>

namespace asyncdl::core {

/// A server that knows no date says 1970, or less.
inline constexpr std::chrono::sys_seconds first_sound_date =
    std::chrono::sys_days(std::chrono::year(1971) / 1 / 1);

/// Reads IMF-fixdate and both obsolete forms; a two-digit year is taken to be at most 50 years
/// after `now`. Nothing where the text is no date; the day's name is not checked against the date.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text,
                                                        std::chrono::system_clock::time_point now);

}  // namespace asyncdl::core
