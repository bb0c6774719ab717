#pragma once
// The space on disk that one part file has reserved ahead of what is written to it. Owned by a
// part file, used under its lock; blocking.

#include <cstdint>
#include <string>

#include "core/fault.hpp"
#include "storage/directory.hpp"

namespace asyncdl::storage {

/// A length that a server announces is no reason to take the disk from others. So space is reserved
/// in steps, each as large as what was written so far, 64 MiB at most; the first 4 MiB need none:
///
///     written   4 MiB   8 MiB   16 MiB ... 64 MiB   128 MiB
///     reserved  8 MiB  16 MiB   32 MiB    128 MiB   192 MiB
///
/// Never in a file system that is in memory, or one that cannot do it. A step that fails is no
/// failure: the next write tells whether there is space.
class reservation {
public:
    /// For a file that is to have `size` bytes, of which `held` are there; asks once how much is
    /// free. `errc::disk_full` if more is missing. Messages call the file `name`.
    core::outcome<void> begin(directory& where, int file, const std::string& name,
                              std::uint64_t size, std::uint64_t held);

    /// Before bytes are written that end at `end`.
    void advance(directory& where, int file, std::uint64_t end) {
        if (end > next_ && size_ > 0)
            step(where, file, end);
    }

    /// So far space may be reserved; 0: it never was.
    std::uint64_t end() const noexcept { return end_; }

private:
    void step(directory& where, int file, std::uint64_t end);

    std::uint64_t size_ = 0;  ///< that the file will have; 0: nothing more is reserved
    std::uint64_t held_ = 0;  ///< bytes that were there at the beginning
    std::uint64_t next_ = 0;  ///< what ends beyond this needs the next step
    std::uint64_t end_ = 0;
};

}  // namespace asyncdl::storage
