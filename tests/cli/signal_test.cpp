#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "named_pipe.hpp"
#include "support/misbehaviour.hpp"
#include "support/skip.hpp"
#include "support/wait.hpp"

using asyncdl::test::bench;
using asyncdl::test::eventually;
using asyncdl::test::patience;
namespace json = boost::json;

namespace {

// As a shell starts it that ignores the signals of these names, which its children inherit.
asyncdl::test::process start_ignoring(const bench& b, const std::string& signals,
                                      std::vector<std::string> arguments) {
    asyncdl::test::process_options options;
    options.directory = b.dir.string();
    std::vector<std::string> words{"/bin/sh", "-c", "trap '' " + signals + "; exec \"$0\" \"$@\""};
    for (std::string& word : b.command(std::move(arguments))) {
        words.push_back(std::move(word));
    }
    return asyncdl::test::process(words, options);
}

// A path whose answer comes when the test lets it.
class held_answer {
public:
    explicit held_answer(bench& b) {
        b.server.on("/held", [free = free_](asyncdl::test::connection& peer, const auto&) {
            if (eventually([&] { return free->load(); })) {
                peer.send({.body = "held"});
            }
        });
    }
    ~held_answer() { release(); }
    void release() { *free_ = true; }

private:
    // The origin's threads may outlive this.
    std::shared_ptr<std::atomic<bool>> free_ = std::make_shared<std::atomic<bool>>(false);
};

// A named pipe that is read only once the test says so.
class unread_pipe {
public:
    explicit unread_pipe(const std::string& path) {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        reader_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(reader_ >= 0);
        writer_ = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(writer_ >= 0);
    }
    ~unread_pipe() {
        ::close(reader_);
        ::close(writer_);
    }
    unread_pipe(const unread_pipe&) = delete;
    unread_pipe& operator=(const unread_pipe&) = delete;

    /// Waits until it takes no more, which may be a few bytes before its size.
    bool is_full() const {
        return eventually([&] {
            pollfd room{writer_, POLLOUT, 0};
            return ::poll(&room, 1, 0) == 0;
        });
    }

    /// All that is written until its writer, of whom there has to be one, closes it.
    std::string read_all() {
        ::close(std::exchange(writer_, -1));
        REQUIRE(::fcntl(reader_, F_SETFL, 0) == 0);
        std::string text;
        std::array<char, 65536> block;
        for (::ssize_t got = 0; (got = ::read(reader_, block.data(), block.size())) > 0;) {
            text.append(block.data(), static_cast<std::size_t>(got));
        }
        return text;
    }

private:
    int reader_ = -1;
    int writer_ = -1;
};

// A list whose reports are longer than a pipe, without a download.
void write_long_list(const bench& b) {
    std::string list;
    for (int i = 0; i < 3000; ++i) {
        list += "nonsense\n";
    }
    b.write("list", list);
}

}  // namespace

