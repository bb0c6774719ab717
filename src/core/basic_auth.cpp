#include "core/basic_auth.hpp"

#include <cstdint>

namespace asyncdl::core {

namespace {

// RFC 4648, 4: three bytes become four letters, the last group is filled up with '='.
void append_base64(std::string& out, std::string_view bytes) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3)) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            out += i <= bytes.size() ? letters[group >> (18 - 6 * i) & 63] : '=';
        }
    }
}

}  // namespace

std::string basic_credentials(std::string_view user, std::string_view password) {
    std::string pair(user);
    pair += ':';
    pair += password;
    std::string value = "Basic ";
    append_base64(value, pair);
    return value;
}

}  // namespace asyncdl::core
