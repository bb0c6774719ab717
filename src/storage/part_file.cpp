#include "storage/part_file.hpp"

#include <algorithm>
#include <asyncdl/error.hpp>
#include <cerrno>
#include <utility>

#include "storage/checkpoints.hpp"
#include "storage/existing_file.hpp"
#include "storage/part_lock.hpp"
#include "storage/part_read.hpp"

namespace asyncdl::storage {

part_file::part_file() noexcept = default;

part_file::part_file(part_file&& other) noexcept {
    swap(other);
}

part_file& part_file::operator=(part_file&& other) noexcept {
    if (is_open() && this != &other)
        keep();
    swap(other);
    return *this;
}

part_file::~part_file() {
    if (is_open())
        keep();
}

void part_file::swap(part_file& other) noexcept {
    using std::swap;
    swap(where_, other.where_);
    swap(leaf_, other.leaf_);
    swap(part_, other.part_);
    swap(descriptor_, other.descriptor_);
    swap(id_, other.id_);
    swap(unmade_, other.unmade_);
    swap(exists_, other.exists_);
    swap(reopened_, other.reopened_);
    swap(writes_, other.writes_);
    swap(end_, other.end_);
    swap(torn_, other.torn_);
    swap(size_, other.size_);
    swap(reserved_, other.reserved_);
    swap(described_, other.described_);
    swap(record_, other.record_);
    swap(checkpoints_, other.checkpoints_);
}

part_file::part_file(std::shared_ptr<directory> where, std::string leaf)
    : where_(std::move(where)), leaf_(std::move(leaf)) {
    part_.reserve(leaf_.size() + part_suffix.size());
    part_.append(leaf_).append(part_suffix);
}

core::outcome<part_file> part_file::create(std::shared_ptr<directory> where, std::string leaf,
                                           std::optional<std::uint64_t> size, bool named) {
    part_file made(std::move(where), std::move(leaf));
    if (!named && size && *size > 0 && *size < max_unnamed_bytes && made.where_->takes_unnamed()) {
        made.size_ = size;
        made.unmade_ = true;
        return made;
    }
    if (auto taken = made.make_named(); !taken)
        return std::move(taken).error();
    if (auto reserved = made.reserve(size); !reserved)
        return std::move(reserved).error();
    return made;
}

core::outcome<void> part_file::make_named() {
    const auto taken = take_part(*where_, part_);
    if (!taken)
        return taken.error();
    descriptor_ = taken->file;
    id_ = taken->id;
    exists_ = true;
    return {};
}

core::outcome<std::optional<reopened_part>> part_file::reopen(std::shared_ptr<directory> where,
                                                              const std::string& leaf) {
    auto found = open_kept(*where, leaf);
    if (!found)
        return std::move(found).error();
    std::optional<reopened_part> opened;
    if (kept_files* kept = found->has_value() ? &**found : nullptr) {
        part_file part(std::move(where), leaf);
        part.descriptor_ = kept->part.file;
        part.id_ = kept->part.id;
        part.end_ = kept->part_bytes;
        part.checkpoints_ = std::make_unique<checkpoints>(
            part.where_, part.part_ + std::string(state_suffix), kept->part.file, kept->state,
            kept->claims, kept->state_bytes);
        part.exists_ = part.reopened_ = true;
        opened = reopened_part{std::move(part), std::move(kept->claims)};
    }
    return opened;
}

core::outcome<void> part_file::reserve(std::optional<std::uint64_t> size) {
    size_ = size;
    if (!size || *size < max_unnamed_bytes)
        return {};
    return reserved_.begin(*where_, descriptor_, part_, *size, end_);
}

void part_file::describe(std::uint64_t source, core::validators about, bool derived) {
    described_ = {source, std::move(about), derived};
}

core::outcome<void> part_file::write(std::uint64_t offset, std::span<const std::byte> data) {
    if (std::exchange(unmade_, false)) {
        if (offset == 0 && data.size() == *size_)
            descriptor_ = where_->open_unnamed();
        if (!is_open())
            if (auto named = make_named(); !named)
                return named;
    }
    ++writes_;
    reserved_.advance(*where_, descriptor_, offset + data.size());
    auto rest = data;
    for (auto at = offset; !rest.empty();) {
        ::ssize_t written = where_->calls().pwrite(descriptor_, rest, at);
        if (written == 0)
            written = -EIO;  // no file does this; it would be tried for ever
        if (written < 0) {
            torn_ = true;
            return file_fault("write", part_path(), static_cast<int>(written));
        }
        at += static_cast<std::uint64_t>(written);
        rest = rest.subspan(static_cast<std::size_t>(written));
    }
    end_ = std::max(end_, offset + data.size());
    note(offset, data);
    return {};
}

/// Tells the checkpoints what was written; there are none before they are needed.
void part_file::note(std::uint64_t offset, std::span<const std::byte> data) {
    const bool whole = size_ && offset == 0 && data.size() == *size_;
    if (whole || (!described_ && !checkpoints_))
        return;
    if (!checkpoints_)
        checkpoints_ =
            std::make_unique<checkpoints>(where_, part_ + std::string(state_suffix), descriptor_);
    if (described_)
        checkpoints_->describe(described_->source, std::move(described_->about),
                               described_->derived);
    described_.reset();
    checkpoints_->wrote(offset, data);
}

core::outcome<void> part_file::restart() {
    // What comes next may not come at once.
    if (!exists_) {
        close();
        size_.reset();
        return make_named();
    }
    if (checkpoints_)
        checkpoints_->remove();
    checkpoints_.reset();
    described_.reset();
    size_.reset();
    end_ = 0;
    torn_ = false;
    reserved_ = {};
    if (const int emptied = where_->calls().ftruncate(descriptor_, 0); emptied < 0)
        return file_fault("empty", part_path(), emptied);
    return {};
}

core::outcome<void> part_file::sync() {
    const int synced = where_->calls().fsync(is_open() ? descriptor_ : where_->descriptor());
    if (synced < 0)
        return file_fault("sync", where_->path_of(is_open() ? part_ : leaf_), synced);
    return {};
}

std::string part_file::part_path() const {
    return where_->path_of(part_);
}

/// The part file's name does not lead to our file any more.
core::fault part_file::lost() const {
    struct ::stat found {};
    const int there =
        where_->calls().fstatat(where_->descriptor(), part_.c_str(), found, AT_SYMLINK_NOFOLLOW);
    const char* const why = where_->is_gone()  ? "its folder was removed"
                            : there == -ENOENT ? "it was removed by somebody else"
                                               : "it was replaced by somebody else";
    return {make_error_code(errc::file),
            "cannot rename " + part_path() + " to " + where_->path_of(leaf_) + ": " + why};
}

/// Sees that what is about to be renamed is our file, `size` bytes long.
core::outcome<void> part_file::settle(std::optional<std::uint64_t> size) {
    // Who knows nothing of locks may have replaced it.
    const int ours = exists_ ? leads_to(*where_, part_, id_) : 1;
    if (ours < 0)
        return file_fault("look at", part_path(), ours);
    if (ours == 0)
        return lost();
    // What was written at once has its size.
    if (!size || (writes_ <= 1 && !reopened_)) {
        give_back();
        return {};
    }
    struct ::stat found {};
    if (const int looked = where_->calls().fstat(descriptor_, found); looked < 0)
        return file_fault("look at", part_path(), looked);
    const auto bytes = static_cast<std::uint64_t>(found.st_size);
    if (bytes == *size && reserved_.end() <= *size)
        return {};
    if (bytes < *size)
        return core::fault(errc::file, part_path() + " is shorter than what was written to it");
    if (const int cut = where_->calls().ftruncate(descriptor_, *size); cut < 0)
        return file_fault("shorten", part_path(), cut);
    return {};
}

core::outcome<void> part_file::commit(std::optional<std::chrono::sys_seconds> modified,
                                      bool replace, bool durable,
                                      std::optional<std::uint64_t> size) {
    files& calls = where_->calls();
    const int folder = where_->descriptor();
    const auto refuse = [this](core::fault why) {
        if (why.code() != errc::exists)
            discard();
        return why;
    };
    if (auto settled = settle(size); !settled)
        return refuse(std::move(settled).error());
    if (modified) {
        // A file that is complete is worth more than its time: a failure here is none.
        const ::timespec stamp{modified->time_since_epoch().count(), 0};
        const ::timespec times[2] = {{0, UTIME_OMIT}, stamp};
        calls.futimens(descriptor_, times);
    }
    write_record(size.value_or(end_), modified.has_value(), durable);
    if (const int synced = durable ? calls.fsync(descriptor_) : 0; synced < 0)
        return refuse(file_fault("sync", part_path(), synced));

    if (!exists_) {
        const auto linked = link(replace);
        if (!linked)
            return refuse(linked.error());
        if (!*linked) {
            if (auto copied = copy_to_named(); !copied)
                return refuse(std::move(copied).error());
            return commit(modified, replace, durable, size);
        }
    } else if (auto renamed = rename(replace); !renamed) {
        return refuse(std::move(renamed).error());
    }
    if (checkpoints_)
        checkpoints_->remove();
    // Closed after the rename, since closing gives up the lock. An error here is the last word of
    // the file system on what was written, so such a file does not stay.
    if (const int closed = close(); closed < 0) {
        calls.unlinkat(folder, leaf_.c_str());
        return file_fault("close", where_->path_of(leaf_), closed);
    }
    if (const int synced = durable ? calls.fsync(folder) : 0; synced < 0)
        return file_fault("sync the folder of", where_->path_of(leaf_), synced);
    return {};
}

/// Whether what is in the target's place may give way. `refused` is why the file did not get its
/// name without that.
core::outcome<void> part_file::may_replace(bool replace, int refused) const {
    if (!replace)
        return refused == -EEXIST
                   ? core::fault(make_error_code(errc::exists),
                                 where_->path_of(leaf_) + " exists already")
                   : file_fault("rename " + part_path() + " to", where_->path_of(leaf_), refused);
    const auto there = look(*where_, leaf_);
    if (!there)
        return there.error();
    if (auto why = obstacle(*there, where_->path_of(leaf_)))
        return *std::move(why);
    return {};
}

core::outcome<void> part_file::rename(bool replace) {
    files& calls = where_->calls();
    const int folder = where_->descriptor();
    // First as if nothing were there, so that only what was looked at is replaced. A file system
    // that cannot do that may still be able to rename.
    int renamed = calls.rename_noreplace(folder, part_.c_str(), leaf_.c_str());
    if (renamed >= 0)
        return {};
    if (auto may = may_replace(replace, renamed); !may)
        return may;
    renamed = calls.renameat(folder, part_.c_str(), leaf_.c_str());
    if (renamed < 0)
        return file_fault("rename " + part_path() + " to", where_->path_of(leaf_), renamed);
    return {};
}

/// Gives the file without a name its own; false if it needs a part file for that.
core::outcome<bool> part_file::link(bool replace) {
    const int linked = where_->link_unnamed(descriptor_, leaf_);
    if (linked >= 0)
        return true;
    if (linked == -EEXIST)
        if (auto may = may_replace(replace, linked); !may)
            return may.error();
    // To replace a file takes longer this way.
    if (!may_pass(linked))
        where_->refuse_unnamed();
    return false;
}

/// What has no name goes to a part file after all.
core::outcome<void> part_file::copy_to_named() {
    files& calls = where_->calls();
    const holder unnamed(calls, std::exchange(descriptor_, -1));
    auto copied = make_named();
    const auto copy = [&, at = std::uint64_t{0}](std::span<const std::byte> bytes) mutable {
        copied = write(at, bytes);
        at += bytes.size();
        return copied.has_value();
    };
    const int read = copied ? read_back(calls, unnamed.get(), {0, *size_}, copy) : 0;
    if (copied && read < 0)
        copied = file_fault("read", where_->path_of(leaf_), read);
    return copied;
}

/// Space that was reserved beyond the last byte goes back to the file system, and what a write that
/// failed has left there. To shorten a file to the length that it has gives the space back.
void part_file::give_back() noexcept {
    if (torn_ || reserved_.end() > end_)
        where_->calls().ftruncate(descriptor_, end_);
    torn_ = false;
    reserved_ = {};
}

/// Before the file is synced, and after its time is set.
void part_file::write_record(std::uint64_t size, bool has_time, bool durable) {
    if (record_) {
        record_->synced = durable;
        storage::write_record(*where_, descriptor_, *record_, size, has_time);
    } else if (reopened_) {
        clear_record(*where_, descriptor_);
    }
}

bool part_file::keep() noexcept {
    // First, since the state's last record wants space too.
    if (exists_)
        give_back();
    const bool kept =
        exists_ && checkpoints_ && checkpoints_->finish() && leads_to(*where_, part_, id_) > 0;
    if (kept)
        close();
    else
        discard();
    return kept;
}

void part_file::discard() noexcept {
    if (!is_open())
        return;
    // First, so that a kill leaves no state of a file that is gone.
    if (checkpoints_)
        checkpoints_->remove();
    if (exists_ && leads_to(*where_, part_, id_) > 0)
        where_->calls().unlinkat(where_->descriptor(), part_.c_str());
    close();
}

/// Gives up the lock with the descriptor. Ready to be made anew.
int part_file::close() noexcept {
    checkpoints_.reset();
    described_.reset();
    record_.reset();
    exists_ = false;
    end_ = 0;
    torn_ = false;
    reserved_ = {};
    return where_->calls().close(std::exchange(descriptor_, -1));
}

}  // namespace asyncdl::storage
