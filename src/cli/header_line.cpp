#include "cli/header_line.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// What the program itself decides: the range, the framing and the connection (RFC 9110 section 7.6,
// RFC 9112 section 6).
constexpr std::array<std::string_view, 11> reserved{
    "connection", "content-length",    "expect", "if-range",
    "keep-alive", "proxy-connection",  "range",  "te",
    "trailer",    "transfer-encoding", "upgrade"};

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                   std::string_view::npos;
    });
}

bool is_reserved(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(reserved.begin(), reserved.end(), lower) != reserved.end();
}

}  // namespace

parsed<header> parse_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    const bool empty = colon == line.npos && line.ends_with(';');
    if (colon == line.npos && !empty) {
        return std::string("a header is 'NAME: VALUE', 'NAME:' or 'NAME;'");
    }
    const std::string_view name = line.substr(0, empty ? line.size() - 1 : colon);
    const std::string_view value = empty ? std::string_view() : trimmed(line.substr(colon + 1));
    if (!is_token(name)) {
        // Not shown: with the colon in the wrong place it may be a secret.
        return std::string("what stands before the colon is no name of a header");
    }
    // The value is not shown: it may be a secret.
    if (std::any_of(value.begin(), value.end(),
                    [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; })) {
        return "the value of '" + std::string(name) + "' holds a control character";
    }
    if (is_reserved(name)) {
        return "'" + std::string(name) + "' is set by the program alone";
    }
    header field{std::string(name), std::string(value)};
    field.remove = value.empty() && !empty;
    return field;
}

}  // namespace asyncdl::cli
