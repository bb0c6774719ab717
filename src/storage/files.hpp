#pragma once
// The system calls that storage makes, as an interface, so that a test can let the n-th of them
// fail or the clock jump. Blocking; thread-safe.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>

#include <array>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/fault.hpp"

namespace asyncdl::storage {

/// Identifies a boot of the machine; all zeros: unknown, which equals no other.
using boot_id = std::array<std::byte, 16>;

/// Each function is the system call of its name: a result >= 0, or -errno. EINTR is tried again.
class files {
public:
    virtual ~files() = default;

    virtual int openat(int directory, const char* path, int flags, ::mode_t mode);
    virtual ::ssize_t pwrite(int file, std::span<const std::byte> data, std::uint64_t offset);
    virtual ::ssize_t pread(int file, std::span<std::byte> into, std::uint64_t offset);
    /// With FALLOC_FL_KEEP_SIZE.
    virtual int fallocate(int file, std::uint64_t offset, std::uint64_t size);
    virtual int fstatfs(int file, struct ::statfs& out);
    /// The bytes that a name may have in there, as fstatfs tells it; may be nonsense.
    virtual long name_max(int directory);
    virtual int futimens(int file, const ::timespec times[2]);
    virtual int fchmod(int file, ::mode_t mode);
    virtual int fsync(int file);
    virtual int close(int file);
    virtual int lock(int file);  ///< flock with LOCK_EX and LOCK_NB
    virtual int fstat(int file, struct ::stat& out);
    virtual int ftruncate(int file, std::uint64_t size);
    virtual int mkdirat(int directory, const char* path, ::mode_t mode);
    virtual int fstatat(int directory, const char* path, struct ::stat& out, int flags);
    virtual int renameat(int directory, const char* from, const char* to);
    virtual int unlinkat(int directory, const char* path);
    /// renameat2 with RENAME_NOREPLACE; falls back to linkat and unlinkat where that is missing.
    virtual int rename_noreplace(int directory, const char* from, const char* to);
    /// linkat of an open file that has no name (O_TMPFILE); never replaces what is there.
    virtual int link(int file, int directory, const char* to);

    /// fsetxattr, fgetxattr and fremovexattr.
    virtual int set_attribute(int file, const char* name, std::string_view value);
    virtual ::ssize_t get_attribute(int file, const char* name, std::span<std::byte> into);
    virtual int remove_attribute(int file, const char* name);
    /// lseek with SEEK_HOLE from the beginning: the size, if there is none.
    virtual std::int64_t first_hole(int file);
    /// The boot of the machine, all zeros if the system does not tell it.
    virtual boot_id boot();

    /// For the time between checkpoints.
    virtual std::chrono::steady_clock::time_point now();

    /// The system's own.
    static files& system() noexcept;
};

/// A descriptor, or -errno; closed unless it is handed on.
class holder {
public:
    holder(files& calls, int descriptor) : calls_(calls), descriptor_(descriptor) {}
    ~holder() {
        if (descriptor_ >= 0)
            calls_.close(descriptor_);
    }
    holder(const holder&) = delete;
    holder& operator=(const holder&) = delete;

    int get() const { return descriptor_; }
    int release() { return std::exchange(descriptor_, -1); }

private:
    files& calls_;
    int descriptor_;
};

/// A lack of descriptors or memory, which says nothing of what is on disk.
bool may_pass(int negative_errno) noexcept;

/// errno as an error of ours: `disk_full` for ENOSPC, EDQUOT and EFBIG, `too_many_files` for EMFILE
/// and ENFILE, `name` for ENAMETOOLONG, else `file`.
boost::system::error_code file_error(int negative_errno) noexcept;

/// "cannot WHAT NAME: REASON", with the code of `file_error`.
core::fault file_fault(std::string_view what, std::string_view name, int negative_errno);

}  // namespace asyncdl::storage
