#pragma once
// What one download has stored of its file, what is still missing, and which representation the
// bytes are of. All that a download does to its sink goes through here. Owned by a transfer, used
// on its executor.

#include <asyncdl/sink.hpp>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checksum.hpp"
#include "core/fields.hpp"
#include "core/ledger.hpp"
#include "core/range_verdict.hpp"
#include "core/validators.hpp"
#include "engine/downloader_core.hpp"
#include "engine/prompt.hpp"
#include "storage/digest.hpp"
#include "storage/file_sink.hpp"

namespace asyncdl::engine {

class stored_body {
public:
    template <typename T>
    using async_outcome = boost::asio::awaitable<core::outcome<T>>;

    /// @param destination the caller's own sink, or null for a file
    stored_body(downloader_core& core, sink* destination)
        : core_(core), destination_(destination) {}

    /// Where the file goes; what was stored for another place is to be discarded before. `derived`:
    /// the caller did not choose the name.
    void put(std::shared_ptr<storage::directory> folder, std::string leaf, bool derived);
    bool has_place() const noexcept { return destination_ || file_; }
    /// Gives the place up; nothing is stored there.
    void leave() noexcept { file_.reset(); }

    /// Looks for what an earlier run has left of the URL with this hash, and proves it. `proven`
    /// counts bytes; `stop` ends it early.
    async_outcome<void> find(std::uint64_t source, std::atomic<std::uint64_t>& proven,
                             const std::atomic<bool>& stop);

    /// The part to ask for; nothing: the whole file.
    std::optional<core::part_request> missing() const;

    /// Bytes that are stored, and how many of them earlier runs had left.
    std::uint64_t held() const noexcept { return have_.held(); }
    std::uint64_t earlier() const noexcept { return earlier_; }
    /// Bytes that the last `keep_or_discard` left for a later run, and nothing took away since.
    std::uint64_t kept() const noexcept { return kept_; }
    std::optional<std::uint64_t> length() const noexcept { return about_.length; }

    /// How what is stored goes with a response's representation.
    core::agreement compare(const core::fields& fields) const {
        return core::compare(about_, core::validators::of(fields));
    }
    /// Whether a response of this run is of the same representation.
    bool is_confirmed() const noexcept { return confirmed_; }

    /// Whether what is stored is the whole file.
    bool is_complete() const noexcept {
        return confirmed_ && about_.length && have_.held() == *about_.length;
    }

    /// A response with the whole file begins: what was stored before is of no use.
    prompt<core::outcome<void>> start(std::optional<std::uint64_t> total);

    /// A response with a part begins, or one that said that nothing is missing.
    async_outcome<void> go_on(const core::part_request& asked, const core::part_verdict& part,
                              const std::atomic<bool>& stop);

    /// Which representation the bytes are of that come next, so that they can be kept on a failure.
    /// Not needed for a body that comes at once.
    void belongs_to(std::uint64_t source, core::validators about);

    /// The body's next bytes. `errc::changed` where an overlap is not what is stored.
    prompt<core::outcome<void>> write(std::uint64_t offset, std::span<const std::byte> bytes);

    /// A response of unknown length ended in good order.
    void ended_here() { about_.length = have_.held(); }

    enum class asked_by { caller, server };
    /// What the whole file has to agree with: any of `sums`, which are by one algorithm. What a
    /// server says counts for the response that began last.
    void expect(std::vector<core::checksum> sums, asked_by whom);
    bool has_expectations() const noexcept { return !expected_.empty(); }
    /// Hashes what is stored, and compares: `errc::checksum`. The first sum that agreed; empty
    /// where none was expected.
    async_outcome<std::string> check(const std::atomic<bool>& stop);

    /// What the part that comes next has to agree with, if anything.
    void expect_part(std::optional<core::checksum> sum);
    bool has_part_expectation() const noexcept { return part_.has_value(); }
    /// The same for the part, which has been written as these bytes of the file.
    async_outcome<void> check_part(core::byte_range bytes, const std::atomic<bool>& stop);

