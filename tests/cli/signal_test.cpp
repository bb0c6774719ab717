#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "bench.hpp"
#include "support/wait.hpp"

using asyncdl::test::bench;
using asyncdl::test::eventually;
using asyncdl::test::patience;
namespace json = boost::json;

namespace {

asyncdl::test::process start(const bench& b, std::vector<std::string> arguments) {
    asyncdl::test::process_options options;
    options.directory = b.dir.string();
    return asyncdl::test::process(b.command(std::move(arguments)), options);
}

}  // namespace

TEST_SUITE("cli/signal") {
    TEST_CASE("a signal cancels what was taken, reports it and is the exit status") {
        for (const int number : {SIGINT, SIGTERM}) {
            bench b;
            b.write("list", b.url("/bytes/1") + "\n" + b.url("/slow/1000/1000") + "\n" +
                                b.url("/bytes/2") + "\n");
            auto program = start(b, {"-j1", "--json", "r", "-q", "-i", "list"});
            REQUIRE(eventually([&] { return b.server.requests("/slow/1000/1000") == 1; }));
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
            CHECK_FALSE(b.exists("downloads/1000"));
        }
    }

    TEST_CASE("a signal ends a program that waits for a pipe") {
        bench b;
        const auto r = b.shell(
            "mkfifo p; sleep 20 > p & s=$!\n"
            "\"$0\" -q -i p --jsonl l & a=$!\n"
            "until [ -e l ]; do sleep 0.02; done; sleep 0.1\n"
            "kill -TERM $a; wait $a; echo $?; kill $s");
        CHECK(r.out == "143\n");
        CHECK_FALSE(r.timed_out);
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
        auto program = start(b, {"-i", "list", "--jsonl", "pipe", "-q"});
        REQUIRE(eventually([&] {
            int held = 0;
            return ::ioctl(reader, FIONREAD, &held) == 0 && held == room;
        }));
        program.signal(SIGINT);
        program.signal(SIGTERM);
        const auto r = program.wait(patience);
        CHECK_FALSE(r.timed_out);
        CHECK((r.status == 128 + SIGINT || r.status == 128 + SIGTERM));
        ::close(reader);
    }
}
