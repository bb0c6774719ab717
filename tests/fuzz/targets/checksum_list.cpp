// A checksum file of any bytes: what is passed over is told with a line that says where, and every
// name that it gives has checksums that can be verified; written out in GNU's form it is read as
// the same.

#include "cli/checksum_list.hpp"

#include <algorithm>
#include <asyncdl/download_request.hpp>
#include <string>
#include <vector>

#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

using digests = std::map<std::string, std::string>;

std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == '\n' || c == '\r' || c == '\\') {
            text.append(1, '\\').append(1, c == '\n' ? 'n' : c == '\r' ? 'r' : '\\');
        } else {
            text += c;
        }
    }
    return text;
}

std::vector<std::string> apart(std::string_view listed) {
    std::vector<std::string> result;
    while (!listed.empty()) {
        const std::size_t end = std::min(listed.find(','), listed.size());
        result.emplace_back(listed.substr(0, end));
        listed.remove_prefix(std::min(end + 1, listed.size()));
    }
    return result;
}

std::string written(const digests& all) {
    std::string text;
    for (const auto& [name, listed] : all) {
        for (const std::string& digest : apart(listed)) {
            const std::string hex = digest.substr(digest.find('=') + 1);
            text.append("\\").append(hex).append("  ").append(escaped(name)).append("\n");
        }
    }
    return text;
}

void check_name(const std::string& name) {
    const digests one{{name, "md5=d41d8cd98f00b204e9800998ecf8427e"}};
    cli::checksum_list list;
    require(list.add(written(one)).passed_over == 0 && list.by_name() == one,
            "any name that is written is read again");
}

const target registered("checksum_list", [](std::string_view input) {
    if (input.find('\0') == input.npos) {
        check_name("x" + std::string(input));
    }
    cli::checksum_list list;
    const auto lines = list.add(input);
    require(lines.first.empty() == (lines.passed_over == 0) && is_harmless(lines.first),
            "what is passed over is told, with nothing that could do harm");
    const digests all = list.by_name();
    require(all.empty() == (lines.used == 0), "a line that is used gives a checksum");
    for (const auto& [name, listed] : all) {
        for (const std::string& digest : apart(listed)) {
            require(check_checksum(digest).empty(), "every checksum can be verified");
        }
        require(!name.empty() && name.find('\0') == name.npos && !name.starts_with("./"),
                "every name is that of a file");
    }
    if (all.empty()) {
        return;
    }
    cli::checksum_list again;
    require(again.add(written(all)).passed_over == 0, "what was read, written out, is accepted");
    require(again.by_name() == all, "what was read, written out, is read again");
    require(list.add(input).used == lines.used && list.by_name() == all,
            "to read a list twice changes nothing");
});

}  // namespace

}  // namespace asyncdl::fuzz
