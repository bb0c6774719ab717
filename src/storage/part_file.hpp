#pragma once
// One file being made: bytes go to NAME.part, NAME appears by a rename when all is there. Blocking
// calls only; `file_sink` is what makes a `sink` of it. One owner, one thread at a time.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/fault.hpp"
#include "storage/files.hpp"

namespace asyncdl::storage {

/// An open directory; what is below it is named relative to it, so that a directory that is swapped
/// meanwhile leads nowhere else. Always held by a shared_ptr, shared by the downloads that write
/// there; thread-safe.
class directory : public std::enable_shared_from_this<directory> {
public:
    /// Opens `path`, making it and its parents (0777 less the umask) where they are missing.
    /// `errc::file` where it is no directory or cannot be used.
    static core::outcome<std::shared_ptr<directory>> open(const std::string& path, files& calls);

    /// The folder below this one that holds `name`'s last part, made where missing; itself for a
    /// name without folders. Folders are entered one by one with O_NOFOLLOW: a symlink among them
    /// is `errc::file`.
    core::outcome<std::shared_ptr<directory>> folder_of(const std::string& name);

    int descriptor() const noexcept { return descriptor_; }
    files& calls() const noexcept { return calls_; }

    directory(int descriptor, files& calls) noexcept : descriptor_(descriptor), calls_(calls) {}
    ~directory();
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;

private:
    int descriptor_;
    files& calls_;
};

/// What is in the target's place before a download.
enum class target_state {
    absent,
    present,     ///< a file, or a symlink (which is replaced, never followed)
    a_directory  ///< nothing can be written there
};

struct target {
    target_state state = target_state::absent;
    std::uint64_t size = 0;  ///< in bytes, of what is present
};

/// Looks at `leaf` in `where`; a symlink counts as present.
core::outcome<target> look(directory& where, const std::string& leaf);

/// The life of one part file.
class part_file {
public:
    part_file() = default;
    part_file(part_file&&) noexcept;
    part_file& operator=(part_file&&) noexcept;
    /// Closes and removes the part file where it was neither committed nor discarded.
    ~part_file();

    /// Creates `leaf`.part in `where`: O_EXCL, O_NOFOLLOW, O_CLOEXEC, 0666 less the umask, and
    /// locks it (flock) until it is committed or discarded. A stale regular part file of an earlier
    /// run is taken over and emptied; one that another download has locked, in this process or
    /// another, is `errc::file`, and so is anything else in its place (a symlink, a directory).
    /// Where `size` is known and at least 1 MiB the space is reserved, so that a file that cannot
    /// fit fails at once
    /// (`errc::disk_full`); a file system without reservation is no error. On failure nothing is
    /// left.
    static core::outcome<part_file> create(std::shared_ptr<directory> where, std::string leaf,
                                           std::optional<std::uint64_t> size);

    /// Stores all of `data` at `offset`.
    core::outcome<void> write(std::uint64_t offset, std::span<const std::byte> data);

    /// fsync of the file and, after the commit, of its directory.
    core::outcome<void> sync();

    /// Sets the modification time, if given (as well as the file system can: a failure there does
    /// not count), renames the file to `leaf` and closes it (an error of close counts: the file
    /// does not stay); with `replace` false an existing target is `errc::exists`. A directory in
    /// the target's place is `errc::file`, and so is a part file that somebody replaced meanwhile.
    /// On failure the part file is removed.
    core::outcome<void> commit(std::optional<std::chrono::sys_seconds> modified, bool replace);

    /// Closes and removes it. Idempotent.
    void discard() noexcept;

    bool is_open() const noexcept { return descriptor_ >= 0; }

private:
    std::shared_ptr<directory> where_;
    std::string leaf_;
    std::string part_;
    int descriptor_ = -1;
    bool exists_ = false;       ///< the part file is on disk and ours
    std::uint64_t writes_ = 0;  ///< calls of `write`
};

}  // namespace asyncdl::storage
