#include "core/utf8.hpp"

namespace asyncdl::core::utf8 {

namespace {

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

}  // namespace

character first(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) {
        return {lead, 1, true};
    }
    // The lowest code of each length: what is below it is an overlong form.
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const char32_t lowest = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0x80;
    if (lead < 0xc0 || lead > 0xf7 || text.size() < size) {
        return {};
    }
    char32_t code = lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if (!continues(text[i])) {
            return {};
        }
        code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < lowest || code > 0x10ffff || surrogate) {
        return {};
    }
    return {code, size, true};
}

bool valid(std::string_view text) noexcept {
    for (;;) {
        text.remove_prefix(plain_length(text));
        if (text.empty()) {
            return true;
        }
        const character next = first(text);
        if (!next.valid) {
            return false;
        }
        text.remove_prefix(next.size);
    }
}

std::size_t plain_length(std::string_view text) noexcept {
    std::size_t length = 0;
    while (length < text.size() && text[length] >= 0x20 && text[length] < 0x7f) {
        ++length;
    }
    return length;
}

std::string_view front(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) {
        return text;
    }
    // A character has at most three continuation bytes; more of them in a row are none.
    std::size_t end = limit;
    for (int i = 0; i < 3 && end > 0 && continues(text[end]); ++i) {
        --end;
    }
    return text.substr(0, continues(text[end]) ? limit : end);
}

}  // namespace asyncdl::core::utf8
