#include "storage/existing_file.hpp"

#include <unistd.h>

#include <array>
#include <asyncdl/error.hpp>
#include <cerrno>
#include <ctime>
#include <utility>

#include "storage/digest.hpp"
#include "storage/part_lock.hpp"
#include "storage/part_read.hpp"

namespace asyncdl::storage {

namespace {

constexpr const char* attribute = "user.asyncdl";
constexpr int open_flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr ::mode_t others_write = S_IWGRP | S_IWOTH;

file_time time_of(const struct ::stat& file) {
    return {file.st_mtim.tv_sec, static_cast<std::uint32_t>(file.st_mtim.tv_nsec)};
}

bool look_at(directory& where, const std::string& leaf, struct ::stat& found) {
    return where.calls().fstatat(where.descriptor(), leaf.c_str(), found, AT_SYMLINK_NOFOLLOW) >= 0;
}

bool is_same(const existing_file& found, const struct ::stat& now) {
    return identity(now) == found.id && static_cast<std::uint64_t>(now.st_size) == found.size &&
           time_of(now) == found.time;
}

/// Whether a crash of the machine may have taken some of it, as far as that shows.
bool may_be_torn(files& calls, int file, const file_record& record) {
    const boot_id boot = calls.boot();
    if (record.synced || (boot == record.boot && boot != boot_id())) {
        return false;
    }
    return calls.first_hole(file) != static_cast<std::int64_t>(record.size);
}

core::outcome<std::optional<file_record>> read_record(directory& where, const std::string& leaf,
                                                      const existing_file& about) {
    files& calls = where.calls();
    // Opened only after the look, since not every device takes that lightly.
    const holder file(calls, calls.openat(where.descriptor(), leaf.c_str(), open_flags, 0));
    const std::optional<file_record> nothing;
    if (may_pass(file.get())) {
        return file_fault("open", where.path_of(leaf), file.get());
    }
    struct ::stat found {};
    if (file.get() < 0 || calls.fstat(file.get(), found) < 0 || !is_same(about, found) ||
        !is_ours(found) || (found.st_mode & others_write) != 0) {
        return nothing;
    }
    std::array<std::byte, max_record_bytes> space;
    const auto size = calls.get_attribute(file.get(), attribute, space);
    if (size <= 0) {
        return nothing;
    }
    auto record = decode_record(std::span(space).first(static_cast<std::size_t>(size)));
    const bool fits = record && record->size == about.size && record->time == about.time &&
                      !may_be_torn(calls, file.get(), *record);
    return fits ? std::move(record) : nothing;
}

}  // namespace

core::outcome<std::optional<existing_file>> find_existing(directory& where,
                                                          const std::string& leaf) {
    struct ::stat found {};
    if (!look_at(where, leaf, found) || !S_ISREG(found.st_mode) || where.is_in_use(found)) {
        return std::optional<existing_file>();
    }
    existing_file file;
    file.id = identity(found);
    file.size = static_cast<std::uint64_t>(found.st_size);
    file.time = time_of(found);
    file.is_owned = found.st_uid == ::geteuid();
    if (file.size >= min_recorded_bytes && is_ours(found)) {
        auto record = read_record(where, leaf, file);
        if (!record) {
            return std::move(record).error();
        }
        file.record = *std::move(record);
    }
    return std::optional(std::move(file));
}

bool is_absent(directory& where, const std::string& leaf) {
    struct ::stat found {};
    return where.calls().fstatat(where.descriptor(), leaf.c_str(), found, AT_SYMLINK_NOFOLLOW) ==
           -ENOENT;
}

bool is_unchanged(directory& where, const std::string& leaf, const existing_file& found) {
    struct ::stat now {};
    const bool same = look_at(where, leaf, now) && S_ISREG(now.st_mode) && is_same(found, now);
    return same && (!found.record || (is_ours(now) && (now.st_mode & others_write) == 0));
}

core::outcome<core::checksum> digest_of(directory& where, const std::string& leaf,
                                        const existing_file& found,
                                        core::digest_algorithm algorithm,
                                        const std::atomic<bool>& stop) {
    files& calls = where.calls();
    const holder file(calls, calls.openat(where.descriptor(), leaf.c_str(), open_flags, 0));
    storage::digest made(algorithm);
    const auto use = [&](std::span<const std::byte> bytes) {
        made.update(bytes);
        return !stop.load(std::memory_order_relaxed);
    };
    int done = file.get();
    if (done >= 0) {
        done = read_back(calls, file.get(), {0, found.size}, use);
    }
    if (done == -ECANCELED) {
        return core::fault(errc::cancelled);
    }
    if (done < 0) {
        return file_fault("read", where.path_of(leaf), done);
    }
    // By its name, which may lead to another file by now.
    if (!is_unchanged(where, leaf, found)) {
        return core::fault(make_error_code(errc::file), where.path_of(leaf) + " was changed");
    }
    return made.finish();
}

core::outcome<void> sync_existing(directory& where, const std::string& leaf) {
    files& calls = where.calls();
    const holder file(calls, calls.openat(where.descriptor(), leaf.c_str(), open_flags, 0));
    int synced = file.get() < 0 ? file.get() : calls.fsync(file.get());
    if (synced >= 0) {
        synced = calls.fsync(where.descriptor());
    }
    if (synced < 0) {
        return file_fault("sync", where.path_of(leaf), synced);
    }
    return {};
}

void write_record(directory& where, int file, file_record record, std::uint64_t size,
                  bool has_time) {
    if (size < min_recorded_bytes || !where.takes_records()) {
        return;
    }
    files& calls = where.calls();
    if (!has_time) {
        ::timespec times[2] = {{0, UTIME_OMIT}, {}};
        ::clock_gettime(CLOCK_REALTIME, &times[1]);
        calls.futimens(file, times);
    }
    struct ::stat found {};
    if (calls.fstat(file, found) < 0) {
        return;
    }
    record.size = size;
    record.time = time_of(found);
    record.boot = calls.boot();
    const int written = calls.set_attribute(file, attribute, encode(record));
    if (written == -ENOTSUP || written == -EPERM || written == -ENOSYS) {
        where.refuse_records();
    }
}

void clear_record(directory& where, int file) {
    if (where.takes_records()) {
        where.calls().remove_attribute(file, attribute);
    }
}

}  // namespace asyncdl::storage
