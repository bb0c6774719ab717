#include "fuzz/read_list.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/line_splitter.hpp"
#include "cli/list_parser.hpp"

namespace asyncdl::fuzz {

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
