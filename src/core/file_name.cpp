#include "core/file_name.hpp"

#include <algorithm>
#include <utility>

#include "core/content_disposition.hpp"
#include "core/fields.hpp"
#include "core/percent.hpp"
#include "core/utf8.hpp"

namespace asyncdl::core {

namespace {

constexpr std::size_t max_folder_bytes = 255;  // NAME_MAX of the usual file systems
constexpr std::size_t max_extension_bytes = 20;

// A leaf with `middle` before its extension, the stem cut if the whole would be too long.
std::string joined(std::string_view leaf, std::string_view middle, std::size_t limit) {
    std::string_view extension = extension_of(leaf);
    if (extension.size() > limit / 2) {
        extension = {};
    }
    leaf.remove_suffix(extension.size());
    const std::size_t taken = middle.size() + extension.size();
    std::string result(utf8::front(leaf, limit > taken ? limit - taken : 1));
    result += middle;
    result += extension;
    return result;
}

bool has_drive(std::string_view text) {
    const char letter = text.empty() ? '\0' : static_cast<char>(text[0] | 0x20);
    return text.size() >= 2 && text[1] == ':' && letter >= 'a' && letter <= 'z';
}

// Every separator, control character and invalid byte as `_`.
std::string without_dangers(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (;;) {
        const std::size_t plain = utf8::plain_length(text);
        result += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const utf8::character next = utf8::first(text);
        if (next.valid && !utf8::is_control(next.code)) {
            result += text.substr(0, next.size);
        } else {
            result += '_';
        }
        text.remove_prefix(next.size);
    }
    std::replace(result.begin(), result.end(), '/', '_');
    std::replace(result.begin(), result.end(), '\\', '_');
    if (has_drive(result)) {
        result[1] = '_';
    }
    return result;
}

// Whether it would be taken for the part file or the state of a download of another name.
bool is_of_another_download(std::string_view name) {
    const auto ends = [&](std::string_view suffix) {
        return name.size() >= suffix.size() &&
               iequals(name.substr(name.size() - suffix.size()), suffix);
    };
    return ends(".part") || ends(".part.state");
}

// A name without dangers, cut to `limit`; empty if nothing is left of it.
std::string fitted(std::string name, std::size_t limit) {
    if (name.size() > limit) {
        // The cut may have bared blanks.
        name = trimmed(joined(name, "", limit));
    }
    if (name == "." || name == "..") {
        name.clear();
    }
    if (is_of_another_download(name)) {
        name.resize(std::min(name.size(), limit - 1));
        name += '_';
    }
    return name;
}

fault bad_name(const char* what) {
    return {errc::name, what};
}

}  // namespace

outcome<std::string> checked_name(std::string_view given) {
    if (given.empty()) {
        return bad_name("the file name is empty");
    }
    if (given.find('\0') != std::string_view::npos) {
        return bad_name("the file name holds a NUL");
    }
    if (given.front() == '/') {
        return bad_name("the file name is absolute");
    }

    std::string name;
    name.reserve(given.size());
    std::string_view part;
    for (std::string_view rest = given;;) {
        const auto slash = rest.find('/');
        part = rest.substr(0, slash);
        if (part == "..") {
            if (name.empty()) {
                return bad_name("the file name leads out of the directory");
            }
            const auto before = name.rfind('/');
            name.resize(before == std::string::npos ? 0 : before);
        } else if (!part.empty() && part != ".") {
            if (part.size() > max_folder_bytes) {
                return bad_name("a part of the file name is too long");
            }
            name += name.empty() ? "" : "/";
            name += part;
        }
        if (slash == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(slash + 1);
    }
    if (part.empty() || part == "." || part == "..") {
        return bad_name("the file name is that of a directory");
    }
    if (part.size() > max_name_bytes) {
        return bad_name("the file name is too long");
    }
    return name;
}

std::string_view extension_of(std::string_view leaf) {
    const auto dot = leaf.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || leaf.size() - dot > max_extension_bytes) {
        return {};
    }
    return leaf.substr(dot);
}

std::string tamed_name(std::string name) {
    if (name.starts_with('.') || name.starts_with('-')) {
        name.front() = '_';
    }
    return name;
}

std::string derived_name(const url& final_url) {
    const std::string_view segment = final_url.last_segment();
    std::string text = percent_decoded(segment);
    if (!utf8::valid(text)) {
        text = segment;
    }
    std::string name = safe_name(text);
    return name.empty() ? "index.html" : name;
}

std::string served_name(const url& final_url) {
    return tamed_name(derived_name(final_url));
}

std::string served_name(std::string_view disposition, const url& final_url, bool redirected) {
    if (const auto given = disposition_name(disposition)) {
        // Where no separator is found, all of it is the last part.
        const std::string_view last =
            std::string_view(*given).substr(given->find_last_of("/\\") + 1);
        if (std::string name = safe_name(last); !name.empty()) {
            return tamed_name(std::move(name));
        }
    }
    return redirected ? served_name(final_url) : derived_name(final_url);
}

std::string safe_name(std::string_view text) {
    return fitted(without_dangers(trimmed(text)), max_name_bytes);
}

std::string shortened_name(std::string name, std::size_t limit) {
    const auto folders = name.rfind('/') + 1;  // 0 if there are none
    if (name.size() - folders > limit) {
        name.replace(folders, name.npos, fitted(name.substr(folders), limit));
    }
    if (name.size() == folders) {
        name += '_';
    }
    return name;
}

std::string numbered_name(std::string_view name, unsigned number, std::size_t limit) {
    const auto slash = name.rfind('/');
    const std::size_t folders = slash == std::string_view::npos ? 0 : slash + 1;
    std::string result(name.substr(0, folders));
    result += joined(name.substr(folders), '.' + std::to_string(number), limit);
    return result;
}

std::string printable(std::string_view text, std::size_t limit) {
    constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD
    std::string result;
    for (;;) {
        const std::string_view plain = text.substr(0, utf8::plain_length(text));
        result += plain.substr(0, limit - result.size());
        text.remove_prefix(plain.size());
        if (text.empty() || result.size() == limit) {
            return result;
        }
        const utf8::character next = utf8::first(text);
        const std::string_view piece = next.valid ? text.substr(0, next.size) : replacement;
        text.remove_prefix(next.size);
        if (next.valid && utf8::is_control(next.code)) {
            continue;
        }
        if (piece.size() > limit - result.size()) {
            return result;
        }
        result += piece;
    }
}

}  // namespace asyncdl::core
