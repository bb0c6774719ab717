#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "bench.hpp"
#include "named_pipe.hpp"
#include "support/misbehaviour.hpp"
#include "support/wait.hpp"

using asyncdl::test::bench;
using asyncdl::test::eventually;
using asyncdl::test::patience;
namespace json = boost::json;

TEST_SUITE("cli/signal") {
    TEST_CASE("a signal cancels what was taken, reports it and is the exit status") {
        for (const int number : {SIGINT, SIGTERM}) {
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
        const int room = ::fcntl(reader, F_GETPIPE_SZ);
        auto program = b.start({"-i", "list", "--jsonl", "pipe", "-q"});
        REQUIRE(eventually([&] {
            int held = 0;
            return ::ioctl(reader, FIONREAD, &held) == 0 && held == room;
        }));
        program.signal(SIGINT);
        program.signal(SIGTERM);
        const auto r = program.wait(patience);
        CHECK_FALSE(r.timed_out);
        // Where both are pending, the system says which is told first.
        CHECK((r.status == 128 + SIGINT || r.status == 128 + SIGTERM));
        ::close(reader);
    }
}
