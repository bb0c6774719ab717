#include "core/content_range.hpp"

#include <charconv>
#include <limits>

#include "core/fields.hpp"

namespace asyncdl::core {

namespace {

// Reads a text from its front; blanks before whatever is read are passed over.
class scanner {
public:
    explicit scanner(std::string_view text) : rest_(trimmed(text)) {}

    bool unit() {
        constexpr std::string_view name = "bytes";
        if (!iequals(rest_.substr(0, name.size()), name)) {
            return false;
        }
        rest_.remove_prefix(name.size());
        const std::size_t before = rest_.size();
        static_cast<void>(literal('=') || literal(':'));
        return rest_.size() < before;
    }

    bool literal(char expected) {
        rest_ = trimmed(rest_);
        if (!rest_.starts_with(expected)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    // Digits alone: std::from_chars takes no plus sign, and for an unsigned type no minus sign.
    bool number(std::uint64_t& value) {
        rest_ = trimmed(rest_);
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return error == std::errc();
    }

    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

}  // namespace

std::optional<content_range> parse_content_range(std::string_view text) noexcept {
    scanner in(text);
    if (!in.unit()) {
        return std::nullopt;
    }
    content_range result;
    if (!in.literal('*')) {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        if (!in.number(first) || !in.literal('-') || !in.number(last) || first > last ||
            last == std::numeric_limits<std::uint64_t>::max()) {
            return std::nullopt;
        }
        result.range = byte_range{first, last + 1};
    }
    if (!in.literal('/')) {
        return std::nullopt;
    }
    if (!in.literal('*')) {
        std::uint64_t total = 0;
        if (!in.number(total) || (result.range && result.range->end > total)) {
            return std::nullopt;
        }
        result.total = total;
    }
    if (!in.at_end() || (!result.range && !result.total)) {
        return std::nullopt;
    }
    return result;
}

}  // namespace asyncdl::core
