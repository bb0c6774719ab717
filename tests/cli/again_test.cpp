// The same command again, as a person sees it: what an interruption leaves, and what the next run
// makes of it.

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "bench.hpp"
#include "support/remote_file.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;

namespace {

constexpr std::uint64_t whole = 4 * mebibyte;
constexpr std::uint64_t first_part = 3 * mebibyte;

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// Runs the program until it has written the first part of `file` to `NAME.part`, and interrupts it.
process_result interrupted(const bench& b, const remote_file& file, words arguments,
                           int number = SIGINT) {
    auto program = b.start(std::move(arguments));
    const std::string bytes = file.bytes(0, first_part);
    REQUIRE(eventually([&] { return b.read("downloads/big.part").starts_with(bytes); }));
    program.signal(number);
    auto ended = program.wait(patience);
    CHECK(ended.status == 128 + number);
    return ended;
}

}  // namespace

TEST_SUITE("cli/again") {
    TEST_CASE("a signal says what is kept, and the same command says where it resumes") {
        const remote_file file(whole);
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
            CAPTURE(number);
            bench b;
            b.server.on("/big", file.cut(first_part, ending::stall));
            const words command{b.url("/bytes/20000"), b.url("/big")};
            const auto first = interrupted(b, file, command, number);
            CHECK(first.err.empty());
            CHECK(has(first.out,
                      "❌ " + b.url("/big") + ": cancelled; 3.0 MiB are kept for the next run\n"));
            CHECK(first.out.ends_with(
                "Kept: 3.0 MiB of 1 unfinished file; the same command resumes it\n"));

            b.server.on("/big", file);
            const auto second = b.run(command);
            CHECK(second.status == 0);
            CHECK(has(steady(second.out),
                      "✅ downloads/big: 4.0 MiB, resumed at 3.0 MiB, TIME, SPEED\n"));
            CHECK_FALSE(has(second.out, "Kept: "));
            CHECK(b.read("downloads/big") == file.bytes());
        }
    }

    TEST_CASE("a signal that leaves nothing to resume claims nothing") {
        remote_file file(whole);
        bench b;
        b.server.on("/big", file.cut(first_part, ending::stall));
        const auto over = interrupted(b, file, {"--no-continue", b.url("/big")});
        CHECK(has(over.out, "❌ " + b.url("/big") + ": cancelled\n"));
        CHECK_FALSE(has(over.out, "kept"));
        CHECK_FALSE(has(over.out, "Kept"));
        CHECK(b.dir.names() == words{"downloads"});

        file.etag.clear();
        file.last_modified.clear();
        b.server.on("/big", file.cut(first_part, ending::stall));
        const auto lost = interrupted(b, file, {b.url("/big")});
        CHECK(has(lost.out, "❌ " + b.url("/big") + ": cancelled; cannot be resumed ("));
        CHECK_FALSE(has(lost.out, "kept"));
        CHECK_FALSE(has(lost.out, "Kept"));
        CHECK(b.dir.names() == words{"downloads"});
    }

    TEST_CASE("a body that went into a stream is not kept") {
        bench b;
        const remote_file file(whole);
        b.server.on("/big", file.cut(first_part, ending::stall));
        auto program = b.start({"-o", "-", b.url("/big")});
        REQUIRE(eventually([&] { return program.out().size() == first_part; }));
        program.signal(SIGINT);
        const auto r = program.wait(patience);
        CHECK(r.status == 130);
        CHECK(has(r.err, "❌ " + b.url("/big") + ": cancelled\n"));
        CHECK_FALSE(has(r.err, "Kept"));
    }

    TEST_CASE("with -q there is no word of what is kept but in the failure") {
        bench b;
        const remote_file file(whole);
        b.server.on("/big", file.cut(first_part, ending::stall));
        const auto r = interrupted(b, file, {"-q", b.url("/big")});
        CHECK(r.out.empty());
        CHECK(r.err ==
              "asyncdl: " + b.url("/big") + ": cancelled; 3.0 MiB are kept for the next run\n");
    }

    TEST_CASE("a report gets the error alone, and nothing else in its place") {
        bench b;
        const remote_file file(whole);
        b.server.on("/big", file.cut(first_part, ending::stall));
        const auto r = interrupted(b, file, {"--jsonl", "-", "--csv", "r", b.url("/big")});
        CHECK(std::count(r.out.begin(), r.out.end(), '\n') == 1);
        CHECK(has(r.out, "\"error\": \"cancelled\", "));
        CHECK(has(b.read("r"), ",cancelled,cancelled,"));
    }

    TEST_CASE("a failure without a signal says what is kept as well") {
        bench b;
        const remote_file file(whole);
        b.server.on("/big", file.cut(first_part));
        b.server.on("/other", file.cut(mebibyte));
        const words command{"--retries", "0", b.url("/big"), b.url("/other"), b.url("/status/404")};
        const auto first = b.run(command);
        CHECK(first.status == 1);
        CHECK(first.out.ends_with(
            "Kept: 4.0 MiB of 2 unfinished files; the same command resumes them\n"));

        // Nothing is there, and what was is still kept.
        b.server.on("/big", status(503));
        b.server.on("/other", file);
        const auto second = b.run(command);
        CHECK(second.status == 1);
        CHECK(has(second.out, "✅ downloads/other: 4.0 MiB, resumed at 1.0 MiB, "));
        CHECK(second.out.ends_with(
            "Kept: 3.0 MiB of 1 unfinished file; the same command resumes it\n"));
    }
}
