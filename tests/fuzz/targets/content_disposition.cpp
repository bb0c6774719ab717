// Whatever a server or a URL calls a file, the name is one plain, safe name. The input: a
// Content-Disposition, and behind a LF the last segment of a URL.

#include "core/content_disposition.hpp"

#include <asyncdl/error.hpp>
#include <string>

#include "core/file_name.hpp"
#include "core/utf8.hpp"
#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

void check_safe(const std::string& name) {
    require(!name.empty() && name != "." && name != "..", "a file has a name");
    require(name.size() <= core::max_name_bytes, "a name leaves room for the part file's endings");
    require(name.find_first_of("/\\") == name.npos, "a name leads into no folder");
    require(is_harmless(name), "a name is UTF-8 without control characters");
    require(name.size() < 2 || name[1] != ':' || (name[0] | 0x20) < 'a' || (name[0] | 0x20) > 'z',
            "a name has no drive");
    require(name == core::trimmed(name), "a name has no blanks at its ends");
    require(name == core::safe_name(name), "a safe name stays as it is");
    const auto checked = core::checked_name(name);
    require(checked && *checked == name, "a derived name is one that a caller may give");
}

const target registered("content_disposition", [](std::string_view input) {
    const std::string_view value = take_line(input);
    if (const auto given = core::disposition_name(value)) {
        require(!given->empty() && core::utf8::valid(*given), "a given name is text");
    }
    const auto url = core::url::parse("http://host/" + std::string(input));
    require(url.has_value(), "any bytes can be encoded into a path");
    check_safe(core::derived_name(*url));
    const std::string name = core::served_name(value, *url, true);
    check_safe(name);
    require(name.front() != '.' && name.front() != '-', "a server makes no hidden file, no option");
    check_safe(core::numbered_name(name, 4294967295));
    for (const std::size_t limit : {std::size_t{19}, std::size_t{132}}) {
        const std::string cut = core::shortened_name(name, limit);
        check_safe(cut);
        require(cut.size() <= limit, "a name is cut to what the file system takes");
        require(core::numbered_name(cut, 99, limit).size() <= limit, "and so is one with a number");
    }
    if (const std::string safe = core::safe_name(value); !safe.empty()) {
        check_safe(safe);
    }
    if (const auto checked = core::checked_name(value)) {
        const auto again = core::checked_name(*checked);
        require(again && *again == *checked, "a checked name stays as it is");
    }
    const std::string shown = core::printable(value, 40);
    require(is_harmless(shown) && shown.size() <= 40, "what is shown is harmless and short");
});

}  // namespace

}  // namespace asyncdl::fuzz
