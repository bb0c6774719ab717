#include "core/query_secrets.hpp"

#include <algorithm>
#include <array>
#include <asyncdl/mask_secrets.hpp>
#include <cstddef>

#include "core/percent.hpp"

namespace asyncdl::core {

namespace {

// Of a name in lower case with letters and digits alone. What is masked in vain is no loss: reports
// have the URL as it was given.
constexpr auto parts_of_names = std::to_array<std::string_view>(
    {"signature", "token",    "secret", "passw",   "passphrase", "passkey",  "credential",
     "accesskey", "accessid", "apikey", "authkey", "accountkey", "keypair",  "keyid",
     "session",   "ticket",   "hmac",   "jwt",     "assertion",  "authoriz", "bearer",
     "cookie",    "policy",   "otp",    "shasign", "hdnea",      "hdnts",    "rlkey"});
constexpr auto whole_names = std::to_array<std::string_view>(
    {"auth", "pwd", "pass", "pw", "mac", "hash", "md5", "sign", "code", "sas", "ak", "qak", "nonce",
     "pin", "hm", "key", "state"});
constexpr auto ends_of_names = std::to_array<std::string_view>({"sig", "key", "sid"});

// A value without a name: a word is shorter, a key is not.
constexpr std::size_t shortest_key = 16;

// In any text there is a shorter one.
constexpr std::size_t shortest_secret = 4;

// A URL in a URL in a URL.
constexpr int most_layers = 3;

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool belongs_to_name(char c) {
    return is_letter_or_digit(c) || std::string_view("-_.[]$").find(c) != std::string_view::npos;
}

bool is_secret_name(std::string_view given) {
    std::string name;
    for (const char c : given) {
        if (is_letter_or_digit(c)) {
            name += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        }
    }
    const auto holds = [&](std::string_view part) { return name.find(part) != std::string::npos; };
    const auto ends = [&](std::string_view end) { return name.ends_with(end); };
    return std::any_of(parts_of_names.begin(), parts_of_names.end(), holds) ||
           std::find(whole_names.begin(), whole_names.end(), name) != whole_names.end() ||
           std::any_of(ends_of_names.begin(), ends_of_names.end(), ends);
}

// Whether any `NAME=` in the text is that of a secret.
bool names_secret(std::string_view text) {
    for (auto equals = text.find('='); equals != text.npos; equals = text.find('=', equals + 1)) {
        auto begin = equals;
        while (begin > 0 && belongs_to_name(text[begin - 1])) {
            --begin;
        }
        if (is_secret_name(text.substr(begin, equals - begin))) {
            return true;
        }
    }
    return false;
}

// A parameter without its separator. It may be a URL with parameters of its own, encoded.
bool is_secret(std::string_view parameter) {
    if (parameter.find('=') == parameter.npos && parameter.size() >= shortest_key) {
        return true;
    }
    std::string text(parameter);
    for (int layer = 0; layer < most_layers; ++layer) {
        if (names_secret(text)) {
            return true;
        }
        std::string decoded = percent_decoded(text);
        if (decoded == text) {
            return false;
        }
        text = std::move(decoded);
    }
    return names_secret(text);
}

// Calls `take` with each part of the URL, the first up to its query, the others parameters with the
// separator before them, and with whether it is a secret. A secret ends with the next `&` alone.
template <typename Take>
void for_each_part(std::string_view url, const Take& take) {
    constexpr std::string_view separators = "?&;#";
    std::size_t begin = std::min(url.find_first_of(separators), url.size());
    take(url.substr(0, begin), false);
    while (begin < url.size()) {
        std::size_t end = std::min(url.find_first_of(separators, begin + 1), url.size());
        const bool secret = is_secret(url.substr(begin + 1, end - begin - 1));
        if (secret) {
            end = std::min(url.find('&', end), url.size());
        }
        take(url.substr(begin, end - begin), secret);
        begin = end;
    }
}

}  // namespace

void append_masked(std::string& out, std::string_view parameter) {
    const auto equals = parameter.front() == '#' ? parameter.npos : parameter.find('=');
    out += parameter.substr(0, equals == parameter.npos ? 1 : equals + 1);
    out += "...";
}

bool repeats(std::string_view text, std::string_view secret) {
    if (secret.size() < shortest_secret) {
        return false;
    }
    for (auto size = std::min(secret.size(), text.size()); size >= shortest_secret; --size) {
        if (text.ends_with(secret.substr(0, size))) {
            return true;
        }
    }
    return text.find(secret) != text.npos;
}

bool repeats_query_secret(std::string_view text, std::string_view url) {
    bool found = false;
    for_each_part(url, [&](std::string_view part, bool secret) {
        if (!secret || found) {
            return;
        }
        const auto equals = part.find('=');
        const std::string_view value = part.substr(equals == part.npos ? 1 : equals + 1);
        found = repeats(text, value) || repeats(text, percent_decoded(value));
    });
    return found;
}

}  // namespace asyncdl::core

namespace asyncdl {

std::string mask_secrets(std::string_view url) {
    std::string shown;
    shown.reserve(url.size());
    core::for_each_part(url, [&](std::string_view part, bool secret) {
        if (secret) {
            core::append_masked(shown, part);
        } else {
            shown += part;
        }
    });
    return shown;
}

}  // namespace asyncdl
