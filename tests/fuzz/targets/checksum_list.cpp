// A checksum file of any bytes: it is refused with a line that says where, or every name that it
// gives has a checksum that can be verified; written out in GNU's form it is read as the same.

#include "cli/checksum_list.hpp"

#include <asyncdl/download_request.hpp>

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

std::string written(const digests& all) {
    std::string text;
    for (const auto& [name, digest] : all) {
        const std::string hex = digest.substr(digest.find('=') + 1);
        text.append("\\").append(hex).append("  ").append(escaped(name)).append("\n");
    }
    return text;
}

void check_name(const std::string& name) {
    const digests one{{name, "md5=d41d8cd98f00b204e9800998ecf8427e"}};
    cli::checksum_list list;
    require(list.add(written(one), "FILE").empty() && list.by_name() == one,
            "any name that is written is read again");
}

const target registered("checksum_list", [](std::string_view input) {
    if (input.find('\0') == input.npos) {
        check_name("x" + std::string(input));
    }
    cli::checksum_list list;
    const std::string wrong = list.add(input, "FILE");
    require(wrong.empty() || (wrong.starts_with("FILE:") && is_harmless(wrong)),
            "a refusal says where and shows nothing that could do harm");
    const digests all = list.by_name();
    require(!wrong.empty() || !all.empty(), "a list that is accepted holds something");
    for (const auto& [name, digest] : all) {
        require(check_checksum(digest).empty(), "every checksum can be verified");
        require(!name.empty() && name.find('\0') == name.npos && !name.starts_with("./"),
                "every name is that of a file");
    }
    if (all.empty()) {
        return;
    }
    cli::checksum_list again;
    require(again.add(written(all), "AGAIN").empty(), "what was read, written out, is accepted");
    require(again.by_name() == all, "what was read, written out, is read again");
    require(!wrong.empty() || (list.add(input, "FILE").empty() && list.by_name() == all),
            "to read a list twice changes nothing");
});

}  // namespace

}  // namespace asyncdl::fuzz
