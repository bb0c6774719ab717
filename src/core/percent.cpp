#include "core/percent.hpp"

#include <boost/url/grammar/hexdig_chars.hpp>

namespace asyncdl::core {

namespace {

using boost::urls::grammar::hexdig_value;

// Whether a text starts with `%` and two hexadecimal digits.
bool is_escape(std::string_view text) {
    return text.size() >= 3 && text[0] == '%' && hexdig_value(text[1]) >= 0 &&
           hexdig_value(text[2]) >= 0;
}

}  // namespace

void append_encoded(std::string& out, std::string_view text,
                    const boost::urls::grammar::lut_chars& allowed) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    while (!text.empty()) {
        std::size_t clean = 0;
        while (clean < text.size() && (allowed(text[clean]) || is_escape(text.substr(clean)))) {
            ++clean;
        }
        out += text.substr(0, clean);
        text.remove_prefix(clean);
        if (!text.empty()) {
            const auto byte = static_cast<unsigned char>(text.front());
            out += {'%', digits[byte >> 4], digits[byte & 15]};
            text.remove_prefix(1);
        }
    }
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (;;) {
        const auto percent = text.find('%');
        out += text.substr(0, percent);
        if (percent == std::string_view::npos) {
            return out;
        }
        text.remove_prefix(percent);
        const bool escape = is_escape(text);
        out += escape ? static_cast<char>(hexdig_value(text[1]) << 4 | hexdig_value(text[2])) : '%';
        text.remove_prefix(escape ? 3 : 1);
    }
}

}  // namespace asyncdl::core
