#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>

#include "bench.hpp"
#include "named_pipe.hpp"
#include "support/misbehaviour.hpp"
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
        std::string list;
        for (int i = 0; i < 3000; ++i) {
            list += "nonsense\n";
        }
        b.write("list", list);
        const std::string pipe = (b.dir / "pipe").string();
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        // Nobody reads it.
        const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(reader >= 0);
        const int writer = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(writer >= 0);
        auto program = b.start({"-i", "list", "--jsonl", "pipe", "-q"});
        // It is full when it takes no more, which may be a few bytes before its size.
        REQUIRE(eventually([&] {
            pollfd room{writer, POLLOUT, 0};
            return ::poll(&room, 1, 0) == 0;
        }));
        program.signal(SIGINT);
        program.signal(SIGTERM);
        const auto r = program.wait(patience);
        CHECK_FALSE(r.timed_out);
        // Where both are pending, the system says which is told first.
        CHECK((r.status == 128 + SIGINT || r.status == 128 + SIGTERM));
        ::close(reader);
        ::close(writer);
    }
}
