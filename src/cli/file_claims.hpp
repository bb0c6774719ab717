#pragma once
// Which files a run reads and writes: no report goes to a list or over another report, no download
// replaces one of them, and a report whose file was removed meanwhile is told. Owned by the
// program. Only regular files count: they are compared as opened, whatever their names are.

#include <sys/stat.h>

#include <asyncdl/file_identity.hpp>
#include <set>
#include <string>
#include <vector>

#include "cli/input_file.hpp"

namespace asyncdl::cli {

class file_claims {
public:
    /// `fd`, or what is at `path`, is used by the run; several lists may be one file.
    void use(int fd);
    void use(const std::string& path);

    /// `fd`, or what is at `path`, is written by the run alone; errors call it `name`.
    /// @throws usage_error where that file is used already
    void write(int fd, const std::string& name);
    void write(const std::string& path);

    /// The same for what nothing else may be written into, even if it is a pipe. A device counts
    /// as no file.
    /// @throws usage_error
    void write_alone(int fd, const std::string& name);
    void write_alone(const std::string& path);

    /// All of them.
    std::vector<file_identity> in_use() const;

    /// A line for a person for each file that is written and has lost its last name meanwhile, so
    /// that nobody will find what is in it.
    std::vector<std::string> lost() const;

private:
    struct written {
        unique_fd file;
        std::string name;
    };

    bool claim(const struct stat& status);
    void watch(unique_fd file, const std::string& name);
    void claim_alone(const struct stat& status, const std::string& name);

    std::set<file_identity> files_;
    std::vector<written> written_;
    std::set<file_identity> taken_;  // by `write_alone`
};

}  // namespace asyncdl::cli
