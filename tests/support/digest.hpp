#pragma once
// Digests as they are written in checksums and header fields, by libcrypto alone. Pure.

#include <string>
#include <string_view>

namespace asyncdl::test {

/// Of `bytes`, by an algorithm as libcrypto calls it ("SHA256"), in lower-case hexadecimal.
std::string hex_digest(const char* algorithm, std::string_view bytes);

/// The same in base64.
std::string base64_digest(const char* algorithm, std::string_view bytes);

/// `sha-256=:BASE64:`, the member of an RFC 9530 field.
std::string digest_field(std::string_view bytes);

}  // namespace asyncdl::test