TEST_SUITE("cli/signal") {
    TEST_CASE("a signal cancels what was taken, reports it and is the exit status") {
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
            CAPTURE(number);
            bench b;
            b.server.on("/stalls", asyncdl::test::misbehave::stall_before_head());
            b.write("list",
                    b.url("/bytes/1") + "\n" + b.url("/stalls") + "\n" + b.url("/bytes/2") + "\n");
            auto program = b.start({"-j1", "--json", "r", "-q", "-i", "list"});
            REQUIRE(eventually([&] { return b.server.requests("/stalls") == 1; }));
            program.signal(number);
            const auto r = program.wait(patience);
            CHECK(r.status == 128 + number);
            const json::value document = json::parse(b.read("r"));
            const json::array& results = document.at("results").as_array();
            REQUIRE(results.size() == 2);  // the third was not read yet
            CHECK(results[0].at("success").as_bool());
            CHECK(results[1].at("error_kind").as_string() == "cancelled");
            CHECK(document.at("summary").at("cancelled").as_int64() == 1);
            CHECK(b.exists("downloads/1"));
            CHECK_FALSE(b.exists("downloads/stalls"));
        }
    }

    TEST_CASE("signals that are ignored at the start stay ignored") {
        for (const char* threads : {"1", "2"}) {
            bench b;
            held_answer answer(b);
            auto program = start_ignoring(
                b, "HUP INT TERM", {"-q", "--threads", threads, "--json", "r", b.url("/held")});
            REQUIRE(eventually([&] { return b.server.requests("/held") == 1; }));
            // Of those that are not ignored the second would end the program at once.
            for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
                program.signal(number);
            }
            answer.release();
            const auto r = program.wait(patience);
            CHECK(r.status == 0);
            CHECK(r.err.empty());
            CHECK(b.read("downloads/held") == "held");
            CHECK(json::parse(b.read("r")).at("summary").at("succeeded").as_int64() == 1);
        }
    }

    TEST_CASE("of a job in the background SIGINT is not for it, SIGTERM is") {
        bench b;
        held_answer answer(b);
        auto program = start_ignoring(b, "INT", {"-q", "--json", "r", b.url("/held")});
        REQUIRE(eventually([&] { return b.server.requests("/held") == 1; }));
        program.signal(SIGINT);
        program.signal(SIGTERM);
        const auto r = program.wait(patience);
        CHECK(r.status == 128 + SIGTERM);
        CHECK(json::parse(b.read("r")).at("summary").at("cancelled").as_int64() == 1);
    }

    TEST_CASE("a signal ends a program that waits for a pipe") {
        bench b;
        asyncdl::test::named_pipe list((b.dir / "pipe").string());
        auto program = b.start({"-q", "-i", "pipe", "--jsonl", "l"});
        list.write(b.url("/bytes/1") + "\n");
        REQUIRE(eventually([&] { return b.read("l").ends_with('\n'); }));
        program.signal(SIGTERM);
        const auto r = program.wait(patience);
        CHECK_FALSE(r.timed_out);
        CHECK(r.status == 128 + SIGTERM);
    }

    TEST_CASE("a second signal ends at once, even where a report is stuck") {
        bench b;
        write_long_list(b);
        const unread_pipe pipe((b.dir / "pipe").string());
        auto program = b.start({"-i", "list", "--jsonl", "pipe", "-q"});
        REQUIRE(pipe.is_full());
        program.signal(SIGINT);
        program.signal(SIGTERM);
        const auto r = program.wait(patience);
        CHECK_FALSE(r.timed_out);
        // Where both are pending, the system says which is told first.
        CHECK((r.status == 128 + SIGINT || r.status == 128 + SIGTERM));
    }

    // ThreadSanitizer holds back a signal to a thread that waits in a system call.
#ifndef __SANITIZE_THREAD__
    TEST_CASE("a signal while a report waits for its reader is the status, a second ends at once") {
        for (const char* threads : {"1", "2"}) {
            for (const bool is_read : {true, false}) {
                CAPTURE(threads);
                CAPTURE(is_read);
                bench b;
                write_long_list(b);
                unread_pipe pipe((b.dir / "pipe").string());
                // The document is written when every download has ended.
                auto program =
                    b.start({"-q", "-i", "list", "--threads", threads, "--json", "pipe"});
                REQUIRE(pipe.is_full());
                program.signal(SIGINT);
                if (is_read) {
                    const json::value document = json::parse(pipe.read_all());
                    CHECK(document.at("results").as_array().size() == 3000);
                } else {
                    // Two that are pending at the same time are one.
                    CHECK(eventually([&] {
                        program.signal(SIGINT);
                        return program.has_ended();
                    }));
                }
                const auto r = program.wait(patience);
                CHECK_FALSE(r.timed_out);
                CHECK(r.status == 128 + SIGINT);
            }
        }
    }
#endif

#ifndef __SANITIZE_THREAD__
    TEST_CASE("the first signal ends a run whose reader takes nothing, whoever writes to it") {
        const std::string names = "\"$0\" -i list -j4 --retries 0 ";
        const std::vector<std::string> commands{
            names + "--log-level trace >/dev/null 2>pipe",
            names + "--log-level trace --threads 2 >/dev/null 2>pipe",
            names + "-q 2>pipe",
            names + ">pipe",
            names + "--jsonl - >pipe 2>/dev/null",
            names + "--json - --log-level trace --log-file pipe >/dev/null",
        };
        for (const std::string& command : commands) {
            CAPTURE(command);
            bench b;
            b.server.on("/stalls", asyncdl::test::misbehave::stall_before_head());
            std::string list = b.url("/stalls") + "\n";
            for (int i = 0; i < 3000; ++i) {
                list += "nonsense-" + std::string(100, 'x') + std::to_string(i) + "\n";
            }
            b.write("list", list);
            const unread_pipe pipe((b.dir / "pipe").string());
            auto program = b.start_shell("exec " + command);
            REQUIRE(eventually([&] { return b.server.requests("/stalls") == 1; }));
            REQUIRE(pipe.is_full());
            program.signal(SIGINT);
            const auto r = program.wait(patience);
            CHECK_FALSE(r.timed_out);
            CHECK(r.status == 128 + SIGINT);
        }
    }

    TEST_CASE("lines of progress that nobody reads hold up nothing") {
        for (const char* threads : {"1", "2"}) {
            CAPTURE(threads);
            bench b;
            held_answer answer(b);
            const unread_pipe pipe((b.dir / "pipe").string());
            // Takes the room that the first line of progress would find.
            auto program =
                b.start_shell("yes | head -c 1000000 >pipe &\nexec \"$0\" --threads " +
                              std::string(threads) + " --progress plain \"$1/held\" 2>pipe");
            REQUIRE(eventually([&] { return b.server.requests("/held") == 1; }));
            REQUIRE(pipe.is_full());
            std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // one line at least
            program.signal(SIGINT);
            const auto r = program.wait(patience);
            CHECK_FALSE(r.timed_out);
            CHECK(r.status == 128 + SIGINT);
        }
    }
