// What is read back from a part file: to prove what its state claims, and for its digest.

#include "storage/part_read.hpp"

#include <asyncdl/error.hpp>

#include "storage/digest.hpp"
#include "storage/part_file.hpp"
#include "storage/piece_hash.hpp"

namespace asyncdl::storage {

bool part_file::prove(const piece& claim) const {
    piece_hash hash;
    const auto use = [&](std::span<const std::byte> bytes) {
        hash.update(bytes);
        return true;
    };
    return read_back(where_->calls(), descriptor_, claim.range, use) == 0 &&
           hash.value() == claim.hash;
}

core::outcome<core::checksum> part_file::digest(core::digest_algorithm algorithm,
                                                core::byte_range range,
                                                const std::atomic<bool>& stop) const {
    storage::digest made(algorithm);
    const auto use = [&](std::span<const std::byte> bytes) {
        made.update(bytes);
        return !stop.load(std::memory_order_relaxed);
    };
    const int read = read_back(where_->calls(), descriptor_, range, use);
    if (read == -ECANCELED)
        return core::fault(errc::cancelled);
    if (read < 0)
        return file_fault("read", part_path(), read);
    return made.finish();
}

}  // namespace asyncdl::storage
