// Whatever the template, the URL and the server's name, a file's name is a relative path of plain,
// safe names. The input: a byte with flags, a template, a Content-Disposition, and the path of a
// URL, each but the last up to a LF.

#include "core/name_template.hpp"

#include <asyncdl/error.hpp>
#include <string>

#include "core/fields.hpp"
#include "core/file_name.hpp"
#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

void check_safe(std::string_view path) {
    require(path.size() <= 3840, "a name is no longer than a path may be");
    for (;;) {
        const auto slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        require(!part.empty() && part != "." && part != "..", "a part is a name");
        require(part.size() <= core::max_name_bytes, "a part leaves room for endings");
        require(part.find('\\') == part.npos, "a part holds no separator");
        require(is_harmless(part), "a part is UTF-8 without control characters");
        require(part == core::safe_name(part), "a part is a safe name");
        if (slash == path.npos) {
            return;
        }
        path.remove_prefix(slash + 1);
    }
}

const target registered("name_template", [](std::string_view input) {
    const std::uint8_t flags = take_byte(input);
    const bool redirected = (flags & 1) != 0;
    const std::string_view text = take_line(input);
    const std::string_view disposition = take_line(input);
    const auto names = core::name_template::parse(text, flags >> 1 & 7);
    if (!names) {
        require(is_harmless(names.error().message()), "a message is for a terminal");
        return;
    }
    const auto url = core::url::parse("http://host/" + std::string(input));
    require(url.has_value(), "any bytes can be encoded into a path");
    const std::string plain = core::served_name(disposition, *url, redirected);
    const std::string name = names->expand({flags, *url, plain, redirected});
    check_safe(name);
    const auto checked = core::checked_name(name);
    require(checked && *checked == name, "a name is one that a caller may give");
    check_safe(core::shortened_name(name, 19));
    check_safe(core::numbered_name(name, 4294967295));

    const auto all = core::name_template::parse("{host}/{path}/{name}");
    const std::string in_tree = all->expand({0, *url, plain, true});
    check_safe(in_tree);
    if (redirected) {
        require(in_tree.find("/.") == in_tree.npos && in_tree.find("/-") == in_tree.npos,
                "a server makes no hidden folder, no option");
    }
    require(core::name_template::parse("{name}")->expand({0, *url, plain, redirected}) == plain,
            "the plain name stays as it is");
});

}  // namespace

}  // namespace asyncdl::fuzz
