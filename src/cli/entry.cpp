#include "cli/entry.hpp"

#include <algorithm>
#include <cctype>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// A line that is no URL may be anything up to 64 KiB: enough of it to know it again is shown.
constexpr std::size_t longest_shown = 256;

bool begins_with(std::string_view text, std::string_view lower) noexcept {
    return text.size() >= lower.size() &&
           std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
               return a == b || (b >= 'A' && b <= 'Z' && a == (b | 0x20));
           });
}

bool may_be_in_scheme(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

// Where the "=" of NAME=URL is.
std::size_t find_split(std::string_view text) noexcept {
    std::size_t at = text.find('=');
    while (at != text.npos && !is_url(text.substr(at + 1))) {
        at = text.find('=', at + 1);
    }
    return at;
}

}  // namespace

bool is_url(std::string_view text) noexcept {
    return begins_with(text, "http://") || begins_with(text, "https://");
}

std::string_view scheme_of(std::string_view text) noexcept {
    const std::string_view scheme = text.substr(0, std::min(text.find("://"), text.size()));
    const bool is_one = scheme.size() < text.size() && !scheme.empty() &&
                        std::isalpha(static_cast<unsigned char>(scheme[0])) != 0 &&
                        std::all_of(scheme.begin(), scheme.end(), may_be_in_scheme);
    return is_one ? scheme : std::string_view();
}

download_request parse_entry(std::string_view text, std::string_view place) {
    if (is_url(text)) {
        return download_request(std::string(text));
    }
    const std::size_t split = find_split(text);
    if (split == text.npos) {
        return reject(text, errc::invalid_url, place, "not an http or https URL");
    }
    if (split == 0) {
        return reject(text.substr(1), errc::name, place, "the file name is empty");
    }
    download_request entry;
    entry.urls.emplace_back(text.substr(split + 1));
    entry.file_name = text.substr(0, split);
    return entry;
}

std::optional<download_request> parse_other_entry(std::string_view text) {
    const std::size_t split = text.substr(0, text.find("://")).rfind('=');
    const std::string_view url = split == text.npos ? text : text.substr(split + 1);
    if (scheme_of(url).empty() || split == 0) {
        return std::nullopt;
    }
    return download_request(std::string(url),
                            split == text.npos ? "" : std::string(text.substr(0, split)));
}

download_request reject(std::string_view text, errc error, std::string_view place,
                        std::string_view reason) {
    std::string shown = redact(text);
    if (!is_url(shown) && shown.size() > longest_shown) {
        shown.resize(longest_shown);
    }
    std::string message(place);
    message.append(place.empty() ? "" : ": ").append(reason);
    return download_request::rejected(std::move(shown), error, std::move(message));
}

}  // namespace asyncdl::cli
