#include "cli/process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <system_error>

namespace asyncdl::cli {

void prepare_process() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        // O_PATH: whoever reads or writes it gets EBADF, as from a closed one. It takes the lowest
        // number that is free, which is this one.
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/", O_PATH | O_CLOEXEC) != fd) {
            throw std::system_error(errno, std::system_category(),
                                    "cannot keep the place of a standard descriptor");
        }
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

}  // namespace asyncdl::cli
