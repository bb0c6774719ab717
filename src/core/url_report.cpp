// URLs as logs and reports show them.

#include <algorithm>

#include "core/file_name.hpp"
#include "core/query_secrets.hpp"
#include "core/url.hpp"
#include "core/utf8.hpp"

namespace asyncdl::core {

namespace {

constexpr std::size_t max_shown = 4 * 1024;  // of a log line

bool ends_with_port(std::string_view authority) {
    // The first colon: a second one is part of a password. Only an IPv6 literal has its own.
    std::size_t literal = 0;
    if (authority.starts_with('[')) {
        literal = authority.find_first_not_of("0123456789abcdefABCDEF:.", 1);
        if (literal == std::string_view::npos || authority[literal] != ']') {
            return false;
        }
    }
    const auto colon = authority.find(':', literal);
    return colon == std::string_view::npos ||
           authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

// Cuts credentials out of a text without control characters.
void cut_userinfo(std::string& text) {
    if (text.find('@') == std::string::npos) {
        return;
    }
    // `://` counts where a URL has it: before its path, query and fragment.
    const auto slash = text.find_first_of("/?#");
    const bool has_authority =
        slash != std::string::npos && slash > 0 && text.compare(slash - 1, 3, "://") == 0;
    if (!has_authority) {
        // No URL; what looks like USER:PASSWORD@HOST loses its password.
        const auto colon = text.find(':');
        if (const auto at = text.rfind('@'); colon < at) {
            text.erase(colon + 1, at - colon - 1);
        }
        return;
    }
    const auto begin = slash + 2;
    const auto end = std::min(text.find_first_of("/?#", begin), text.size());
    auto at = text.substr(0, end).rfind('@');
    const auto host = at == std::string::npos || at < begin ? begin : at + 1;
    if (!ends_with_port(text.substr(host, end - host))) {
        // A password with a raw `/`, `?` or `#` in it: its first part stands where a port should.
        at = text.rfind('@');
    }
    if (at != std::string::npos && at >= begin) {
        text.erase(begin, at + 1 - begin);
    }
}

}  // namespace

std::string without_userinfo(std::string_view text) {
    std::string shown = printable(text, std::string::npos);
    cut_userinfo(shown);
    return shown;
}

std::string for_log(std::string_view text) {
    const std::string shown = without_userinfo(text);
    const auto query = std::min(shown.find_first_of("?#"), shown.size());
    std::string result = shown.substr(0, query);
    // Each piece begins with its separator.
    for (std::string_view rest = std::string_view(shown).substr(query); !rest.empty();) {
        const std::string_view piece = rest.substr(0, rest.find_first_of("&#", 1));
        append_masked(result, piece);
        rest.remove_prefix(piece.size());
    }
    result.resize(utf8::front(result, max_shown).size());
    return result;
}

}  // namespace asyncdl::core
