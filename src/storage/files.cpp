#include "storage/files.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asyncdl/error.hpp>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace asyncdl::storage {

namespace {

/// Calls until it is not interrupted; gives the result, or -errno.
template <typename Call>
auto uninterrupted(Call call) -> decltype(call()) {
    for (;;) {
        const auto result = call();
        if (result >= 0)
            return result;
        if (errno != EINTR)
            return -errno;
    }
}

/// As /proc tells it: 32 hexadecimal digits in groups.
boot_id read_boot() {
    boot_id boot{};
    std::array<char, 64> text{};
    const int file = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const auto size = file < 0 ? -1 : ::read(file, text.data(), text.size());
    if (file >= 0)
        ::close(file);
    std::string digits(text.data(), static_cast<std::size_t>(std::max<::ssize_t>(size, 0)));
    std::erase(digits, '-');
    std::size_t at = 0;
    for (std::byte& byte : boot) {
        unsigned value = 0;
        const char* const begin = digits.data() + at;
        const bool whole = digits.size() >= at + 2;
        if (!whole || std::from_chars(begin, begin + 2, value, 16).ptr != begin + 2)
            return {};
        byte = static_cast<std::byte>(value);
        at += 2;
    }
    return boot;
}

bool fits_off_t(std::uint64_t value) {
    return value <= static_cast<std::uint64_t>(std::numeric_limits<::off_t>::max());
}

}  // namespace

int files::openat(int directory, const char* path, int flags, ::mode_t mode) {
    return uninterrupted([&] { return ::openat(directory, path, flags, mode); });
}

::ssize_t files::pwrite(int file, std::span<const std::byte> data, std::uint64_t offset) {
    if (!fits_off_t(offset))
        return -EFBIG;
    return uninterrupted(
        [&] { return ::pwrite(file, data.data(), data.size(), static_cast<::off_t>(offset)); });
}

::ssize_t files::pread(int file, std::span<std::byte> into, std::uint64_t offset) {
    if (!fits_off_t(offset))
        return 0;  // no file reaches that far
    return uninterrupted(
        [&] { return ::pread(file, into.data(), into.size(), static_cast<::off_t>(offset)); });
}

int files::fallocate(int file, std::uint64_t offset, std::uint64_t size) {
    if (!fits_off_t(offset) || !fits_off_t(size))
        return -EFBIG;
    return uninterrupted([&] {
        return ::fallocate(file, FALLOC_FL_KEEP_SIZE, static_cast<::off_t>(offset),
                           static_cast<::off_t>(size));
    });
}

int files::fstatfs(int file, struct ::statfs& out) {
    return uninterrupted([&] { return ::fstatfs(file, &out); });
}

long files::name_max(int directory) {
    struct ::statfs about {};
    const int asked = files::fstatfs(directory, about);
    return asked < 0 ? asked : static_cast<long>(about.f_namelen);
}

int files::futimens(int file, const ::timespec times[2]) {
    return uninterrupted([&] { return ::futimens(file, times); });
}

int files::fchmod(int file, ::mode_t mode) {
    return uninterrupted([&] { return ::fchmod(file, mode); });
}

int files::fsync(int file) {
    return uninterrupted([&] { return ::fsync(file); });
}

int files::close(int file) {
    // Linux has released the descriptor even where this fails, with EINTR too: another attempt
    // could close a descriptor that another thread has just got (close(2)).
    return ::close(file) < 0 ? -errno : 0;
}

int files::lock(int file) {
    return uninterrupted([&] { return ::flock(file, LOCK_EX | LOCK_NB); });
}

int files::fstat(int file, struct ::stat& out) {
    return uninterrupted([&] { return ::fstat(file, &out); });
}

int files::ftruncate(int file, std::uint64_t size) {
    if (!fits_off_t(size))
        return -EFBIG;
    return uninterrupted([&] { return ::ftruncate(file, static_cast<::off_t>(size)); });
}

int files::mkdirat(int directory, const char* path, ::mode_t mode) {
    return uninterrupted([&] { return ::mkdirat(directory, path, mode); });
}

int files::fstatat(int directory, const char* path, struct ::stat& out, int flags) {
    return uninterrupted([&] { return ::fstatat(directory, path, &out, flags); });
}

int files::renameat(int directory, const char* from, const char* to) {
    return uninterrupted([&] { return ::renameat(directory, from, directory, to); });
}

int files::unlinkat(int directory, const char* path) {
    return uninterrupted([&] { return ::unlinkat(directory, path, 0); });
}

int files::rename_noreplace(int directory, const char* from, const char* to) {
    const int renamed = uninterrupted(
        [&] { return ::renameat2(directory, from, directory, to, RENAME_NOREPLACE); });
    // EINVAL: the file system does not know the flag (NFS, some FUSE ones); ENOSYS: the kernel.
    if (renamed != -EINVAL && renamed != -ENOSYS)
        return renamed;
    const int linked = uninterrupted([&] { return ::linkat(directory, from, directory, to, 0); });
    if (linked < 0)
        return linked;
    const int unlinked = unlinkat(directory, from);
    if (unlinked < 0)
        unlinkat(directory, to);
    return unlinked;
}

int files::link(int file, int directory, const char* to) {
    // By the descriptor alone, which Linux grants to who opened the file since 6.10, and to root;
    // else by the name that every open file has (open(2), O_TMPFILE).
    static std::atomic<bool> by_descriptor = true;
    if (by_descriptor) {
        const int linked =
            uninterrupted([&] { return ::linkat(file, "", directory, to, AT_EMPTY_PATH); });
        if (linked != -ENOENT)
            return linked;
    }
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    const int linked = uninterrupted(
        [&] { return ::linkat(AT_FDCWD, path.c_str(), directory, to, AT_SYMLINK_FOLLOW); });
    if (linked == 0)
        by_descriptor = false;
    return linked;
}

int files::set_attribute(int file, const char* name, std::string_view value) {
    return uninterrupted([&] { return ::fsetxattr(file, name, value.data(), value.size(), 0); });
}

::ssize_t files::get_attribute(int file, const char* name, std::span<std::byte> into) {
    return uninterrupted([&] { return ::fgetxattr(file, name, into.data(), into.size()); });
}

int files::remove_attribute(int file, const char* name) {
    return uninterrupted([&] { return ::fremovexattr(file, name); });
}

std::int64_t files::first_hole(int file) {
    return uninterrupted([&] { return ::lseek(file, 0, SEEK_HOLE); });
}

boot_id files::boot() {
    static const boot_id boot = read_boot();
    return boot;
}

std::chrono::steady_clock::time_point files::now() {
    return std::chrono::steady_clock::now();
}

files& files::system() noexcept {
    static files calls;
    return calls;
}

bool may_pass(int negative_errno) noexcept {
    return negative_errno == -EMFILE || negative_errno == -ENFILE || negative_errno == -ENOMEM;
}

boost::system::error_code file_error(int negative_errno) noexcept {
    switch (-negative_errno) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return make_error_code(errc::disk_full);
        case EMFILE:
        case ENFILE:
            return make_error_code(errc::too_many_files);
        case ENAMETOOLONG:
            return make_error_code(errc::name);
        default:
            return make_error_code(errc::file);
    }
}

core::fault file_fault(std::string_view what, std::string_view name, int negative_errno) {
    std::string message = "cannot ";
    message.append(what).append(" ").append(name).append(": ");
    message += boost::system::system_category().message(-negative_errno);
    return {file_error(negative_errno), std::move(message)};
}

}  // namespace asyncdl::storage
