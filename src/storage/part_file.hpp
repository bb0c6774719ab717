#pragma once
// One file being made: bytes go to NAME.part, NAME appears by a rename when all is there; a small
// file that comes at once may do without NAME.part. What was written may be kept for a later run,
// with its claims in NAME.part.state. Blocking calls only; `file_sink` is what makes a `sink` of
// it. One owner, one thread at a time.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/checksum.hpp"
#include "core/fault.hpp"
#include "storage/directory.hpp"
#include "storage/file_record.hpp"
#include "storage/reservation.hpp"
#include "storage/state_journal.hpp"

namespace asyncdl::storage {

/// Files below this may come at once, without a part file; they are on disk before a look ahead
/// would tell more than their first write.
inline constexpr std::uint64_t max_unnamed_bytes = 1024 * 1024;

class checkpoints;
struct reopened_part;

/// The life of one part file. It is locked (flock) from its creation or its reopening until it is
/// committed, kept or discarded; without a name it needs no lock.
class part_file {
public:
    part_file() noexcept;
    part_file(part_file&&) noexcept;
    part_file& operator=(part_file&&) noexcept;
    /// As `keep`, where it was not ended before.
    ~part_file();

    /// Creates `leaf`.part in `where`: O_EXCL, O_NOFOLLOW, O_CLOEXEC, 0666 less the umask. A
    /// regular file in its place is removed, and so is its state; one that another download has
    /// locked, in this process or another, is `errc::part_in_use`, and anything else (a symlink, a
    /// directory) is `errc::file`. Told of the size as by `reserve`. On failure nothing is left.
    ///
    /// Below 1 MiB, where `directory::takes_unnamed`, all of that is left to the first write, and
    /// `is_open` is false till then: what that write makes complete never gets that name, but its
    /// own with `commit`, at once.
    /// With `named` never: the part file then tells others at once that its name is taken.
    static core::outcome<part_file> create(std::shared_ptr<directory> where, std::string leaf,
                                           std::optional<std::uint64_t> size, bool named = false);

    /// Opens what an earlier run has kept, with what its state claims. Costs one call that fails
    /// where there is no state. Nothing, and nothing is changed on disk, where state or part file
    /// is missing, broken, a symlink, another user's, open to writes of others, or without a usable
    /// claim; but a state without its part file is removed. What is opened gets the mode of a new
    /// file. `errc::part_in_use` if another download has it locked; `errc::file` if the lack is one
    /// that may pass (no descriptor, no memory): what is there is then worth more than an attempt.
    static core::outcome<std::optional<reopened_part>> reopen(std::shared_ptr<directory> where,
                                                              const std::string& leaf);

    /// Whether the part file holds what `claim` says. May be called from several threads at once,
    /// while nothing else is.
    bool prove(const piece& claim) const;

    /// The file will have `size` bytes, if that is known. From 1 MiB on, `errc::disk_full` if it
    /// cannot fit, and space is reserved while it is written, see `reservation`.
    core::outcome<void> reserve(std::optional<std::uint64_t> size);

    /// What is written from now on is of this source (a hash of the URL) and these validators: the
    /// state says so from its next record on, also of what an earlier run had left. Before this
    /// call no state is written and nothing is kept of a new part file; a reopened one says what it
    /// said. `derived` tells that the caller did not choose the name.
    void describe(std::uint64_t source, core::validators about, bool derived = false);

    /// Stores all of `data` at `offset`. A record of it goes to the state when a piece is full, and
    /// about once a second; what completes the known size at once pays nothing for that. A state
    /// that cannot be written is no failure.
    core::outcome<void> write(std::uint64_t offset, std::span<const std::byte> data);

    /// Empties it, state first; one without a name gets its part file. Wants a new `describe`, and
    /// a new `reserve`.
    core::outcome<void> restart();

