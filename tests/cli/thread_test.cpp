// A system that gives few threads, or none but the first.

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <filesystem>

#include "bench.hpp"
#include "support/digest.hpp"
#include "support/pattern.hpp"

using namespace asyncdl::test;
namespace json = boost::json;

// ThreadSanitizer itself cannot start without a thread.
#ifndef __SANITIZE_THREAD__

namespace {

constexpr int files = 100;

// As a user with this many threads allowed; root becomes one who has none yet.
process_result run_limited(const bench& b, int threads, const std::string& arguments) {
    std::filesystem::permissions(b.dir / ".", std::filesystem::perms::all);
    const std::string user = std::to_string(20'000 + ::getpid() % 40'000);
    return b.shell(
        // LeakSanitizer needs a thread.
        "export ASAN_OPTIONS=exitcode=99:detect_leaks=0\n"
        "[ \"$(id -u)\" != 0 ] || prefix='setpriv --reuid " +
        user + " --clear-groups'\nexec $prefix prlimit --nproc=" + std::to_string(threads) +
        " \"$0\" " + arguments);
}

// Those that are to be tried: without root the threads of others count as well.
std::vector<int> limits() {
    return ::getuid() == 0 ? std::vector<int>{1, 2, 3} : std::vector<int>{1};
}

void check_all(const bench& b, const std::string& options) {
    for (const int threads : limits()) {
        CAPTURE(options);
        CAPTURE(threads);
        std::filesystem::remove_all(b.dir / "downloads");
        const auto r =
            run_limited(b, threads, "-q -j 32 -i list --json j --jsonl l --csv c " + options);
        CHECK(r.status == 0);
        CHECK(r.err.empty());
        for (int size = 1; size <= files; ++size) {
            CHECK(b.read("downloads/" + std::to_string(size)) ==
                  pattern(0, static_cast<std::size_t>(size)));
        }
        const json::value document = json::parse(b.read("j"));
        CHECK(document.at("summary").at("succeeded").as_int64() == files);
        CHECK(document.at("results").as_array().size() == files);
        const std::string lines = b.read("l");
        CHECK(std::count(lines.begin(), lines.end(), '\n') == files);
        const std::string rows = b.read("c");
        CHECK(std::count(rows.begin(), rows.end(), '\n') == files + 1);
        for (const char* report : {"j", "l", "c"}) {
            std::filesystem::remove(b.dir / report);
        }
    }
}

}  // namespace

TEST_SUITE("cli/thread") {
    TEST_CASE("without a thread for them, the reports are written in place and nothing is lost") {
        bench b;
        std::string list;
        for (int size = 1; size <= files; ++size) {
            list += b.url("/bytes/" + std::to_string(size)) + "\n";
        }
        b.write("list", list);
        check_all(b, "");
        check_all(b, "--threads 3");
        check_all(b, "--disk-threads 3");
    }

    TEST_CASE("fewer threads than --threads and --disk-threads ask for are a warning") {
        bench b;
        const auto r = run_limited(
            b, 1, "--threads 2 --disk-threads 2 --progress none \"$1/bytes/1\" \"$1/bytes/2\"");
        CHECK(r.status == 0);
        CHECK(r.err ==
              "asyncdl: warning: cannot start the threads of --disk-threads: the system gives 0 of "
              "2 threads\n"
              "asyncdl: warning: cannot start the threads of --threads: Resource temporarily "
              "unavailable; one downloads\n");
        CHECK(b.read("downloads/1").size() == 1);
        CHECK(b.read("downloads/2").size() == 2);
    }

    TEST_CASE("a checksum is verified with few threads or none") {
        for (const int threads : limits()) {
            CAPTURE(threads);
            bench b;
            const std::string sum = "sha-256=" + hex_digest("SHA256", pattern(0, 3000000));
            const auto good =
                run_limited(b, threads, "-q --checksum " + sum + " \"$1/bytes/3000000\"");
            CHECK(good.err.empty());
            CHECK(good.status == 0);
            const auto bad = run_limited(b, threads, "-q --checksum " + sum + " \"$1/bytes/7\"");
            CHECK(bad.status == 1);
            CHECK(bad.err.find("the checksum is ") != std::string::npos);
            CHECK_FALSE(b.exists("downloads/7"));
        }
    }

    TEST_CASE("a name that no thread can look up is a failure that is told") {
        bench b;
        const auto r = run_limited(b, 1, "-q --retries 0 " + b.server.url("/bytes/1", "localhost"));
        CHECK(r.status == 1);
        CHECK(r.err.find("cannot look up localhost: Resource temporarily unavailable") !=
              std::string::npos);
    }
}

#endif
