// A JSON array in a list: it is cut into the entries that a JSON parser finds in it, and any bytes
// in its place are given somehow, the same however they are cut on their way. The input: how it is
// cut, then what is behind the `[`.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "fuzz/read_list.hpp"

namespace asyncdl::fuzz {

namespace {

namespace json = boost::json;

bool same_content(const download_request& a, const download_request& b) {
    if (a.rejection || b.rejection) {
        return a.rejection == b.rejection;
    }
    return same(a, b);
}

// An entry of an array is read like a line of its own.
void compare(const json::array& wanted, const read_list& found) {
    if (!wanted.empty() && !wanted[0].is_object()) {
        return;  // It may be that no array begins, but a line.
    }
    require(found.entries.size() == wanted.size(), "every entry of an array is given once");
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!wanted[i].is_object()) {
            require(found.entries[i].rejection.failed(), "what is no object is rejected");
            continue;
        }
        const read_list line = read_as_list(json::serialize(wanted[i]), cuts(11));
        require(line.entries.size() == 1 && same_content(line.entries[0], found.entries[i]),
                "an entry of an array is as one on a line");
    }
}

const target registered("json_list", [](std::string_view input) {
    const std::uint8_t seed = take_byte(input);
    const std::string text = "[\n" + expanded(input);
    const read_list whole = read_as_list(text, cuts(11));
    const read_list parts = read_as_list(text, cuts(seed));
    require(std::equal(whole.entries.begin(), whole.entries.end(), parts.entries.begin(),
                       parts.entries.end(), same) &&
                whole.warnings == parts.warnings,
            "cuts change nothing");
    for (const download_request& entry : whole.entries) {
        require(!entry.urls.empty(), "every entry has a URL to be known by");
        require(!entry.rejection || is_harmless(entry.rejection_message),
                "what is wrong is harmless to read");
    }
    json::error_code error;
    const json::value document = json::parse(text, error);
    if (!error && document.is_array() && text.size() < 64 * 1024) {
        compare(document.as_array(), whole);
    } else if (text.find(']') == text.npos) {
        require(!whole.entries.empty() && whole.entries.back().rejection.failed(),
                "an array that does not end is told");
    }
});

}  // namespace

}  // namespace asyncdl::fuzz
