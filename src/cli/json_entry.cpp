#include "cli/json_entry.hpp"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "cli/entry.hpp"
#include "cli/header_line.hpp"

namespace asyncdl::cli {

namespace {

namespace json = boost::json;

// Why an entry is rejected.
struct mistake {
    errc error;
    std::string reason;
};

// Stands for half a surrogate pair: U+FFFF, which is no character.
constexpr std::string_view half_escape = "\\uFFFF";
constexpr std::string_view half = "\xEF\xBF\xBF";

std::string text_of(const json::string& text, const std::string& key) {
    std::string result(text.data(), text.size());
    if (result.find(half) != std::string::npos) {
        throw mistake{errc::invalid_url, "'" + key + "' holds half a character"};
    }
    return result;
}

// Whether `text` begins with the escape of a surrogate whose third digit is one of `digits`.
bool is_surrogate(std::string_view text, std::string_view digits) {
    return text.size() >= 6 && text.starts_with("\\u") && (text[2] | 0x20) == 'd' &&
           digits.find(text[3]) != text.npos &&
           text.substr(4, 2).find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

// JSON as some programs write it, made what the parser reads: NaN and Infinity become 0, half a
// surrogate pair U+FFFF.
std::string repaired(std::string_view text) {
    std::string result;
    bool quoted = false;
    while (!text.empty()) {
        std::size_t taken = 1;
        std::string_view put;
        if (text.front() == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
                if (text.starts_with(word)) {
                    taken = word.size();
                    put = "0";
                }
            }
        } else if (is_surrogate(text, "89abAB")) {
            const bool whole = is_surrogate(text.substr(6), "cdefCDEF");
            taken = whole ? 12 : 6;
            put = whole ? "" : half_escape;
        } else if (is_surrogate(text, "cdefCDEF")) {
            taken = 6;
            put = half_escape;
        } else if (text.front() == '\\') {
            taken = std::min<std::size_t>(2, text.size());
        }
        result += put.empty() ? text.substr(0, taken) : put;
        text.remove_prefix(taken);
    }
    return result;
}

std::string take_string(const json::value& value, const std::string& key) {
    const json::string* text = value.if_string();
    if (text == nullptr) {
        throw mistake{errc::invalid_url, "'" + key + "' is not a string"};
    }
    if (text->empty()) {
        throw mistake{key == "file_name" || key == "out" ? errc::name : errc::invalid_url,
                      "'" + key + "' is empty"};
    }
    return text_of(*text, key);
}

std::vector<std::string> take_strings(const json::value& value, const std::string& key) {
    const json::array* elements = value.if_array();
    if (elements == nullptr) {
        throw mistake{errc::invalid_url, "'" + key + "' is not an array"};
    }
    std::vector<std::string> texts;
    for (const json::value& element : *elements) {
        const json::string* text = element.if_string();
        if (text == nullptr) {
            throw mistake{errc::invalid_url, "'" + key + "' holds something that is not a string"};
        }
        texts.push_back(text_of(*text, key));
    }
    return texts;
}

void take_member(download_request& entry, const std::string& key, const json::value& value,
                 const std::function<void(std::string_view)>& unknown) {
    static constexpr std::array<std::string_view, 5> optional{"file_name", "out", "checksum",
                                                              "mirrors", "headers"};
    if (value.is_null() && std::find(optional.begin(), optional.end(), key) != optional.end()) {
        return;
    }
    if (key == "file_name" || key == "out") {
        entry.file_name = take_string(value, key);
    } else if (key == "checksum") {
        entry.checksum = take_string(value, key);
        if (const std::string wrong = check_checksum(entry.checksum); !wrong.empty()) {
            throw mistake{errc::invalid_url, wrong};
        }
    } else if (key == "mirrors") {
        for (std::string& mirror : take_strings(value, key)) {
            entry.urls.push_back(std::move(mirror));
        }
    } else if (key == "headers") {
        for (const std::string& line : take_strings(value, key)) {
            parsed<header> field = parse_header(line);
            if (!field) {
                throw mistake{errc::invalid_url, field.error()};
            }
            entry.headers.push_back(*std::move(field));
        }
    } else if (key != "url") {
        unknown(key);
    }
}

}  // namespace

download_request parse_json_entry(std::string_view text, std::string_view place,
                                  const std::function<void(std::string_view)>& unknown,
                                  const std::function<void(std::string_view)>& left_out) {
    json::monotonic_resource memory;
    json::error_code error;
    const json::storage_ptr storage(&memory);
    json::value document = json::parse(json::string_view(text.data(), text.size()), error, storage);
    if (error) {
        const std::string again = repaired(text);
        document = json::parse(json::string_view(again.data(), again.size()), error, storage);
    }
    // A broken object is not shown, only its place is: it may hold secrets anywhere.
    if (error || !document.is_object()) {
        return reject(place, errc::invalid_url, place, "not a JSON object");
    }
    const json::value* const url = document.as_object().if_contains("url");
    if (url == nullptr || !url->is_string()) {
        return reject(place, errc::invalid_url, place, "the object has no string 'url'");
    }
    download_request entry(std::string(url->as_string().data(), url->as_string().size()));
    try {
        entry.urls.front() = text_of(url->as_string(), "url");
        for (const json::key_value_pair& member : document.as_object()) {
            take_member(entry, std::string(member.key().data(), member.key().size()),
                        member.value(), unknown);
        }
    } catch (const mistake& wrong) {
        return reject(entry.urls.front(), wrong.error, place, wrong.reason);
    }
    if (std::none_of(entry.urls.begin(), entry.urls.end(), is_url)) {
        return reject(entry.urls.front(), errc::invalid_url, place, "not an http or https URL");
    }
    // The first URL stays in any case: headers are for its origin, and no mirror is to get them.
    const auto mirrors = entry.urls.begin() + 1;
    const auto end = std::remove_if(mirrors, entry.urls.end(), [&](const std::string& each) {
        if (!is_url(each)) {
            left_out(each);
        }
        return !is_url(each);
    });
    entry.urls.erase(end, entry.urls.end());
    return entry;
}

}  // namespace asyncdl::cli
