#pragma once
// Base64 as it stands in header fields (RFC 4648, 4). Pure.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace asyncdl::core {

/// The bytes that a text stands for. Padding may be missing, and bits that no byte needs may be
/// set (RFC 9651, 4.2.7, asks for both); nothing where another character is in it, where the
/// padding is too long or not at the end, or where a character stands alone.
std::optional<std::vector<std::byte>> base64_decoded(std::string_view text);

}  // namespace asyncdl::core
