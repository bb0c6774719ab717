#pragma once
// Writes NAME.part.state while a part file grows: a record for each piece that is full, and about
// once a second one of the piece being written. A part file owns it and uses it under its lock; one
// thread at a time.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "storage/directory.hpp"
#include "storage/piece_hash.hpp"
#include "storage/state_journal.hpp"

namespace asyncdl::storage {

/// The journal of one part file. Nothing here fails: a journal that cannot be written ends, and
/// what it holds stays good; for want of space it only lacks a record.
class checkpoints {
public:
    /// Of the new part file that is open as `part`, and stays so; the journal `name` is made with
    /// its first record.
    checkpoints(std::shared_ptr<directory> where, std::string name, int part);

    /// Goes on with the journal that is open as `descriptor`, which it takes, `size` bytes long.
    checkpoints(std::shared_ptr<directory> where, std::string name, int part, int descriptor,
                const journal_contents& contents, std::uint64_t size);

    /// Closes the journal and leaves it.
    ~checkpoints();
    checkpoints(const checkpoints&) = delete;
    checkpoints& operator=(const checkpoints&) = delete;

    /// What the journal is to say about the file as a whole from its next record on.
    void describe(std::uint64_t source, core::validators about, bool derived);

    /// `data` is in the part file from now on. Where it does not follow what was written before, a
    /// new piece begins.
    void wrote(std::uint64_t offset, std::span<const std::byte> data) noexcept;

    /// Records the piece being written, as far as it is.
    /// @return whether the journal makes any claim
    bool finish() noexcept;

    /// Closes and removes the journal, and makes no other.
    void remove() noexcept;

private:
    void begin(std::uint64_t offset) noexcept;
    void record() noexcept;
    bool catch_up() noexcept;
    bool prepare() noexcept;
    int create() noexcept;
    int store(std::span<const std::byte> bytes, std::uint64_t offset) noexcept;
    bool is_due() noexcept;

    std::shared_ptr<directory> where_;
    std::string name_;
    int part_;
    int descriptor_ = -1;
    bool ended_ = false;
    bool header_written_ = false;
    std::uint64_t generation_ = 0;
    std::uint64_t source_ = 0;
    core::validators about_;
    bool derived_ = false;

    // The piece being written.
    std::uint64_t begin_ = 0;
    std::uint64_t at_ = 0;   ///< behind the last byte that was written
    std::uint64_t end_ = 0;  ///< where it is full
    /// Of the piece up to `hashed_`. None before the first record: most files end before it, and
    /// what they have then is read again.
    std::optional<piece_hash> hash_;
    std::uint64_t hashed_ = 0;
    std::uint64_t recorded_ = 0;  ///< so far its record goes
    std::size_t slots_ = 0;       ///< records so far

    bool written_before_ = false;
    std::optional<std::chrono::steady_clock::time_point> last_;  ///< of the records by time
};

}  // namespace asyncdl::storage
