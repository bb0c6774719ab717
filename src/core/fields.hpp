#pragma once
// The header fields of one message, as views into the buffer that holds its head. No allocation
// after the first messages: `clear` keeps the capacity.

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncdl::core {

/// ASCII letters compare without case (RFC 9110, 5.1).
bool iequals_of_one_size(std::string_view a, std::string_view b) noexcept;
inline bool iequals(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && iequals_of_one_size(a, b);
}

/// Without leading and trailing SP and HTAB.
inline std::string_view trimmed(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

class fields {
public:
    void add(std::string_view name, std::string_view value) { list_.emplace_back(name, value); }
    void clear() noexcept { list_.clear(); }

    auto begin() const noexcept { return list_.begin(); }
    auto end() const noexcept { return list_.end(); }
    std::size_t size() const noexcept { return list_.size(); }

    /// The first value of this name.
    std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// Whether a field of this name, read as a comma-separated list (RFC 9110, 5.6.1) over all its
    /// lines, holds this token; without case.
    bool has_token(std::string_view name, std::string_view token) const noexcept;

private:
    std::vector<std::pair<std::string_view, std::string_view>> list_;
};

/// The head of one response. Views live as long as the buffer that they point into.
class response_head {
public:
    unsigned status = 0;
    unsigned version = 11;  ///< 10 or 11
    std::string_view reason;
    core::fields fields;
};

}  // namespace asyncdl::core
