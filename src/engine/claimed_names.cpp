#include "engine/claimed_names.hpp"

#include <cstdint>
#include <random>

namespace asyncdl::engine {

namespace {

core::hash_key random_key() {
    std::random_device device;
    core::hash_key key{};
    for (std::uint64_t& half : key)
        half = std::uint64_t{device()} << 32 | device();
    return key;
}

}  // namespace

core::name_key claimed_names::key_of(const file_identity& folder, std::string_view leaf) {
    static const core::hash_key key = random_key();
    return {key, folder, leaf};
}

}  // namespace asyncdl::engine
