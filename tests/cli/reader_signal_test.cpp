// Readers that take nothing and are no pipes: a terminal, and who has not come yet.

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "bench.hpp"
#include "named_pipe.hpp"
#include "support/misbehaviour.hpp"
#include "support/skip.hpp"
#include "support/wait.hpp"

namespace {

using asyncdl::test::bench;
using asyncdl::test::eventually;
using asyncdl::test::patience;
using asyncdl::test::soon;

/// A terminal that nobody reads.
class unread_terminal {
public:
    unread_terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) {
            return;
        }
        path_ = ::ptsname(master_);
        writer_ = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    ~unread_terminal() {
        ::close(writer_);
        ::close(master_);
    }
    unread_terminal(const unread_terminal&) = delete;
    unread_terminal& operator=(const unread_terminal&) = delete;

    bool is_there() const { return asyncdl::test::has(writer_ >= 0, "a pseudo-terminal"); }
    const std::string& path() const { return path_; }

    /// Waits until it says that it takes no more.
    bool is_full() const {
        return eventually([&] {
            pollfd room{writer_, POLLOUT, 0};
            return ::poll(&room, 1, 0) == 0;
        });
    }

private:
    int master_ = -1;
    int writer_ = -1;
    std::string path_;
};

TEST_SUITE("cli/reader_signal") {
    TEST_CASE("the first signal ends a run whose terminal takes nothing") {
        for (const std::string tail : {" >", " -q 2>", " --jsonl - 2>/dev/null >"}) {
            CAPTURE(tail);
            const unread_terminal terminal;
            if (!terminal.is_there()) {
                return;
            }
            bench b;
            b.server.on("/stalls", asyncdl::test::misbehave::stall_before_head());
            std::string list = b.url("/stalls") + "\n";
            for (int i = 0; i < 3000; ++i) {
                list += "nonsense-" + std::string(100, 'x') + std::to_string(i) + "\n";
            }
            b.write("list", list);
            auto program = b.start_shell("exec \"$0\" -i list -j4 --retries 0" + tail + "\"" +
                                         terminal.path() + "\"");
            REQUIRE(eventually([&] { return b.server.requests("/stalls") == 1; }));
            REQUIRE(terminal.is_full());
            program.signal(SIGINT);
            const auto r = program.wait(patience);
            CHECK_FALSE(r.timed_out);
            CHECK(r.status == 128 + SIGINT);
        }
    }

    TEST_CASE("a signal ends a run that waits for the reader of its log or report") {
        for (const std::string option : {"--log-file", "--json"}) {
            CAPTURE(option);
            bench b;
            REQUIRE(::mkfifo((b.dir / "pipe").c_str(), 0600) == 0);
            asyncdl::test::named_pipe sums((b.dir / "sums").string());
            auto program = b.start_shell("exec \"$0\" " + option +
                                         " pipe --checksum-file sums \"$1/bytes/1\"");
            // What is read before the log is opened.
            sums.write(std::string(64, '0') + "  1\n");
            REQUIRE(sums.is_read());
            sums.close();
            program.signal(SIGINT);
            const auto r = program.wait(soon);
            CHECK_FALSE(r.timed_out);
            CHECK(r.status == 128 + SIGINT);
        }
    }
}

}  // namespace
