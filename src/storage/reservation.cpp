#include "storage/reservation.hpp"

#include <unistd.h>

#include <algorithm>
#include <asyncdl/error.hpp>
#include <cerrno>
#include <limits>

namespace asyncdl::storage {

namespace {

constexpr std::uint64_t mib = 1024 * 1024;
// Below this a file is on disk before reserving would help it; a file of 2 GiB takes 35 steps.
constexpr std::uint64_t first_step = 4 * mib;
constexpr std::uint64_t max_step = 64 * mib;

/// Whether files are kept in memory, where space that is reserved is memory at once.
bool is_in_memory(const struct ::statfs& system) {
    const auto type = static_cast<std::uint32_t>(system.f_type);
    return type == 0x01021994 || type == 0x858458f6;  // tmpfs, ramfs: statfs(2)
}

/// The bytes that this process may still use.
std::uint64_t free_bytes(const struct ::statfs& system) {
    const auto unit =
        static_cast<std::uint64_t>(system.f_frsize ? system.f_frsize : system.f_bsize);
    const std::uint64_t blocks = ::geteuid() == 0 ? system.f_bfree : system.f_bavail;
    constexpr auto max = std::numeric_limits<std::uint64_t>::max();
    return unit > 0 && blocks > max / unit ? max : blocks * unit;
}

}  // namespace

core::outcome<void> reservation::begin(directory& where, int file, const std::string& name,
                                       std::uint64_t size, std::uint64_t held) {
    size_ = 0;
    held_ = held;
    next_ = std::max(end_, held + first_step);
    struct ::statfs system {};
    if (where.calls().fstatfs(file, system) < 0)
        return {};
    // A file system that does not count its blocks has none to run out of.
    if (system.f_blocks > 0) {
        const std::uint64_t missing = size - std::min(size, std::max(held, end_));
        const std::uint64_t free = free_bytes(system);
        if (missing > free)
            return core::fault(make_error_code(errc::disk_full),
                               "cannot write " + where.path_of(name) + ": " +
                                   std::to_string(missing) + " bytes needed, " +
                                   std::to_string(free) + " bytes free");
    }
    if (where.may_reserve() && !is_in_memory(system))
        size_ = size;
    return {};
}

void reservation::step(directory& where, int file, std::uint64_t end) {
    const std::uint64_t to = std::min(size_, end + std::min(end - held_, max_step));
    if (to <= next_)
        return;  // the last step was the last of all
    const int reserved = where.calls().fallocate(file, next_, to - next_);
    if (reserved == -EOPNOTSUPP || reserved == -ENOSYS) {
        where.refuse_reservation();
        size_ = 0;
        return;
    }
    // A step that fails may have reserved a part.
    next_ = end_ = to;
    if (reserved < 0)
        size_ = 0;
}

}  // namespace asyncdl::storage
