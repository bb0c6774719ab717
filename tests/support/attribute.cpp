#include "support/attribute.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <system_error>

#include "support/skip.hpp"
#include "support/temp_dir.hpp"

namespace asyncdl::test {
namespace {

/// A call that must succeed.
template <typename Result>
Result made(Result result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

struct ::stat status_of(const std::filesystem::path& file) {
    struct ::stat found {};
    made(::lstat(file.c_str(), &found), "lstat");
    return found;
}

void set_time(const std::filesystem::path& file, ::timespec time) {
    const ::timespec times[2] = {{0, UTIME_OMIT}, time};
    made(::utimensat(AT_FDCWD, file.c_str(), times, 0), "utimensat");
}

}  // namespace

bool takes_attributes(const std::filesystem::path& directory) {
    const std::filesystem::path probe = directory / "attribute probe";
    write_file(probe, "");
    const bool takes = ::setxattr(probe.c_str(), record_attribute, "x", 1, 0) == 0;
    std::filesystem::remove(probe);
    return has(takes, "a file system with user attributes in " + directory.string());
}

std::optional<std::string> attribute_of(const std::filesystem::path& file) {
    std::string bytes(1000, '\0');
    const ::ssize_t size = ::getxattr(file.c_str(), record_attribute, bytes.data(), bytes.size());
    if (size < 0) {
        return std::nullopt;
    }
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
}

void set_attribute(const std::filesystem::path& file, std::string_view bytes) {
    made(::setxattr(file.c_str(), record_attribute, bytes.data(), bytes.size(), 0), "setxattr");
}

void remove_attribute(const std::filesystem::path& file) {
    made(::removexattr(file.c_str(), record_attribute), "removexattr");
}

std::optional<storage::file_record> record_of(const std::filesystem::path& file) {
    const auto bytes = attribute_of(file);
    return bytes ? storage::decode_record(std::as_bytes(std::span(*bytes))) : std::nullopt;
}

void change_record(const std::filesystem::path& file,
                   const std::function<void(storage::file_record&)>& change) {
    auto record = record_of(file);
    REQUIRE(record.has_value());
    change(*record);
    set_attribute(file, storage::encode(*record));
}

void change_unseen(const std::filesystem::path& file, const std::function<void()>& change) {
    const ::timespec before = status_of(file).st_mtim;
    change();
    set_time(file, before);
}

void move_time(const std::filesystem::path& file, std::int64_t nanoseconds) {
    constexpr std::int64_t second = 1'000'000'000;
    ::timespec time = status_of(file).st_mtim;
    const std::int64_t moved = time.tv_nsec + nanoseconds;
    time.tv_sec += moved / second;
    time.tv_nsec = moved % second;
    set_time(file, time);
}

bool punch_hole(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t size) {
    const int descriptor = made(::open(file.c_str(), O_WRONLY | O_CLOEXEC), "open");
    const int punched = ::fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                    static_cast<::off_t>(offset), static_cast<::off_t>(size));
    ::close(descriptor);
    return punched == 0;
}

bool has_hole(const std::filesystem::path& file) {
    const int descriptor = made(::open(file.c_str(), O_RDONLY | O_CLOEXEC), "open");
    const ::off_t hole = ::lseek(descriptor, 0, SEEK_HOLE);
    const ::off_t end = ::lseek(descriptor, 0, SEEK_END);
    ::close(descriptor);
    return hole < end;
}

void replace_by_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    const struct ::stat about = status_of(from);
    const auto record = attribute_of(from);
    std::filesystem::path copy = to;
    copy += ".copy";
    write_file(copy, read_file(from));
    made(::chmod(copy.c_str(), about.st_mode & 07777U), "chmod");
    if (record) {
        set_attribute(copy, *record);
    }
    set_time(copy, about.st_mtim);
    std::filesystem::rename(copy, to);
}

std::uint64_t inode_of(const std::filesystem::path& file) {
    return status_of(file).st_ino;
}

}  // namespace asyncdl::test
