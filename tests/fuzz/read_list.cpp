#include "fuzz/read_list.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/line_splitter.hpp"
#include "cli/list_parser.hpp"

namespace asyncdl::fuzz {

bool same(const download_request& a, const download_request& b) {
    const auto same_header = [](const header& one, const header& other) {
        return one.name == other.name && one.value == other.value && one.remove == other.remove;
    };
    return a.urls == b.urls && a.file_name == b.file_name && a.directory == b.directory &&
           a.checksum == b.checksum && a.rejection == b.rejection &&
           a.rejection_message == b.rejection_message &&
           std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(),
                      same_header);
}

std::string expanded(std::string_view input) {
    std::string text;
    for (const char c : input) {
        c == '\xFF' && text.size() < 70'000 ? text.append(22'000, 'x') : text.append(1, c);
    }
    return text;
}

read_list read_as_list(std::string_view text, cuts pieces) {
    read_list result;
    const auto keep = [&](std::optional<download_request> entry) {
        if (entry) {
            result.entries.push_back(*std::move(entry));
        }
    };
    cli::line_splitter lines;
    cli::list_parser parser([&](const std::string& line) { result.warnings.push_back(line); });
    parser.begin("LIST");
    const std::size_t scale = 1 + text.size() / 4096;
    for (;;) {
        while (const auto line = lines.next()) {
            keep(parser.take(*line));
        }
        if (text.empty()) {
            break;
        }
        const std::span<char> space = lines.space();
        const std::size_t most = std::min(space.size(), text.size());
        const std::size_t size = std::min(most, pieces.next(most) * scale);
        std::copy_n(text.data(), size, space.data());
        lines.received(size);
        text.remove_prefix(size);
        if (text.empty()) {
            lines.finish();
        }
    }
    keep(parser.finish());
    return result;
}

}  // namespace asyncdl::fuzz
