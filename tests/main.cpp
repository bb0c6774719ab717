// Runs the suites of one test program.

#include <doctest/doctest.h>
#include <sys/resource.h>

int main(int count, char** words) {
    // An origin in the same process doubles the descriptors of what is tested.
    ::rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    return doctest::Context(count, words).run();
}
