#include "core/content_disposition.hpp"

#include <algorithm>
#include <boost/url/grammar/hexdig_chars.hpp>

#include "core/base64.hpp"
#include "core/fields.hpp"
#include "core/percent.hpp"
#include "core/utf8.hpp"

namespace asyncdl::core {

namespace {

struct parameter {
    std::string_view name;  // empty where there is no value
    std::string value;
};

// Takes everything up to the next semicolon, and that.
std::string_view take_part(std::string_view& text) {
    const std::string_view part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

// A text that starts with a quote; what stands between the closing one and the semicolon is
// dropped.
std::string take_quoted(std::string_view& text) {
    std::string value;
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i) {
        // A backslash at the very end stands for itself.
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
        }
        value += text[i];
    }
    text.remove_prefix(std::min(i + 1, text.size()));
    take_part(text);
    return value;
}

std::string take_value(std::string_view& text) {
    text = trimmed(text);
    return text.starts_with('"') ? take_quoted(text) : std::string(trimmed(take_part(text)));
}

parameter take_parameter(std::string_view& text) {
    text = trimmed(text);
    const std::size_t end = std::min(text.find_first_of("=;\""), text.size());
    if (!text.substr(end).starts_with('=')) {
        // The type, or what has no name: a semicolon within its quotes parts nothing.
        text.remove_prefix(end);
        static_cast<void>(take_value(text));
        return {};
    }
    const std::string_view name = trimmed(text.substr(0, end));
    text.remove_prefix(end + 1);
    return {name, take_value(text)};
}

// Every byte is the character of its number.
std::string from_latin1(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            result += c;
        } else {
            result += static_cast<char>(0xc0 | byte >> 6);
            result += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return result;
}

bool escapes_are_whole(std::string_view text) {
    using boost::urls::grammar::hexdig_value;
    for (auto i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
        if (i + 2 >= text.size() || hexdig_value(text[i + 1]) < 0 ||
            hexdig_value(text[i + 2]) < 0) {
            return false;
        }
    }
    return true;
}

// CHARSET'LANGUAGE'TEXT (RFC 8187, 3.2.1); the language is of no interest.
std::optional<std::string> extended_name(std::string_view value) {
    const auto first = value.find('\'');
    const auto second = first == std::string_view::npos ? first : value.find('\'', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view charset = value.substr(0, first);
    const std::string_view text = value.substr(second + 1);
    if (text.empty() || !escapes_are_whole(text)) {
        return std::nullopt;
    }
    std::string bytes = percent_decoded(text);
    if (iequals(charset, "UTF-8") && utf8::valid(bytes)) {
        return bytes;
    }
    if (iequals(charset, "ISO-8859-1")) {
        return from_latin1(bytes);
    }
    return std::nullopt;
}

// Q of RFC 2047, 4.2: an underscore is a blank, and a bad escape stands for itself.
std::string q_decoded(std::string_view text) {
    using boost::urls::grammar::hexdig_value;
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '=' && i + 2 < text.size();
        const int high = escape ? hexdig_value(text[i + 1]) : -1;
        const int low = escape ? hexdig_value(text[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            result += static_cast<char>(high << 4 | low);
            i += 2;
        } else {
            result += text[i] == '_' ? ' ' : text[i];
        }
    }
    return result;
}

std::optional<std::string> b_decoded(std::string_view text) {
    const auto bytes = base64_decoded(text);
    if (!bytes) {
        return std::nullopt;
    }
    std::string result;
    for (const std::byte each : *bytes) {
        result += static_cast<char>(each);
    }
    return result;
}

// Takes an encoded word, =?CHARSET?B or Q?TEXT?= (RFC 2047, 2), off the front. Nothing is taken if
// there is none that can be read.
std::optional<std::string> take_encoded_word(std::string_view& text) {
    const auto charset_end = text.starts_with("=?") ? text.find('?', 2) : text.npos;
    if (charset_end == text.npos ||
        !text.substr(std::min(charset_end + 2, text.size())).starts_with('?')) {
        return std::nullopt;
    }
    const std::string_view tagged = text.substr(2, charset_end - 2);
    const std::string_view charset = tagged.substr(0, tagged.find('*'));
    const std::size_t begin = charset_end + 3;
    const auto end = text.find("?=", begin);
    if (end == text.npos) {
        return std::nullopt;
    }
    const std::string_view encoded = text.substr(begin, end - begin);
    const std::string_view encoding = text.substr(charset_end + 1, 1);
    std::optional<std::string> word;
    if (iequals(encoding, "Q")) {
        word = q_decoded(encoded);
    } else if (iequals(encoding, "B")) {
        word = b_decoded(encoded);
    }
    if (word && iequals(charset, "ISO-8859-1")) {
        word = from_latin1(*word);
    } else if (!iequals(charset, "UTF-8") && !iequals(charset, "US-ASCII")) {
        word.reset();
    }
    if (word) {
        text.remove_prefix(end + 2);
    }
    return word;
}

// A text with encoded words in it; nothing if it has none, or they are no UTF-8 together: a
// character may be cut between two of them.
std::optional<std::string> decoded_words(std::string_view text) {
    std::string result;
    bool after_word = false;
    bool any = false;
    while (!text.empty()) {
        // Blanks between two words are no text.
        const std::size_t blank = after_word ? text.find_first_not_of(" \t") : 0;
        std::string_view next = text.substr(std::min(blank, text.size()));
        const auto word = take_encoded_word(next);
        if (word) {
            result += *word;
            text = next;
            any = true;
        } else {
            result += text.front();
            text.remove_prefix(1);
        }
        after_word = word.has_value();
    }
    return any && utf8::valid(result) ? std::optional(std::move(result)) : std::nullopt;
}

std::string plain_name(const std::string& value) {
    if (auto words = decoded_words(value)) {
        return *std::move(words);
    }
    const std::string decoded = percent_decoded(value);
    if (utf8::valid(decoded)) {
        return decoded;
    }
    return utf8::valid(value) ? value : from_latin1(value);
}

}  // namespace

std::optional<std::string> disposition_name(std::string_view value) {
    std::optional<std::string> extended;
    std::optional<std::string> plain;
    while (!value.empty()) {
        const parameter next = take_parameter(value);
        if (!extended && iequals(next.name, "filename*")) {
            extended = extended_name(next.value);
        } else if (!plain && iequals(next.name, "filename")) {
            plain = plain_name(next.value);
        }
    }
    auto& name = extended ? extended : plain;
    return name && name->empty() ? std::nullopt : std::move(name);
}

}  // namespace asyncdl::core
