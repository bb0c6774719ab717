// What is read back from a part file: to prove what its state claims, and for its digest.

#include <algorithm>
#include <asyncdl/error.hpp>
#include <cerrno>
#include <memory>

#include "storage/digest.hpp"
#include "storage/part_file.hpp"
#include "storage/piece_hash.hpp"

namespace asyncdl::storage {

namespace {

/// Calls `use` with the bytes of `range`, in steps, until it says no. 0 or -errno: where bytes are
/// missing -ENODATA, where `use` said no -ECANCELED.
template <typename Use>
int read_back(files& calls, int file, core::byte_range range, Use use) {
    constexpr std::size_t step = 256 * 1024;
    const auto space = std::make_unique_for_overwrite<std::byte[]>(step);
    for (auto at = range.begin; at < range.end;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(step, range.end - at));
        const auto read = calls.pread(file, std::span(space.get(), wanted), at);
        if (read <= 0)
            return read == 0 ? -ENODATA : static_cast<int>(read);
        if (!use(std::span<const std::byte>(space.get(), static_cast<std::size_t>(read))))
            return -ECANCELED;
        at += static_cast<std::uint64_t>(read);
    }
    return 0;
}

}  // namespace

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
        return file_fault("read", part_, read);
    return made.finish();
}

}  // namespace asyncdl::storage
