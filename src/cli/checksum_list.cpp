#include "cli/checksum_list.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "cli/number.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

struct algorithm {
    std::string_view name;
    std::size_t digits;  // of its value in hexadecimal
};

constexpr std::array<algorithm, 6> algorithms{{{"md5", 32},
                                               {"sha-1", 40},
                                               {"sha-224", 56},
                                               {"sha-256", 64},
                                               {"sha-384", 96},
                                               {"sha-512", 128}}};

constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF";

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

const algorithm* with_digits(std::size_t digits) {
    const auto found = std::find_if(algorithms.begin(), algorithms.end(),
                                    [&](const algorithm& a) { return a.digits == digits; });
    return found == algorithms.end() ? nullptr : &*found;
}

// "SHA256" of sha256sum, "SHA2-256" of openssl, in any case.
const algorithm* with_tag(std::string_view tag) {
    const auto plain = [](std::string_view text) {
        std::string name = lower(text);
        if (name.starts_with("sha2-")) {
            name.erase(3, 1);
        }
        std::erase(name, '-');
        return name;
    };
    const auto found = std::find_if(algorithms.begin(), algorithms.end(), [&](const algorithm& a) {
        return plain(a.name) == plain(tag);
    });
    return found == algorithms.end() ? nullptr : &*found;
}

class digest {
public:
    digest(std::string_view file_name, std::string_view value)
        : name(file_name), hex(lower(value)) {}

    std::string name;
    std::string hex;
};

// Of the `digits` that the line begins with.
parsed<digest> parse_gnu(std::string_view line, std::size_t digits) {
    if (with_digits(digits) == nullptr) {
        return std::to_string(digits) + " digits are no checksum of a known algorithm";
    }
    std::string_view name = line.substr(digits + 1);
    // The second blank, or how the file was read; some tools write neither.
    if (name.starts_with(' ') || name.starts_with('*')) {
        name.remove_prefix(1);
    }
    return digest(name, line.substr(0, digits));
}

parsed<digest> parse_bsd(std::string_view line) {
    const std::size_t open = line.find('(');
    const std::size_t close = line.rfind(')');
    if (open == line.npos || close == line.npos || close < open) {
        return std::string("neither 'HEX  NAME' nor 'ALGO (NAME) = HEX'");
    }
    const std::string_view value = trimmed(line.substr(close + 1));
    if (!value.starts_with('=')) {
        return std::string("'ALGO (NAME)' without '= HEX'");
    }
    const algorithm* const known = with_tag(trimmed(line.substr(0, open)));
    if (known == nullptr) {
        return std::string("the algorithm is not known");
    }
    const std::string_view hex = trimmed(value.substr(1));
    if (hex.size() != known->digits || hex.find_first_not_of(hexadecimal) != hex.npos) {
        return "the value is not " + std::to_string(known->digits) + " hexadecimal digits";
    }
    return digest(line.substr(open + 1, close - open - 1), hex);
}

// GNU's escapes: `\\`, `\n` and `\r`, no other.
std::optional<std::string> unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            result += text[i];
            continue;
        }
        const char code = ++i < text.size() ? text[i] : '\0';
        if (code != '\\' && code != 'n' && code != 'r') {
            return std::nullopt;
        }
        result += code == 'n' ? '\n' : code == 'r' ? '\r' : '\\';
    }
    return result;
}

std::string_view without_dots(std::string_view name) {
    while (name.starts_with("./")) {
        name.remove_prefix(std::min(name.find_first_not_of('/', 1), name.size()));
    }
    return name;
}

parsed<digest> parse_line(std::string_view line) {
    const bool escaped = line.starts_with('\\');
    line.remove_prefix(escaped ? 1 : 0);
    const std::size_t digits = std::min(line.find_first_not_of(hexadecimal), line.size());
    const bool gnu = digits > 0 && digits < line.size() && blanks.find(line[digits]) != blanks.npos;
    parsed<digest> result = gnu ? parse_gnu(line, digits) : parse_bsd(line);
    if (!result) {
        return result;
    }
    const std::optional<std::string> name =
        escaped ? unescaped(result->name) : std::move(result->name);
    if (!name) {
        return std::string("the name holds a bad escape");
    }
    result->name = without_dots(*name);
    if (result->name.empty()) {
        return std::string("the name is empty");
    }
    if (result->name.find('\0') != std::string::npos) {
        return std::string("the name holds a NUL");
    }
    return result;
}

}  // namespace

checksum_list::reading checksum_list::add(std::string_view text) {
    reading result;
    for_each_line(text, [&](std::string_view line, std::size_t number) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty() || line.front() == '#') {
            return;
        }
        if (const parsed<digest> found = parse_line(line)) {
            ++result.used;
            keep(found->name, found->hex);
        } else if (result.passed_over++ == 0) {
            result.first = "line " + std::to_string(number) + ": " + found.error();
        }
    });
    return result;
}

void checksum_list::keep(const std::string& name, const std::string& hex) {
    std::vector<std::string>& known = digests_[{name, hex.size()}];
    if (std::find(known.begin(), known.end(), hex) == known.end()) {
        known.push_back(hex);
    }
}

std::map<std::string, std::string> checksum_list::by_name() const {
    std::map<std::string, std::string> result;
    for (const auto& [key, values] : digests_) {
        const auto& [name, digits] = key;
        std::string text;
        for (const std::string& hex : values) {
            text.append(text.empty() ? "" : ",");
            text.append(with_digits(digits)->name).append("=").append(hex);
        }
        // Longer ones come later.
        result.insert_or_assign(name, std::move(text));
    }
    return result;
}

}  // namespace asyncdl::cli
