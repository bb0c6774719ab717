#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
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

/// The most that a running process has had resident. Not from wait4: what that says counts the
/// memory of the parent as well, which a spawned process has until it is a program of its own.
std::uint64_t peak_memory(::pid_t id) {
    std::ifstream status("/proc/" + std::to_string(id) + "/status");
    std::string word;
    std::uint64_t kib = 0;
    while (status >> word) {
        if (word == "VmHWM:") {
            status >> kib;
        }
    }
    return kib;
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

bool process::has_ended() const {
    ::siginfo_t ended{};
    ::waitid(P_PID, static_cast<::id_t>(id_), &ended, WEXITED | WNOHANG | WNOWAIT);
    return ended.si_pid != 0;
}

std::string process::out() const {
    return read_all(out_);
}

std::string process::err() const {
    return read_all(err_);
}

process_result process::wait(std::chrono::milliseconds bound) {
    process_result result;
    ::pollfd ended{static_cast<int>(::syscall(SYS_pidfd_open, id_, 0)), POLLIN, 0};
    const auto end = std::chrono::steady_clock::now() + bound;
    result.peak_kib = peak_memory(id_);
    while (::poll(&ended, 1, 5) == 0 && !result.timed_out) {
        result.peak_kib = std::max(result.peak_kib, peak_memory(id_));
        result.timed_out = std::chrono::steady_clock::now() >= end;
    }
    ::close(ended.fd);
    if (result.timed_out) {
        ::kill(id_, SIGKILL);
    }
    int status = 0;
    ::waitpid(id_, &status, 0);
    id_ = -1;
    result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    result.out = read_all(out_);
    result.err = read_all(err_);
    return result;
}

process_result run_process(const std::vector<std::string>& words, const process_options& options) {
    process running(words, options);
    return running.wait(options.bound);
}

}  // namespace asyncdl::test
