#include "core/fields.hpp"

#include <algorithm>

namespace asyncdl::core {

namespace {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// The length of a list's first element: a comma within a quoted string (RFC 9110, 5.6.4) parts
// nothing.
std::size_t element_length(std::string_view list) noexcept {
    bool quoted = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const char c = list[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '\\' && quoted) {
            ++i;
        } else if (c == ',' && !quoted) {
            return i;
        }
    }
    return list.size();
}

}  // namespace

bool iequals_of_one_size(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(),
                      [](char x, char y) { return x == y || lower(x) == lower(y); });
}

std::optional<std::string_view> fields::find(std::string_view name) const noexcept {
    for (const auto& [key, value] : list_) {
        if (iequals(key, name)) {
            return value;
        }
    }
    return std::nullopt;
}

bool fields::has_token(std::string_view name, std::string_view token) const noexcept {
    for (const auto& [key, value] : list_) {
        if (!iequals(key, name)) {
            continue;
        }
        for (std::string_view rest = value; !rest.empty();) {
            const std::size_t length = element_length(rest);
            if (iequals(trimmed(rest.substr(0, length)), token)) {
                return true;
            }
            rest.remove_prefix(std::min(length + 1, rest.size()));
        }
    }
    return false;
}

}  // namespace asyncdl::core
