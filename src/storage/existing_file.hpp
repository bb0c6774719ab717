#pragma once
// The regular file that is in a target's place before a download: whether it is provably ours and
// of which response. Blocking; any thread.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "core/checksum.hpp"
#include "core/fault.hpp"
#include "storage/directory.hpp"
#include "storage/file_record.hpp"

namespace asyncdl::storage {

/// Files below this have no record: reading it back would cost more than the body.
inline constexpr std::uint64_t min_recorded_bytes = 16 * 1024;

struct existing_file {
    file_identity id;
    std::uint64_t size = 0;
    file_time time;
    bool is_owned = false;  ///< by our user

    /// What the file says of itself, if it is provably ours and as we left it: a regular file of
    /// our user with one link that nobody else may write, whose size and time are those of the
    /// record. If it was written in another boot and not synced, it has no hole either.
    std::optional<file_record> record;
};

/// Looks at `leaf`. Nothing if it is absent, no regular file, or cannot be looked at; a symlink is
/// not followed. Fails only for a lack that may pass (`errc::too_many_files`).
core::outcome<std::optional<existing_file>> find_existing(directory& where,
                                                          const std::string& leaf);

/// Whether nothing is there. Cheaper than to find nothing, and most files are new.
bool is_absent(directory& where, const std::string& leaf);

/// Whether `leaf` is the same file as when it was found, unchanged since.
bool is_unchanged(directory& where, const std::string& leaf, const existing_file& found);

/// The digest of the whole file, which must stay as it was found; else `errc::file`.
/// `errc::cancelled` soon after `stop` has become true.
core::outcome<core::checksum> digest_of(directory& where, const std::string& leaf,
                                        const existing_file& found,
                                        core::digest_algorithm algorithm,
                                        const std::atomic<bool>& stop);

/// Makes a file and its name durable that an earlier run may not have synced. `errc::file`.
core::outcome<void> sync_existing(directory& where, const std::string& leaf);

/// Writes the record of a file that is about to get its name, which is `size` bytes long: its size,
/// time and boot are filled in. A file whose time nobody has set gets the current one, finer than
/// the kernel's clock, so that a later write changes it. A failure is none of the download's.
void write_record(directory& where, int file, file_record record, std::uint64_t size,
                  bool has_time);

/// A file that goes on from an earlier run may have a record that is not its own any more.
void clear_record(directory& where, int file);

}  // namespace asyncdl::storage
