#include "cli/file_claims.hpp"

#include <fcntl.h>

#include <utility>

#include "cli/settings.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

void file_claims::use(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) == 0) {
        claim(status);
    }
}

void file_claims::use(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        claim(status);
    }
}

void file_claims::write(int fd, const std::string& name) {
    watch(unique_fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)), name);
}

void file_claims::write(const std::string& path) {
    watch(unique_fd(::open(path.c_str(), O_PATH | O_CLOEXEC)), path);
}

void file_claims::write_alone(int fd, const std::string& name) {
    struct stat status {};
    if (::fstat(fd, &status) == 0) {
        claim_alone(status, name);
    }
}

void file_claims::write_alone(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        claim_alone(status, path);
    }
}

void file_claims::claim_alone(const struct stat& status, const std::string& name) {
    if (S_ISCHR(status.st_mode)) {
        return;
    }
    if (!claim(status)) {
        throw usage_error(shown_value(name) + " is read or written by this run already");
    }
    taken_.emplace(status.st_dev, status.st_ino);
}

std::vector<file_identity> file_claims::in_use() const {
    return {files_.begin(), files_.end()};
}

std::vector<std::string> file_claims::lost() const {
    std::vector<std::string> lines;
    for (const written& each : written_) {
        struct stat status {};
        if (::fstat(each.file.native(), &status) == 0 && status.st_nlink == 0) {
            lines.push_back(shown_value(each.name) +
                            ": was removed or replaced while it was written");
        }
    }
    return lines;
}

// False where it was claimed before.
bool file_claims::claim(const struct stat& status) {
    return !S_ISREG(status.st_mode) || files_.emplace(status.st_dev, status.st_ino).second;
}

void file_claims::watch(unique_fd file, const std::string& name) {
    struct stat status {};
    if (::fstat(file.native(), &status) != 0) {
        return;
    }
    if (taken_.contains({status.st_dev, status.st_ino})) {
        throw usage_error(shown_value(name) + " is where --output goes");
    }
    if (!claim(status)) {
        throw usage_error(shown_value(name) + " is read or written by this run already");
    }
    // One that never had a name, or lost it before, is of somebody who holds it open.
    if (S_ISREG(status.st_mode) && status.st_nlink > 0) {
        written_.push_back({std::move(file), name});
    }
}

}  // namespace asyncdl::cli
