#pragma once
// The system's files in a file system that takes only short names, and may say otherwise. One
// thread.

#include <cerrno>
#include <cstring>
#include <string_view>

#include "storage/files.hpp"

namespace asyncdl::test {

class narrow_files final : public storage::files {
public:
    /// @param takes bytes of a name; `says` what is told of that
    narrow_files(std::size_t takes, long says) : takes_(takes), says_(says) {}

    int asked() const { return asked_; }

    long name_max(int) override { return says_; }
    int openat(int directory, const char* path, int flags, ::mode_t mode) override {
        return refuses(path) ? -ENAMETOOLONG : files::openat(directory, path, flags, mode);
    }
    int mkdirat(int directory, const char* path, ::mode_t mode) override {
        return refuses(path) ? -ENAMETOOLONG : files::mkdirat(directory, path, mode);
    }
    int fstatat(int directory, const char* path, struct ::stat& out, int flags) override {
        ++asked_;
        return refuses(path) ? -ENAMETOOLONG : files::fstatat(directory, path, out, flags);
    }
    int renameat(int directory, const char* from, const char* to) override {
        return refuses(from) || refuses(to) ? -ENAMETOOLONG : files::renameat(directory, from, to);
    }
    int rename_noreplace(int directory, const char* from, const char* to) override {
        return refuses(from) || refuses(to) ? -ENAMETOOLONG
                                            : files::rename_noreplace(directory, from, to);
    }
    int link(int file, int directory, const char* to) override {
        return refuses(to) ? -ENAMETOOLONG : files::link(file, directory, to);
    }

private:
    /// Paths from the root are those of the test itself.
    bool refuses(const char* path) const { return *path != '/' && std::strlen(path) > takes_; }

    std::size_t takes_;
    long says_;
    int asked_ = 0;
};

}  // namespace asyncdl::test