#endif

    TEST_CASE("a reader of the log that takes nothing holds up no download") {
        for (const char* options : {"", "--threads 2"}) {
            CAPTURE(options);
            bench b;
            std::string list;
            for (int i = 1; i <= 1000; ++i) {
                const std::string number = std::to_string(i);
                list +=
                    number + "=" + b.url("/bytes/" + number + '/' + std::string(200, 'x')) + "\n";
            }
            b.write("list", list);
            const unread_pipe pipe((b.dir / "pipe").string());
            auto program = b.start_shell("exec \"$0\" -i list --log-level trace " +
                                         std::string(options) + " >/dev/null 2>pipe");
            CHECK(eventually([&] { return b.read("downloads/1000").size() == 1000; }));
            const auto r = program.wait(patience);
            CHECK_FALSE(r.timed_out);
            CHECK(r.status == 0);
        }
    }

    TEST_CASE("a list of terabytes without an entry holds up neither downloads nor a signal") {
        for (const char* threads : {"1", "2"}) {
            for (const bool is_device : {false, true}) {
                CAPTURE(threads);
                CAPTURE(is_device);
                bench b;
                const auto list = b.dir / "list";
                if (!is_device) {
                    b.write("list", "");
                    std::filesystem::resize_file(list, std::uintmax_t{1} << 42);
                } else if (!asyncdl::test::has(
                               ::mknod(list.c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0 &&
                                   ::access(list.c_str(), R_OK) == 0,
                               "the right to make a device")) {
                    continue;
                }
                auto program = b.start({"-q", "-i", "list", "--threads", threads, "--jsonl", "l",
                                        b.url("/slow/10/1000")});
                CHECK(eventually([&] { return b.read("downloads/1000").size() == 1000; }));
                program.signal(SIGINT);
                const auto r = program.wait(patience);
                CHECK_FALSE(r.timed_out);
                CHECK(r.status == 128 + SIGINT);
            }
        }
    }

    TEST_CASE("a signal before the first download cancels the run, and its reports are whole") {
        for (const char* threads : {"1", "2"}) {
            CAPTURE(threads);
            bench b;
            const std::string pipe = (b.dir / "pipe").string();
            REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
            auto program = b.start(
                {"-q", "--threads", threads, "--json", "r", "--jsonl", "pipe", b.url("/bytes/1")});
            // Now it waits for the reader of the other one.
            REQUIRE(eventually([&] { return b.exists("r"); }));
            program.signal(SIGTERM);
            const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
            REQUIRE(reader >= 0);
            const auto r = program.wait(patience);
            CHECK_FALSE(r.timed_out);
            CHECK(r.status == 128 + SIGTERM);
            boost::system::error_code torn;
            const json::value document = json::parse(b.read("r"), torn);
            REQUIRE_FALSE(torn);
            CHECK(document.at("summary").at("succeeded").as_int64() == 0);
            CHECK(b.server.requests().empty());
            ::close(reader);
        }
    }

    TEST_CASE("at whatever time a signal comes, a report is as it was or whole") {
        bench b;
        b.server.on("/stalls", asyncdl::test::misbehave::stall_before_head());
        for (int i = 0; i < 40; ++i) {
            CAPTURE(i);
            b.write("r", "as it was");
            auto program = b.start(
                {"-q", "--threads", i % 2 == 0 ? "1" : "2", "--json", "r", b.url("/stalls")});
            std::this_thread::sleep_for(std::chrono::microseconds(500 * i));
            program.signal(SIGINT);
            const auto r = program.wait(patience);
            CHECK_FALSE(r.timed_out);
            CHECK(r.status == 128 + SIGINT);
            boost::system::error_code torn;
            json::parse(b.read("r"), torn);
            CHECK((!torn || b.read("r") == "as it was"));
        }
    }
}