    /// The digest of the bytes in `range`, which must be there. `errc::cancelled` soon after `stop`
    /// has become true.
    core::outcome<core::checksum> digest(core::digest_algorithm algorithm, core::byte_range range,
                                         const std::atomic<bool>& stop) const;

    /// fsync of the file and, after the commit, of its directory.
    core::outcome<void> sync();

    /// The name, in the same folder, that commit gives the file: until then `leaf`. The part file
    /// keeps its own.
    void target(std::string leaf) { leaf_ = std::move(leaf); }

    /// What the file is to say of itself, see `existing_file`; commit fills in the rest.
    void describe_finished(std::unique_ptr<file_record> record) noexcept {
        record_ = std::move(record);
    }

    /// Sets the modification time, if given (as well as the file system can: a failure there does
    /// not count), renames or links the file to its target, closes it (an error of close counts:
    /// the file does not stay) and removes its state. Only a regular file or a symlink is replaced:
    /// anything else in the target's place is `errc::file`. So is a part file that somebody
    /// replaced meanwhile. If `size` is given, what earlier runs left beyond it is cut off, and a
    /// file that is shorter is `errc::file`. With `durable` the file is synced before the rename
    /// and its directory after it.
    ///
    /// With `replace` false an existing target is `errc::exists`, and one that the program itself
    /// uses is in any case. Then the file stays open, locked and whole: it may be committed again
    /// under another name, kept or discarded.
    ///
    /// On any other failure part file and state are removed. A directory that cannot be synced is a
    /// failure, but the whole file stays under its name: what it replaced is gone, so to remove it
    /// would leave less.
    core::outcome<void> commit(std::optional<std::chrono::sys_seconds> modified, bool replace,
                               bool durable = false,
                               std::optional<std::uint64_t> size = std::nullopt);

    /// The download failed or was cancelled: closes it and leaves part file and state for a later
    /// run, without what a write that failed has left of itself. Discards it where there is nothing
    /// worth that: nothing described or nothing recorded.
    /// @return whether something was left. Idempotent.
    bool keep() noexcept;

    /// Closes and removes it, state first. Idempotent.
    void discard() noexcept;

    bool is_open() const noexcept { return descriptor_ >= 0; }

private:
    struct description {
        std::uint64_t source;
        core::validators about;
        bool derived;
    };

    part_file(std::shared_ptr<directory> where, std::string leaf);
    void swap(part_file& other) noexcept;
    std::string part_path() const;
    core::fault lost() const;
    core::outcome<void> make_named();
    core::outcome<void> may_replace(bool replace, int refused) const;
    core::outcome<void> rename(bool replace);
    core::outcome<bool> link(bool replace);
    core::outcome<void> copy_to_named();
    void note(std::uint64_t offset, std::span<const std::byte> data);
    core::outcome<void> settle(std::optional<std::uint64_t> size);
    void give_back() noexcept;
    void write_record(std::uint64_t size, bool has_time, bool durable);
    int close() noexcept;

    std::shared_ptr<directory> where_;
    std::string leaf_;
    std::string part_;
    int descriptor_ = -1;
    file_identity id_;                   ///< of the part file
    bool unmade_ = false;                ///< its first write decides what is made
    bool exists_ = false;                ///< the part file is on disk and ours
    bool reopened_ = false;              ///< an earlier run made it
    std::uint64_t writes_ = 0;           ///< calls of `write`
    std::uint64_t end_ = 0;              ///< behind the last byte that is there
    bool torn_ = false;                  ///< a write failed, maybe halfway
    std::optional<std::uint64_t> size_;  ///< that it will have
    reservation reserved_;
    std::optional<description> described_;  ///< not yet told to `checkpoints_`
    std::unique_ptr<file_record> record_;
    std::unique_ptr<checkpoints> checkpoints_;  ///< none before a write that needs them
};

/// A part file that an earlier run has kept, and what its state claims: at least one piece, none
/// beyond the end of the file. None of it is proven.
struct reopened_part {
    part_file part;
    journal_contents claims;
};

}  // namespace asyncdl::storage
