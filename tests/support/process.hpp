#pragma once
// Runs programs: once to their end with what they print, or in the background until told to stop.
// Used by the test's own thread.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace asyncdl::test {

/// How a program ended.
class process_result {
public:
    int status = -1;             ///< the exit status, or 128 plus the signal that ended it
    bool timed_out = false;      ///< killed at the bound
    std::string out;             ///< what it wrote to stdout
    std::string err;             ///< and to stderr
    std::uint64_t peak_kib = 0;  ///< its peak resident memory, sampled every 5 ms
};

struct process_options {
    std::string input{};      ///< given on stdin
    std::string directory{};  ///< where it runs; empty: here
    std::chrono::milliseconds bound{180'000};
};

/// A program that runs in the background, both outputs into files of its own. Killed and waited for
/// at destruction where it still runs.
class process {
public:
    /// @throws std::runtime_error where it cannot be started
    explicit process(const std::vector<std::string>& words, const process_options& options = {});
    ~process();

    process(const process&) = delete;
    process& operator=(const process&) = delete;

    ::pid_t id() const noexcept { return id_; }
    void signal(int number);

    /// Whether it has ended; `wait` tells how.
    bool has_ended() const;

    /// What it has written so far.
    std::string out() const;
    std::string err() const;

    /// Its end, or its killing at the bound.
    process_result wait(std::chrono::milliseconds bound);

private:
    ::pid_t id_ = -1;
    int out_ = -1;
    int err_ = -1;
};

process_result run_process(const std::vector<std::string>& words,
                           const process_options& options = {});

}  // namespace asyncdl::test
