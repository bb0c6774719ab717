#pragma once
// The sink of a download to disk: a part file whose blocking calls are made in place or on an
// executor for work. One download owns it and drives it on its downloader's executor, one call
// after the other.

#include <asyncdl/sink.hpp>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/ledger.hpp"
#include "storage/part_file.hpp"

namespace asyncdl::storage {

/// What an earlier run has left and its hashes prove: bytes of the representation that `about`
/// tells of.
struct kept_bytes {
    core::validators about;
    core::ledger bytes;
};

/// Fails with the codes of `part_file`; `fault` has the line for a person. Beyond a `sink` it can
/// go on where an earlier run or an earlier attempt has stopped:
///
///     reopen ─┬─> resume ─> describe ─> write... ─┬─> commit
///             └─> open ───> describe ─> write... ─┼─> keep
///                  ^            (next attempt)    └─> discard
///                  └── or resume ─────┘
class file_sink final : public sink {
public:
    struct options {
        bool replace = true;   ///< a file in the target's place gives way
        bool durable = false;  ///< commit syncs the file and its directory
        bool derived = false;  ///< the caller did not choose the name; the state says so
        bool named = false;    ///< even a small file has its part file from the beginning
        /// Where the calls are made; nullopt: in place, and no call suspends but `reopen` where
        /// there is something to prove, and `digest`.
        std::optional<boost::asio::any_io_executor> work = std::nullopt;
    };

    /// The sink of `leaf` in `where`; nothing is touched before `reopen` or `open`.
    file_sink(std::shared_ptr<directory> where, std::string leaf, options how);

    /// The time that commit gives the file; by default it keeps that of its last write.
    void modified(std::optional<std::chrono::sys_seconds> time) noexcept { modified_ = time; }

    /// What commit lets the file say of itself, see `part_file`.
    void describe_finished(std::unique_ptr<file_record> record) noexcept {
        part_.describe_finished(std::move(record));
    }

    /// The name, in the same folder, that commit gives the file; by default that of the sink. The
    /// part file keeps its own.
    void target(std::string leaf) { target_ = std::move(leaf); }

    /// The last failure; no code where there was none.
    const core::fault& fault() const noexcept { return fault_; }

    /// Opens what an earlier run has kept of `source` (a hash of the URL) and proves it on
    /// `provers`, up to four pieces at once; `proven` counts the bytes that were looked at. From
    /// then on it is open and locked: `keep` leaves it as it was found, `resume` goes on, `open`
    /// starts over. Nothing, and the sink is not open, where there is nothing, nothing of that
    /// source, nothing that holds, or where `stop` became true meanwhile; what is there stays for
    /// `open` to take over. Fails as `part_file::reopen` does.
    boost::asio::awaitable<core::outcome<std::optional<kept_bytes>>> reopen(
        std::uint64_t source, boost::asio::any_io_executor provers,
        std::atomic<std::uint64_t>& proven, const std::atomic<bool>& stop);

    /// Goes on with the bytes that are there, of an open sink, towards `size` bytes. It stays open
    /// where that fails.
    boost::asio::awaitable<boost::system::error_code> resume(std::optional<std::uint64_t> size);

    /// What the state says from the next write on; makes no call. Wanted after `open`, else nothing
    /// is kept; after `resume` where it changes.
    void describe(std::uint64_t source, core::validators about);

    /// Whether `keep`, `resume` and `commit` have something to go on with.
    bool is_open() const noexcept { return part_.is_open(); }

    /// The digest of the bytes in `range`: on the work executor, else in place up to 1 MiB, else on
    /// `elsewhere`. `errc::cancelled` soon after `stop` has become true.
    boost::asio::awaitable<core::outcome<core::checksum>> digest(
        core::digest_algorithm algorithm, core::byte_range range,
        boost::asio::any_io_executor elsewhere, const std::atomic<bool>& stop);

    /// Ends the download and leaves what can be resumed.
    /// @return whether something was left
    boost::asio::awaitable<bool> keep();

    /// Starts from nothing: a new part file, or what is open emptied.
    boost::asio::awaitable<boost::system::error_code> open(
        std::optional<std::uint64_t> size) override;
    boost::asio::awaitable<boost::system::error_code> write(
        std::uint64_t offset, std::span<const std::byte> data) override;
    boost::asio::awaitable<boost::system::error_code> sync() override;
    /// After `errc::exists` it is still open, and may be committed under another name.
    boost::asio::awaitable<boost::system::error_code> commit(std::uint64_t size) override;
    boost::asio::awaitable<void> discard() override;

    /// The calls that every download makes, in place whatever the options say: without a coroutine
    /// each, which a small file is long enough to notice.
    core::outcome<void> open_now(std::optional<std::uint64_t> size);
    core::outcome<void> write_now(std::uint64_t offset, std::span<const std::byte> data) {
        return part_.write(offset, data);
    }
    core::outcome<void> commit_now(std::uint64_t size);

private:
    /// Makes the call where it belongs.
    template <typename Call>
    boost::asio::awaitable<std::invoke_result_t<Call&>> run(Call call);
    /// The same, and keeps its failure.
    template <typename Call>
    boost::asio::awaitable<boost::system::error_code> make(Call call);
    boost::asio::awaitable<std::optional<kept_bytes>> prove(journal_contents claims,
                                                            boost::asio::any_io_executor provers,
                                                            std::atomic<std::uint64_t>& proven,
                                                            const std::atomic<bool>& stop);

    std::shared_ptr<directory> where_;
    std::string leaf_;
    std::string target_;                   ///< empty: `leaf_`
    std::optional<std::uint64_t> source_;  ///< that `describe` told
    options options_;
    std::optional<std::chrono::sys_seconds> modified_;
    part_file part_;
    core::fault fault_;
};

}  // namespace asyncdl::storage
