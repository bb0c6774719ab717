#pragma once
// A hash that stands for a URL where the URL itself must not be written down. Pure.

#include <cstdint>
#include <string_view>

namespace asyncdl::storage {

/// XXH3-64: the same in every run and on every machine.
std::uint64_t url_hash(std::string_view url) noexcept;

}  // namespace asyncdl::storage
