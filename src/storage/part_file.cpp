#include "storage/part_file.hpp"

#include <cerrno>
#include <string_view>
#include <utility>

namespace asyncdl::storage {

namespace {

/// Below this a file is on disk before a reservation would tell more than its first write.
constexpr std::uint64_t smallest_reservation = 1024 * 1024;

constexpr int create_flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

core::fault failed(std::string_view what, std::string_view name, int negative_errno) {
    std::string message = "cannot ";
    message.append(what).append(" ").append(name).append(": ");
    message += boost::system::system_category().message(-negative_errno);
    return {file_error(negative_errno), std::move(message)};
}

/// Makes way for a new part file: only what an earlier run can have left is removed.
core::outcome<void> remove_stale(directory& where, const std::string& part) {
    struct ::stat found {};
    const int looked =
        where.calls().fstatat(where.descriptor(), part.c_str(), found, AT_SYMLINK_NOFOLLOW);
    if (looked == -ENOENT)
        return {};
    if (looked < 0)
        return failed("look at", part, looked);
    if (!S_ISREG(found.st_mode))
        return core::fault(errc::file, "cannot create " + part + ": what is there is no file");
    const int removed = where.calls().unlinkat(where.descriptor(), part.c_str());
    if (removed < 0 && removed != -ENOENT)
        return failed("remove", part, removed);
    return {};
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
      exists_(std::exchange(other.exists_, false)) {}

part_file& part_file::operator=(part_file&& other) noexcept {
    if (this != &other) {
        discard();
        where_ = std::move(other.where_);
        leaf_ = std::move(other.leaf_);
        part_ = std::move(other.part_);
        descriptor_ = std::exchange(other.descriptor_, -1);
        exists_ = std::exchange(other.exists_, false);
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

    directory& folder = *made.where_;
    const auto open = [&] {
        return folder.calls().openat(folder.descriptor(), made.part_.c_str(), create_flags, 0666);
    };
    int opened = open();
    if (opened == -EEXIST) {
        if (auto cleared = remove_stale(folder, made.part_); !cleared)
            return cleared.error();
        opened = open();
    }
    if (opened < 0)
        return failed("create", made.part_, opened);
    made.descriptor_ = opened;
    made.exists_ = true;

    if (size && *size >= smallest_reservation) {
        const int reserved = folder.calls().fallocate(opened, *size);
        if (reserved < 0 && reserved != -EOPNOTSUPP && reserved != -ENOSYS)
            return failed("reserve space for", made.part_, reserved);
    }
    return made;
}

core::outcome<void> part_file::write(std::uint64_t offset, std::span<const std::byte> data) {
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
    const int closed = calls.close(std::exchange(descriptor_, -1));
    if (closed < 0) {
        discard();
        return failed("close", part_, closed);
    }
    const int folder = where_->descriptor();
    const int renamed = replace ? calls.renameat(folder, part_.c_str(), leaf_.c_str())
                                : calls.rename_noreplace(folder, part_.c_str(), leaf_.c_str());
    if (renamed >= 0) {
        exists_ = false;
        return {};
    }
    discard();
    if (renamed != -EEXIST)
        return failed("rename " + part_ + " to", leaf_, renamed);
    const auto there = look(*where_, leaf_);
    if (there && there->state == target_state::a_directory)
        return failed("rename " + part_ + " to", leaf_, -EISDIR);
    return core::fault(errc::exists, leaf_ + " exists already");
}

void part_file::discard() noexcept {
    if (is_open())
        where_->calls().close(std::exchange(descriptor_, -1));
    if (std::exchange(exists_, false))
        where_->calls().unlinkat(where_->descriptor(), part_.c_str());
}

}  // namespace asyncdl::storage
