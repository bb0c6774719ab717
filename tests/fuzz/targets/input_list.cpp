// A list of any bytes: every entry is given once and in order, however the list is cut on its way.
// The input: how it is cut, then the list; a byte 0xFF stands for a long run of one letter, so that
// lines over the bound are within the fuzzer's reach.

#include <algorithm>
#include <string>

#include "cli/entry.hpp"
#include "cli/line_splitter.hpp"
#include "core/url.hpp"
#include "fuzz/read_list.hpp"

namespace asyncdl::fuzz {

namespace {

struct counted {
    std::size_t entries = 0;
    bool all = true;
};

// Whether a JSON array begins: that has a target of its own.
bool begins_array(std::string_view body, bool too_long) {
    if (!body.starts_with('[')) {
        return false;
    }
    const std::size_t next = body.find_first_not_of(" \t\r", 1);
    return next == body.npos ? !too_long : std::string_view("{\"]/").find(body[next]) != body.npos;
}

// How many entries a list has before its first JSON array, by the manual: every line but blank
// ones, comments, and options, which are indented and have an entry above.
counted count_entries(std::string_view text) {
    std::size_t count = 0;
    text.remove_prefix(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
    while (!text.empty()) {
        std::string_view line = take_line(text);
        line.remove_suffix(line.ends_with('\r') ? 1 : 0);
        const bool too_long = line.size() > cli::line_splitter::longest_line;
        const std::string_view body =
            core::trimmed(line.substr(0, cli::line_splitter::longest_line));
        if (begins_array(body, too_long)) {
            return {count, false};
        }
        const bool indented = line.starts_with(' ') || line.starts_with('\t');
        const bool option = indented && count > 0 && !cli::is_url(body) && !body.starts_with('{');
        const bool nothing = !too_long && (body.empty() || body.starts_with('#'));
        count += option || nothing ? 0 : 1;
    }
    return {count, true};
}

void check_entry(const download_request& entry) {
    require(!entry.urls.empty(), "every entry has a URL to be known by");
    if (entry.rejection) {
        require(entry.rejection_message.starts_with("LIST:"), "a wrong entry says where it is");
        require(is_harmless(entry.rejection_message), "what is wrong is harmless to read");
        const auto shown = core::url::parse(core::without_userinfo(entry.urls.front()));
        require(!shown || !shown->has_userinfo(), "a wrong entry shows no userinfo");
        return;
    }
    const auto is_url = [](const std::string& url) { return cli::is_url(url); };
    require(std::any_of(entry.urls.begin(), entry.urls.end(), is_url),
            "what has no URL to be asked is rejected");
    require(std::all_of(entry.urls.begin() + 1, entry.urls.end(), is_url),
            "a mirror that cannot be asked is left out");
    require(check_checksum(entry.checksum).empty() || entry.checksum.empty(),
            "a checksum is one that can be verified");
    for (const header& field : entry.headers) {
        require(field.value.find_first_of("\r\n") == std::string::npos, "a header is one line");
    }
}

const target registered("input_list", [](std::string_view input) {
    const std::uint8_t seed = take_byte(input);
    const std::string text = expanded(input);
    const read_list whole = read_as_list(text, cuts(11));
    const read_list parts = read_as_list(text, cuts(seed));
    const counted wanted = count_entries(text);
    require(wanted.all ? whole.entries.size() == wanted.entries
                       : whole.entries.size() >= wanted.entries,
            "every entry is given once");
    require(std::equal(whole.entries.begin(), whole.entries.end(), parts.entries.begin(),
                       parts.entries.end(), same) &&
                whole.warnings == parts.warnings,
            "cuts change nothing");
    std::for_each(whole.entries.begin(), whole.entries.end(), check_entry);
});

}  // namespace

}  // namespace asyncdl::fuzz
