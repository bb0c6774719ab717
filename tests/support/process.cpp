#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace asyncdl::test {
namespace {

/// A file in memory: a program never waits for us to read what it prints.
int memory_file(const std::string& content = {}) {
    const int file = ::memfd_create("output", MFD_CLOEXEC);
    if (file < 0 ||
        ::write(file, content.data(), content.size()) != static_cast<::ssize_t>(content.size())) {
        throw std::runtime_error("cannot make a file in memory");
    }
    ::lseek(file, 0, SEEK_SET);
    return file;
}

std::string read_all(int file) {
    std::string bytes;
    char piece[64 * 1024];
    ::ssize_t count = 0;
    while ((count = ::pread(file, piece, sizeof piece, static_cast<::off_t>(bytes.size()))) > 0) {
        bytes.append(piece, static_cast<std::size_t>(count));
    }
    return bytes;
}

}  // namespace

process::process(const std::vector<std::string>& words, const process_options& options)
    : out_(memory_file()), err_(memory_file()) {
    const int in = memory_file(options.input);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out_, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err_, STDERR_FILENO);
    if (!options.directory.empty()) {
        ::posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
    }
    std::vector<char*> pointers;
    for (const std::string& word : words) {
        pointers.push_back(const_cast<char*>(word.c_str()));
    }
    pointers.push_back(nullptr);
    const int error =
        ::posix_spawnp(&id_, pointers[0], &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in);
    if (error != 0) {
        ::close(out_);
        ::close(err_);
        throw std::runtime_error("cannot start " + words[0]);
    }
}

process::~process() {
    if (id_ > 0) {
        wait(std::chrono::milliseconds(0));
    }
    ::close(out_);
    ::close(err_);
}

void process::signal(int number) {
    if (id_ > 0) {
        ::kill(id_, number);
    }
}

process_result process::wait(std::chrono::milliseconds bound) {
    process_result result;
    ::pollfd ended{static_cast<int>(::syscall(SYS_pidfd_open, id_, 0)), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(bound.count())) == 0) {
        result.timed_out = true;
        ::kill(id_, SIGKILL);
    }
    ::close(ended.fd);
    int status = 0;
    ::rusage usage{};
    ::wait4(id_, &status, 0, &usage);
    id_ = -1;
    result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    result.out = read_all(out_);
    result.err = read_all(err_);
    result.peak_kib = static_cast<std::uint64_t>(usage.ru_maxrss);
    return result;
}

process_result run_process(const std::vector<std::string>& words, const process_options& options) {
    process running(words, options);
    return running.wait(options.bound);
}

}  // namespace asyncdl::test
