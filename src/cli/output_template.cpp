#include "cli/output_template.hpp"

#include <cstddef>

namespace asyncdl::cli {

namespace {

std::size_t find_placeholder(std::string_view text) noexcept {
    std::size_t at = text.find('{');
    while (at != text.npos && text.substr(at).starts_with("{{")) {
        at = text.find('{', at + 2);
    }
    return at;
}

}  // namespace

bool is_template(std::string_view text) noexcept {
    return find_placeholder(text) != text.npos;
}

std::string without_doubled_braces(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const bool is_doubled = text.starts_with("{{") || text.starts_with("}}");
        result += text.front();
        text.remove_prefix(is_doubled ? 2 : 1);
    }
    return result;
}

output_template split_template(std::string_view text) {
    if (!text.starts_with('/')) {
        return {{}, std::string(text)};
    }
    const std::string_view literal = text.substr(0, find_placeholder(text));
    const std::size_t slash = literal.rfind('/');
    const std::string_view directory = literal.substr(0, slash == 0 ? 1 : slash);
    return {without_doubled_braces(directory), std::string(text.substr(slash + 1))};
}

}  // namespace asyncdl::cli
