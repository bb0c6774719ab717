#pragma once
// Reads back what is in a part file. Blocking; any thread.

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/byte_range.hpp"
#include "storage/files.hpp"

namespace asyncdl::storage {

/// Calls `use` with the bytes of `range`, in steps, until it says no. 0 or -errno: where bytes are
/// missing -ENODATA, where `use` said no -ECANCELED. Throws bad_alloc.
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

}  // namespace asyncdl::storage