    /// The name, in the same folder, that the file gets; else the one that `put` told.
    void appear_as(std::string leaf) {
        if (file_)
            file_->target(std::move(leaf));
    }
    /// Which representation the bytes are of.
    const core::validators& about() const noexcept { return about_; }

    /// What the file, once it is committed, says of itself to later runs; null: nothing.
    void describe_finished(std::unique_ptr<storage::file_record> record) {
        if (file_)
            file_->describe_finished(std::move(record));
    }

    /// The complete file appears. `modified` is the time that it gets. After `errc::exists` a file
    /// is still open and whole: it may be committed again under another name.
    prompt<core::outcome<void>> commit(std::optional<std::chrono::sys_seconds> modified);

    /// What is stored is of no use, or of no use to anybody later.
    boost::asio::awaitable<void> discard();

    /// The download has failed: what is stored stays where a later run could go on from it.
    boost::asio::awaitable<void> keep_or_discard();

    bool is_open() const noexcept { return open_; }

    /// Whether bytes are stored that cannot be kept only because nothing validates them.
    bool lacks_validators() const noexcept {
        return file_ && open_ && held() > 0 && core_.options.resume && !can_be_kept();
    }

    /// What a caller's sink threw where it was to discard: the download has failed.
    const core::fault& broken() const noexcept { return broken_; }

    /// A call of the sink is under way, which is not to be disturbed.
    bool is_busy() const noexcept { return busy_; }

    /// Asks a caller's sink to end the call that is under way.
    void interrupt() noexcept {
        if (destination_)
            destination_->interrupt();
    }

    /// Whether a stream has taken bytes: only the rest of the same representation may follow.
    bool is_bound() const noexcept {
        return destination_ && destination_->is_stream() && have_.held() > 0;
    }

private:
    /// The sums of which one is to come and, for a caller's sink, the digest of what has passed.
    struct expectation {
        std::vector<core::checksum> sums;
        asked_by whom;
        std::optional<storage::digest> passing;
    };
    /// What was there when this run looked for the first time.
    struct leftover {
        std::uint64_t source = 0;
        std::uint64_t bytes = 0;
    };
    /// Stored bytes that came again to be compared.
    struct overlap {
        core::byte_range bytes;
        core::checksum stored;
        storage::digest again;
    };

    expectation expectation_of(std::vector<core::checksum>&& sums, asked_by whom) const;
    async_outcome<core::checksum> check_one(expectation& what, core::byte_range bytes,
                                            const std::atomic<bool>& stop);
    std::string_view whose() const noexcept { return destination_ ? "the sink" : "the file"; }
    sink& target() noexcept { return destination_ ? *destination_ : static_cast<sink&>(*file_); }
    bool can_be_kept() const noexcept {
        return core_.options.resume &&
               (core_.options.resume_unvalidated || !core::if_range(about_).empty());
    }
    void forget();
    template <typename Call>
    async_outcome<void> call_target(const Call& call);
    boost::asio::awaitable<void> discard_target();
    async_outcome<void> open_target(std::optional<std::uint64_t> total);
    async_outcome<void> write_target(std::uint64_t offset, std::span<const std::byte> bytes);
    async_outcome<void> commit_target();
    bool fits_overlap(std::uint64_t& offset, std::span<const std::byte>& bytes);
    void skip_what_is_there(std::uint64_t& offset, std::span<const std::byte>& bytes) const;
    void note_written(std::uint64_t offset, std::span<const std::byte> bytes);
    core::outcome<void> outcome_of(const boost::system::error_code& error) const;

    downloader_core& core_;
    sink* const destination_;
    std::optional<storage::file_sink> file_;

    core::ledger have_;
    core::validators about_;
    std::optional<leftover> left_;  ///< of earlier runs; empty bytes once they are overwritten
    std::uint64_t earlier_ = 0;
    std::uint64_t kept_ = 0;
    bool open_ = false;
    bool busy_ = false;
    core::fault broken_;
    bool confirmed_ = false;
    std::vector<expectation> expected_;
    std::optional<expectation> part_;
    std::optional<overlap> overlap_;
};

}  // namespace asyncdl::engine
