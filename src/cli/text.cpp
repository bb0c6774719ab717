#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <asyncdl/mask_secrets.hpp>
#include <cmath>
#include <cstdio>

namespace asyncdl::cli {

std::string_view unreadable_form(std::string_view beginning) noexcept {
    if (beginning.starts_with("\x1f\x8b")) {
        return "compressed with gzip; unpack it first, as with 'zcat FILE | asyncdl -i -'";
    }
    if (beginning.starts_with("\xfd"
                              "7zX")) {
        return "compressed with xz; unpack it first, as with 'xzcat FILE | asyncdl -i -'";
    }
    if (beginning.starts_with("\x28\xb5\x2f\xfd")) {
        return "compressed with zstd; unpack it first, as with 'zstdcat FILE | asyncdl -i -'";
    }
    if (beginning.starts_with("PK\x03\x04")) {
        return "a zip archive; unpack it first, as with 'unzip -p FILE | asyncdl -i -'";
    }
    if (beginning.starts_with("\xff\xfe") || beginning.starts_with("\xfe\xff")) {
        return "UTF-16; convert it to UTF-8 first, as with 'iconv -f UTF-16 -t UTF-8'";
    }
    return {};
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(blanks);
    return first == text.npos ? std::string_view()
                              : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::size_t character_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (text.empty()) {
        return 0;
    }
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    // RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF; only the second byte
    // tells.
    const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < least || byte(1) > most) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool is_control(std::string_view character) noexcept {
    const auto lead = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) {
        return lead < 0x20 || lead == 0x7F;
    }
    if (character.size() == 2) {
        return lead == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
    }
    return (character >= "\u202A" && character <= "\u202E") ||
           (character >= "\u2066" && character <= "\u2069");
}

std::string clean(std::string_view text) {
    std::string cleaned;
    cleaned.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const std::string_view character = text.substr(0, length);
        cleaned += length == 0 || is_control(character) ? replacement : character;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return cleaned;
}

std::string redact(std::string_view text) {
    std::string redacted;
    // A URL may lack its scheme: then only what looks like a password is cut.
    bool has_scheme = false;
    for (;;) {
        const std::size_t end = std::min(text.find_first_of("/?#\t "), text.size());
        const std::string_view authority = text.substr(0, end);
        const std::size_t at = authority.rfind('@');
        const bool secret = at != authority.npos &&
                            (has_scheme || authority.substr(0, at).find(':') != authority.npos);
        text.remove_prefix(secret ? at + 1 : 0);
        const std::size_t next = text.find("://");
        if (next == text.npos) {
            return redacted.append(text);
        }
        redacted.append(text.substr(0, next + 3));
        text.remove_prefix(next + 3);
        has_scheme = true;
    }
}

std::string shown_value(std::string_view text) {
    const std::string masked = mask_secrets(text);
    text = masked;
    const std::size_t at = text.rfind('@');
    const bool secret = at != text.npos && text.substr(0, at).find(':') != text.npos;
    return secret ? "..." + clean(text.substr(at)) : clean(text);
}

std::string readable_size(std::uint64_t bytes) {
    static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) {
        return std::to_string(bytes) + " B";
    }
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    // 1023.95 would be printed as "1024.0".
    while (amount >= 1023.95 && unit + 1 < units.size()) {
        amount /= 1024;
        ++unit;
    }
    std::array<char, 48> text;
    std::snprintf(text.data(), text.size(), "%.1f %s", amount, units[unit]);
    return text.data();
}

std::string readable_rate(double bytes_a_second) {
    const double sane = std::isfinite(bytes_a_second) ? std::clamp(bytes_a_second, 0.0, 1e18) : 0.0;
    return readable_size(static_cast<std::uint64_t>(sane)) + "/s";
}

std::string readable_time(std::chrono::duration<double> time) {
    const double seconds = std::max(0.0, time.count());
    std::array<char, 48> text;
    if (seconds < 9.995) {
        std::snprintf(text.data(), text.size(), "%.2f s", seconds);
    } else if (seconds < 59.95) {
        std::snprintf(text.data(), text.size(), "%.1f s", seconds);
    } else {
        const auto whole = static_cast<unsigned long long>(seconds + 0.5);
        std::snprintf(text.data(), text.size(), "%llu min %llu s", whole / 60, whole % 60);
    }
    return text.data();
}

}  // namespace asyncdl::cli
