#include "storage/part_file.hpp"

#include <cerrno>
#include <string_view>
#include <utility>

namespace asyncdl::storage {

namespace {

/// Below this a file is on disk before a reservation would tell more than its first write.
constexpr std::uint64_t smallest_reservation = 1024 * 1024;

// Not to block on what is no file.
constexpr int open_flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
constexpr int create_flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

// How often a name is tried that others make and remove at the same time.
constexpr int most_tries = 8;

core::fault failed(std::string_view what, std::string_view name, int negative_errno) {
    std::string message = "cannot ";
    message.append(what).append(" ").append(name).append(": ");
    message += boost::system::system_category().message(-negative_errno);
    return {file_error(negative_errno), std::move(message)};
}

core::fault in_use(const std::string& part) {
    return {make_error_code(errc::file), part + " is in use by another download"};
}

/// Locks an open part file: 0 or -errno. A file system that has no locks does without.
int take_lock(files& calls, int file) {
    const int locked = calls.lock(file);
    const bool has_none = locked == -EOPNOTSUPP || locked == -ENOLCK || locked == -ENOSYS;
    return has_none ? 0 : locked;
}

core::fault not_locked(const std::string& part, int negative_errno) {
    return negative_errno == -EWOULDBLOCK ? in_use(part) : failed("lock", part, negative_errno);
}

/// Whether the name still leads to the file that is open.
bool is_still(directory& where, const std::string& part, int file) {
    struct ::stat open {};
    struct ::stat named {};
    return where.calls().fstat(file, open) >= 0 &&
           where.calls().fstatat(where.descriptor(), part.c_str(), named, AT_SYMLINK_NOFOLLOW) >=
               0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

/// Takes over what an earlier run has left: the open, locked and emptied file; -1 where the name
/// has to be tried anew. Never removes a file that another download may just have made.
core::outcome<int> take_stale(directory& where, const std::string& part) {
    files& calls = where.calls();
    const int opened = calls.openat(where.descriptor(), part.c_str(), open_flags, 0);
    if (opened == -ENOENT)
        return -1;
    if (opened == -ELOOP || opened == -EISDIR || opened == -ENXIO)
        return core::fault(errc::file, "cannot create " + part + ": what is there is no file");
    if (opened < 0)
        return failed("open", part, opened);
    const auto refuse = [&](core::fault why) {
        calls.close(opened);
        return why;
    };
    struct ::stat found {};
    if (const int looked = calls.fstat(opened, found); looked < 0)
        return refuse(failed("look at", part, looked));
    if (!S_ISREG(found.st_mode))
        return refuse({errc::file, "cannot create " + part + ": what is there is no file"});
    if (const int locked = take_lock(calls, opened); locked < 0)
        return refuse(not_locked(part, locked));
    if (!is_still(where, part, opened)) {
        calls.close(opened);
        return -1;
    }
    if (found.st_nlink > 1) {
        // Somebody's file by another name: only the name is ours to take.
        const int removed = calls.unlinkat(where.descriptor(), part.c_str());
        if (removed < 0)
            return refuse(failed("remove", part, removed));
        calls.close(opened);
        return -1;
    }
    if (const int emptied = calls.ftruncate(opened); emptied < 0)
        return refuse(failed("empty", part, emptied));
    return opened;
}

}  // namespace

core::outcome<target> look(directory& where, const std::string& leaf) {
    struct ::stat found {};
    const int looked =
        where.calls().fstatat(where.descriptor(), leaf.c_str(), found, AT_SYMLINK_NOFOLLOW);
    if (looked == -ENOENT)
        return target();
    if (looked < 0)
        return failed("look at", leaf, looked);
    target there;
    there.state = S_ISDIR(found.st_mode) ? target_state::a_directory : target_state::present;
    there.size = static_cast<std::uint64_t>(found.st_size);
    return there;
}

part_file::part_file(part_file&& other) noexcept
    : where_(std::move(other.where_)),
      leaf_(std::move(other.leaf_)),
      part_(std::move(other.part_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      exists_(std::exchange(other.exists_, false)),
      writes_(std::exchange(other.writes_, 0)) {}

part_file& part_file::operator=(part_file&& other) noexcept {
    if (this != &other) {
        discard();
        where_ = std::move(other.where_);
        leaf_ = std::move(other.leaf_);
        part_ = std::move(other.part_);
        descriptor_ = std::exchange(other.descriptor_, -1);
        exists_ = std::exchange(other.exists_, false);
        writes_ = std::exchange(other.writes_, 0);
    }
    return *this;
}

part_file::~part_file() {
    discard();
}

core::outcome<part_file> part_file::create(std::shared_ptr<directory> where, std::string leaf,
                                           std::optional<std::uint64_t> size) {
    part_file made;
    made.where_ = std::move(where);
    made.leaf_ = std::move(leaf);
    made.part_.reserve(made.leaf_.size() + 5);
    made.part_.append(made.leaf_).append(".part");

    // The lock lasts as long as the descriptor: who finds the part file knows whether it is in use,
    // in this process or another.
    directory& folder = *made.where_;
    files& calls = folder.calls();
    for (int tries = 0; !made.is_open(); ++tries) {
        const int opened =
            calls.openat(folder.descriptor(), made.part_.c_str(), create_flags, 0666);
        if (opened >= 0) {
            made.descriptor_ = opened;
            const int locked = take_lock(calls, opened);
            made.exists_ = locked != -EWOULDBLOCK;  // else another has taken it over
            if (locked < 0)
                return not_locked(made.part_, locked);
        } else if (opened != -EEXIST || tries == most_tries) {
            return failed("create", made.part_, opened);
        } else {
            const auto stale = take_stale(folder, made.part_);
            if (!stale)
                return stale.error();
            made.descriptor_ = *stale;
            made.exists_ = *stale >= 0;
        }
    }

    if (size && *size >= smallest_reservation) {
        const int reserved = calls.fallocate(made.descriptor_, *size);
        if (reserved < 0 && reserved != -EOPNOTSUPP && reserved != -ENOSYS)
            return failed("reserve space for", made.part_, reserved);
    }
    return made;
}

core::outcome<void> part_file::write(std::uint64_t offset, std::span<const std::byte> data) {
    ++writes_;
    while (!data.empty()) {
        ::ssize_t written = where_->calls().pwrite(descriptor_, data, offset);
        if (written == 0)
            written = -EIO;  // no file does this; it would be tried for ever
        if (written < 0)
            return failed("write", part_, static_cast<int>(written));
        offset += static_cast<std::uint64_t>(written);
        data = data.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

core::outcome<void> part_file::sync() {
    const int synced = where_->calls().fsync(is_open() ? descriptor_ : where_->descriptor());
    if (synced < 0)
        return failed("sync", is_open() ? part_ : leaf_, synced);
    return {};
}

core::outcome<void> part_file::commit(std::optional<std::chrono::sys_seconds> modified,
                                      bool replace) {
    files& calls = where_->calls();
    if (modified) {
        // A file that is complete is worth more than its time: a failure here is none.
        const ::timespec stamp{modified->time_since_epoch().count(), 0};
        const ::timespec times[2] = {{0, UTIME_OMIT}, stamp};
        calls.futimens(descriptor_, times);
    }
    // What was written at once was locked all the time; later ones may have been replaced by who
    // knows nothing of locks.
    if (writes_ > 1 && !is_still(*where_, part_, descriptor_)) {
        exists_ = false;
        discard();
        return core::fault(errc::file, part_ + " was replaced by somebody else");
    }
    const int folder = where_->descriptor();
    const int renamed = replace ? calls.renameat(folder, part_.c_str(), leaf_.c_str())
                                : calls.rename_noreplace(folder, part_.c_str(), leaf_.c_str());
    if (renamed < 0) {
        discard();
        if (renamed != -EEXIST)
            return failed("rename " + part_ + " to", leaf_, renamed);
        const auto there = look(*where_, leaf_);
        if (there && there->state == target_state::a_directory)
            return failed("rename " + part_ + " to", leaf_, -EISDIR);
        return core::fault(errc::exists, leaf_ + " exists already");
    }
    exists_ = false;
    // Closed after the rename, since closing gives up the lock. An error here is the last word of
    // the file system on what was written, so such a file does not stay.
    if (const int closed = calls.close(std::exchange(descriptor_, -1)); closed < 0) {
        calls.unlinkat(folder, leaf_.c_str());
        return failed("close", leaf_, closed);
    }
    return {};
}

void part_file::discard() noexcept {
    if (!is_open())
        return;
    if (std::exchange(exists_, false) && is_still(*where_, part_, descriptor_))
        where_->calls().unlinkat(where_->descriptor(), part_.c_str());
    where_->calls().close(std::exchange(descriptor_, -1));
}

}  // namespace asyncdl::storage
