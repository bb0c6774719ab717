#include "cli/header_line.hpp"

#include <string>
#include <utility>

#include "cli/text.hpp"

namespace asyncdl::cli {

parsed<header> parse_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    const bool empty = colon == line.npos && line.ends_with(';');
    if (colon == line.npos && !empty) {
        return std::string("a header is 'NAME: VALUE', 'NAME:' or 'NAME;'");
    }
    const std::string_view name = line.substr(0, empty ? line.size() - 1 : colon);
    const std::string_view value = empty ? std::string_view() : trimmed(line.substr(colon + 1));
    header field{std::string(name), std::string(value)};
    field.remove = value.empty() && !empty;
    if (std::string wrong = check_header(field); !wrong.empty()) {
        return wrong;
    }
    return field;
}

}  // namespace asyncdl::cli
