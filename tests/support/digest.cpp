#include "support/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace asyncdl::test {
namespace {

std::string raw_digest(const char* algorithm, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    std::size_t size = 0;
    if (EVP_Q_digest(nullptr, algorithm, nullptr, bytes.data(), bytes.size(), digest.data(),
                     &size) != 1) {
        throw std::runtime_error(std::string("no digest ") + algorithm);
    }
    return {digest.begin(), digest.begin() + size};
}

}  // namespace

std::string hex_digest(const char* algorithm, std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char one : raw_digest(algorithm, bytes)) {
        text += digits[static_cast<unsigned char>(one) >> 4U];
        text += digits[static_cast<unsigned char>(one) & 15U];
    }
    return text;
}

std::string base64_digest(const char* algorithm, std::string_view bytes) {
    const std::string raw = raw_digest(algorithm, bytes);
    std::array<unsigned char, 4 * EVP_MAX_MD_SIZE> text;
    const int size =
        EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(raw.data()),
                        static_cast<int>(raw.size()));
    return {text.begin(), text.begin() + size};
}

std::string digest_field(std::string_view bytes) {
    return "sha-256=:" + base64_digest("SHA256", bytes) + ':';
}

}  // namespace asyncdl::test
