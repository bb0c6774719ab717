#pragma once
// Text as people write it, with blanks around, and as terminals get it: cleaned of control
// characters, cut of secrets, sizes and times in readable units. Pure functions.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncdl::cli {

/// What stands for a character that cannot be shown: U+FFFD.
inline constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// Before the first line of some text files: U+FEFF.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// What may stand around the parts of a line.
inline constexpr std::string_view blanks = " \t";

/// What a file is, by its first bytes, if it is no text that a list can be: gzip, xz, zstd or
/// UTF-16; empty if nothing is wrong with it.
std::string_view unreadable_form(std::string_view beginning) noexcept;

/// `text` without the blanks around it.
std::string_view trimmed(std::string_view text) noexcept;

/// Calls `take(line, number)` for each line of a text, numbered from 1, without a BOM before the
/// first and a CR at the end.
template <typename Take>
void for_each_line(std::string_view text, const Take& take) {
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line.remove_suffix(line.ends_with('\r') ? 1 : 0);
        take(line, number);
    }
}

/// The bytes of the valid UTF-8 character that `text` begins with; 0 where it begins with none.
std::size_t character_length(std::string_view text) noexcept;

/// Whether the valid character `character` is a control character: C0, DEL, C1, or of the direction
/// (U+202A to U+202E, U+2066 to U+2069).
bool is_control(std::string_view character) noexcept;

/// `text` with each control character and each byte of broken UTF-8 replaced.
std::string clean(std::string_view text);

/// `text` without the userinfo of the URLs in it.
std::string redact(std::string_view text);

/// A value of the command line as an error shows it: cleaned, with the secrets of a query masked,
/// and cut up to its last `@` where a `:` comes before that, since it may be a URL or credentials
/// in the wrong place.
std::string shown_value(std::string_view text);

/// "512 B", "4.0 KiB", "1.5 GiB".
std::string readable_size(std::uint64_t bytes);

/// "4.0 KiB/s".
std::string readable_rate(double bytes_a_second);

/// "0.35 s", "12.3 s", "2 min 5 s".
std::string readable_time(std::chrono::duration<double> time);

}  // namespace asyncdl::cli
