#include "storage/piece_hash.hpp"

#ifdef ASYNCDL_XXHASH_DISPATCH
#include <xxh_x86dispatch.h>  // the names of xxhash.h, with vectors as wide as the processor's
#else
#include <xxhash.h>
#endif

#include <new>

namespace asyncdl::storage {

void piece_hash::release::operator()(XXH3_state_s* state) const noexcept {
    XXH3_freeState(state);
}

piece_hash::piece_hash() : state_(XXH3_createState()) {
    if (!state_)
        throw std::bad_alloc();
    reset();
}

void piece_hash::reset() noexcept {
    XXH3_64bits_reset(state_.get());
}

void piece_hash::update(std::span<const std::byte> data) noexcept {
    XXH3_64bits_update(state_.get(), data.data(), data.size());
}

std::uint64_t piece_hash::value() const noexcept {
    return XXH3_64bits_digest(state_.get());
}

}  // namespace asyncdl::storage
