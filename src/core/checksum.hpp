#pragma once
// Checksums as people and lists write them: an algorithm and the digest that it is to give. Values;
// pure. Nothing is hashed here.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.hpp"

namespace asyncdl::core {

/// From the weakest to the strongest.
enum class digest_algorithm { md5, sha_1, sha_224, sha_256, sha_384, sha_512 };

/// Whether a file with this digest is the one that was meant, whoever made it: SHA-256 or better.
/// For md5 and sha-1 others can be made, and sha-224 is not taken either.
bool is_strong(digest_algorithm algorithm) noexcept;

/// Bytes of a digest.
std::size_t digest_size(digest_algorithm algorithm) noexcept;

/// "md5", "sha-1", "sha-256", ...
std::string_view to_string(digest_algorithm algorithm) noexcept;

/// Reads a name in any case, with or without the dash.
std::optional<digest_algorithm> parse_digest_algorithm(std::string_view name) noexcept;

class checksum {
public:
    digest_algorithm algorithm = digest_algorithm::sha_256;
    std::vector<std::byte> value;  ///< `digest_size(algorithm)` bytes

    /// Reads `ALGO=HEX` or `ALGO:HEX`, in any case; blanks around both parts are passed over.
    /// `errc::invalid_argument`; the message says what is wrong: the algorithm is missing or
    /// unknown, the length is another, a digit is not hexadecimal.
    static outcome<checksum> parse(std::string_view text);

    /// Reads one checksum, or several by one algorithm with commas between them: any may be right.
    /// `errc::invalid_argument`.
    static outcome<std::vector<checksum>> parse_any_of(std::string_view text);

    /// "sha-256=" and the digest in lower-case hexadecimal.
    std::string text() const;

    friend bool operator==(const checksum&, const checksum&) = default;
};

}  // namespace asyncdl::core
