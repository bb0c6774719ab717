#include "core/validators.hpp"

#include <algorithm>

#include "core/http_date.hpp"

namespace asyncdl::core {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_etag = 1024;  // what must be kept and sent back needs a bound
constexpr std::size_t max_date = 64;    // the longest of the three forms has 33 bytes

// The year that two digits mean must not depend on the clock: these dates are compared with each
// other. So they mean 1951 to 2050.
constexpr auto middle_of_two_digit_years =
    std::chrono::sys_days(std::chrono::year(2000) / std::chrono::January / 1);

// The one value of a field: lines that agree are one, lines that do not are none.
std::string_view only_value(const fields& fields, std::string_view wanted) {
    const std::string_view first = trimmed(fields.find(wanted).value_or(""));
    const bool agreed = std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
        return !iequals(field.first, wanted) || trimmed(field.second) == first;
    });
    return agreed ? first : "";
}

// RFC 9110, 8.8.3: etagc is every visible character but the quote, and what is over 127.
bool is_opaque_tag(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') {
        return false;
    }
    const std::string_view inner = text.substr(1, text.size() - 2);
    return std::all_of(inner.begin(), inner.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > 0x20 && byte != '"' && byte != 0x7f;
    });
}

// Without what says that it is weak.
std::string_view opaque_tag(std::string_view etag) {
    if (etag.starts_with("W/")) {
        etag.remove_prefix(2);
    }
    return etag;
}

std::string_view usable_etag(std::string_view text) {
    return text.size() <= max_etag && is_opaque_tag(opaque_tag(text)) ? text : "";
}

std::string_view usable_date(std::string_view text) {
    const bool plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    return text.size() <= max_date && plain ? text : "";
}

}  // namespace

validators validators::of(const fields& fields) {
    validators result;
    result.etag = usable_etag(only_value(fields, "ETag"));
    result.last_modified = usable_date(only_value(fields, "Last-Modified"));
    result.date = usable_date(only_value(fields, "Date"));
    return result;
}

bool validators::has_strong_etag() const noexcept {
    return etag.size() <= max_etag && is_opaque_tag(etag);
}

bool validators::is_date_older_by(std::chrono::seconds margin) const noexcept {
    const auto modified = parse_http_date(last_modified, middle_of_two_digit_years);
    const auto sent = parse_http_date(date, middle_of_two_digit_years);
    return modified && sent && *sent >= *modified + margin;
}

bool validators::has_sound_date() const noexcept {
    const auto modified = parse_http_date(last_modified, middle_of_two_digit_years);
    return modified && *modified >= first_sound_date;
}

std::string_view if_range(const validators& of) noexcept {
    if (of.has_strong_etag()) {
        return of.etag;
    }
    // RFC 9110, 13.1.5, keeps the date for responses without any ETag; a weak one cannot be sent,
    // and a strong date answers the same question.
    return of.has_strong_date() ? std::string_view(of.last_modified) : std::string_view();
}

agreement compare(const validators& kept, const validators& now) noexcept {
    if (kept.length && now.length && *kept.length != *now.length) {
        return agreement::different;
    }
    if (!kept.etag.empty() && !now.etag.empty()) {
        if (opaque_tag(kept.etag) != opaque_tag(now.etag)) {
            return agreement::different;
        }
        if (kept.has_strong_etag() && now.has_strong_etag()) {
            return agreement::same;
        }
    }
    if (kept.last_modified.empty() || now.last_modified.empty()) {
        return agreement::unknown;
    }
    if (kept.last_modified != now.last_modified) {
        return agreement::different;
    }
    return kept.has_strong_date() ? agreement::same : agreement::unknown;
}

}  // namespace asyncdl::core
