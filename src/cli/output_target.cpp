#include "cli/output_target.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <filesystem>
#include <string_view>

#include "cli/settings.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// As many as Linux follows in a path.
constexpr int max_links = 40;

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && value >= 0;
    return whole ? std::optional(value) : std::nullopt;
}

bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Whether the names in `directory` are the descriptors of this process.
bool holds_descriptors(const std::string& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
        return false;
    }
    struct stat own {};
    return (::stat("/proc/self/fd", &own) == 0 && is_same(own, status)) ||
           (::stat("/proc/thread-self/fd", &own) == 0 && is_same(own, status));
}

// Follows symlinks by hand up to the link in /proc that stands for the descriptor: to follow that
// one would lead to the file behind it, opened anew.
std::optional<int> descriptor_behind(std::string path) {
    for (int links = 0; links < max_links; ++links) {
        const std::size_t slash = path.rfind('/');
        const std::string directory = slash == path.npos ? "./" : path.substr(0, slash + 1);
        if (holds_descriptors(directory)) {
            return number(std::string_view(path).substr(slash + 1));
        }
        std::array<char, PATH_MAX> link;
        const ssize_t length = ::readlink(path.c_str(), link.data(), link.size());
        if (length <= 0) {
            return std::nullopt;
        }
        const std::string_view target(link.data(), static_cast<std::size_t>(length));
        path = target.starts_with('/') ? std::string(target) : directory + std::string(target);
    }
    return std::nullopt;
}

// These mean the descriptor even if /proc is not mounted.
std::optional<int> descriptor_of(const std::string& name, const std::string& path) {
    constexpr std::string_view folder = "/dev/fd/";
    if (name == "-" || path == "/dev/stdout") {
        return STDOUT_FILENO;
    }
    if (path == "/dev/stderr") {
        return STDERR_FILENO;
    }
    if (path.starts_with(folder)) {
        if (const auto found = number(std::string_view(path).substr(folder.size()))) {
            return found;
        }
    }
    return descriptor_behind(path);
}

std::string name_of(int fd, const std::string& name) {
    static constexpr std::array<std::string_view, 3> standard{"standard input", "standard output",
                                                              "standard error"};
    return fd < 3 ? std::string(standard[static_cast<std::size_t>(fd)]) : shown_value(name);
}

// Whether a line of the summary would end up in the body. A terminal may show both; so may a device
// that keeps nothing.
bool is_standard_output(int fd) {
    struct stat status {};
    struct stat out {};
    return ::fstat(fd, &status) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 && is_same(status, out) &&
           !S_ISCHR(status.st_mode);
}

stream_target stream_on(int fd, std::string name) {
    // A descriptor that closes on exec was not given to the program: it is one of its own.
    const int flags = ::fcntl(fd, F_GETFD);
    const int mode = ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) {
        throw usage_error("--output: " + name + " is closed");
    }
    struct stat status {};
    if ((mode & O_PATH) != 0 || (mode & O_ACCMODE) == O_RDONLY || ::fstat(fd, &status) != 0) {
        throw usage_error("--output: " + name + " is not open for writing");
    }
    stream_target stream;
    stream.descriptor = unique_fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (stream.descriptor.native() < 0) {
        throw usage_error("--output: " + name + " cannot be duplicated");
    }
    stream.name = std::move(name);
    stream.on_stdout = fd == STDOUT_FILENO || is_standard_output(fd);
    stream.on_terminal = ::isatty(fd) == 1;
    return stream;
}

// As the library would name the file; empty if the name leaves the directory, which it refuses.
std::string path_of(const std::string& name, const std::string& directory) {
    if (name.starts_with('/')) {
        return name;
    }
    const std::string below = std::filesystem::path(name).lexically_normal().string();
    const bool leaves = below.empty() || below == ".." || below.starts_with("../");
    return leaves ? std::string() : directory + "/" + below;
}

}  // namespace

output_target resolve_output(const std::string& name, const std::string& directory) {
    output_target target;
    const std::string path = path_of(name, directory);
    if (const auto fd = descriptor_of(name, path)) {
        target.stream = stream_on(*fd, name_of(*fd, name));
        return target;
    }
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) != 0) {
        return target;
    }
    if (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode)) {
        target.stream.emplace();
        target.stream->name = shown_value(name);
        target.stream->path = path;
    } else if (S_ISBLK(status.st_mode) || S_ISSOCK(status.st_mode)) {
        target.refusal = shown_value(name) + " is a " +
                         (S_ISBLK(status.st_mode) ? "block device" : "socket") +
                         ", which is never written to";
    }
    return target;
}

}  // namespace asyncdl::cli
