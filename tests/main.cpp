// Runs the suites of one test program.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>

int main(int count, char** words) {
    // An origin in the same process doubles the descriptors of what is tested.
    ::rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    // Programs that are started inherit what nohup has set.
    for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
        std::signal(number, SIG_DFL);
    }
    return doctest::Context(count, words).run();
}
