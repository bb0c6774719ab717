#include "cli/file_claims.hpp"

#include "cli/settings.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

void file_claims::read(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        files_.emplace(status.st_dev, status.st_ino);
    }
}

void file_claims::write(int fd, const std::string& name) {
    struct stat status {};
    if (::fstat(fd, &status) == 0) {
        claim(status, name);
    }
}

void file_claims::write(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        claim(status, path);
    }
}

void file_claims::claim(const struct stat& status, const std::string& name) {
    if (S_ISREG(status.st_mode) && !files_.emplace(status.st_dev, status.st_ino).second) {
        throw usage_error(shown_value(name) + " is a list, or another report");
    }
}

}  // namespace asyncdl::cli
