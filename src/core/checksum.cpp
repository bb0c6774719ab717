#include "core/checksum.hpp"

#include <array>
#include <boost/url/grammar/hexdig_chars.hpp>

#include "core/fields.hpp"

namespace asyncdl::core {

namespace {

struct algorithm_row {
    digest_algorithm algorithm;
    std::string_view name;
    std::string_view dashless;
    std::size_t size;
};

// In the order of the enumerators. Sizes: RFC 1321, FIPS 180-4.
constexpr std::array<algorithm_row, 6> algorithms{{
    {digest_algorithm::md5, "md5", "md5", 16},
    {digest_algorithm::sha_1, "sha-1", "sha1", 20},
    {digest_algorithm::sha_224, "sha-224", "sha224", 28},
    {digest_algorithm::sha_256, "sha-256", "sha256", 32},
    {digest_algorithm::sha_384, "sha-384", "sha384", 48},
    {digest_algorithm::sha_512, "sha-512", "sha512", 64},
}};

const algorithm_row& row_of(digest_algorithm algorithm) {
    return algorithms[static_cast<std::size_t>(algorithm)];
}

fault bad(std::string what) {
    return {errc::invalid_argument, std::move(what)};
}

}  // namespace

bool is_strong(digest_algorithm algorithm) noexcept {
    return algorithm >= digest_algorithm::sha_256;
}

std::size_t digest_size(digest_algorithm algorithm) noexcept {
    return row_of(algorithm).size;
}

std::string_view to_string(digest_algorithm algorithm) noexcept {
    return row_of(algorithm).name;
}

std::optional<digest_algorithm> parse_digest_algorithm(std::string_view name) noexcept {
    for (const auto& row : algorithms) {
        if (iequals(name, row.name) || iequals(name, row.dashless)) {
            return row.algorithm;
        }
    }
    return std::nullopt;
}

outcome<checksum> checksum::parse(std::string_view text) {
    const auto separator = text.find_first_of("=:");
    if (separator == std::string_view::npos) {
        return bad("the checksum names no algorithm");
    }
    const auto algorithm = parse_digest_algorithm(trimmed(text.substr(0, separator)));
    if (!algorithm) {
        return bad("the checksum's algorithm is unknown");
    }
    const std::string_view digits = trimmed(text.substr(separator + 1));
    const std::size_t size = digest_size(*algorithm);
    if (digits.size() != 2 * size) {
        return bad("a checksum by " + std::string(to_string(*algorithm)) + " has " +
                   std::to_string(2 * size) + " digits, not " + std::to_string(digits.size()));
    }

    checksum result;
    result.algorithm = *algorithm;
    result.value.reserve(size);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const int high = boost::urls::grammar::hexdig_value(digits[i]);
        const int low = boost::urls::grammar::hexdig_value(digits[i + 1]);
        if (high < 0 || low < 0) {
            return bad("the checksum is not hexadecimal");
        }
        result.value.push_back(static_cast<std::byte>(high << 4 | low));
    }
    return result;
}

outcome<std::vector<checksum>> checksum::parse_any_of(std::string_view text) {
    std::vector<checksum> result;
    for (;;) {
        const auto comma = text.find(',');
        auto next = parse(text.substr(0, comma));
        if (!next) {
            return next.error();
        }
        if (!result.empty() && result.front().algorithm != next->algorithm) {
            return bad("the checksums of one file are by different algorithms");
        }
        result.push_back(*std::move(next));
        if (comma == std::string_view::npos) {
            return result;
        }
        text.remove_prefix(comma + 1);
    }
}

std::string checksum::text() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result(to_string(algorithm));
    result += '=';
    for (const std::byte each : value) {
        result += digits[std::to_integer<unsigned>(each) >> 4];
        result += digits[std::to_integer<unsigned>(each) & 15];
    }
    return result;
}

}  // namespace asyncdl::core
