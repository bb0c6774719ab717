// Runs a command and writes what it cost to a file, one line: CPU seconds of user and system
// together, wall seconds, peak memory in KiB. Ends as the command did. For the bench scripts.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int count, char** words) {
    if (count < 3) {
        std::fputs("usage: cpu_time REPORT COMMAND [ARGUMENT]...\n", stderr);
        return 2;
    }
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child == 0) {
        execvp(words[2], words + 2);
        std::perror(words[2]);
        _exit(127);
    }
    int status = 0;
    rusage used{};
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        std::perror("cpu_time");
        return 2;
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;

    std::FILE* report = std::fopen(words[1], "w");
    if (!report) {
        std::perror(words[1]);
        return 2;
    }
    std::fprintf(report, "%.6f %.6f %ld\n", seconds(used.ru_utime) + seconds(used.ru_stime),
                 wall.count(), used.ru_maxrss);
    if (std::fclose(report) != 0) {
        return 2;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
