#pragma once
// Which files a run reads and writes, so that no report goes to a list or over another report.
// Owned by the program while it opens them. Only regular files count: they are compared as opened,
// whatever their names are.

#include <sys/stat.h>

#include <set>
#include <string>
#include <utility>

namespace asyncdl::cli {

class file_claims {
public:
    /// `fd` is read; several lists may be one file.
    void read(int fd);

    /// `fd`, or what is at `path`, is written; errors call it `name`.
    /// @throws usage_error where that file is read or written already
    void write(int fd, const std::string& name);
    void write(const std::string& path);

private:
    void claim(const struct stat& status, const std::string& name);

    std::set<std::pair<dev_t, ino_t>> files_;
};

}  // namespace asyncdl::cli
