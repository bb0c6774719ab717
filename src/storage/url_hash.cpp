#include "storage/url_hash.hpp"

#include <xxhash.h>

namespace asyncdl::storage {

std::uint64_t url_hash(std::string_view url) noexcept {
    return XXH3_64bits(url.data(), url.size());
}

}  // namespace asyncdl::storage
