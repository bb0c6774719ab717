// A program that is fed through a pipe and interrupted at a random moment: its exit status is the
// signal's, its reports are whole, and every entry that it took from the pipe is in them. By hand,
// scripts/interrupts runs more rounds of it.
//
//   ASYNCDL_INTERRUPT_ROUNDS=N   rounds, with a line for each hundred
//   ASYNCDL_INTERRUPT_SEED=N     the dice of the first round; those of the next one are N + 1

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using std::chrono::microseconds;
namespace json = boost::json;

namespace {

constexpr unsigned rounds_in_ci = 100;

std::optional<unsigned> number_of(const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? std::nullopt : std::optional(static_cast<unsigned>(std::atol(text)));
}

/// Writes entries to a pipe that never ends, and remembers them. What the pipe has no room for is
/// written later.
class producer {
public:
    producer(const bench& b, const std::string& pipe) : bench_(b) {
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        // For reading as well, so that opening it waits for nobody.
        pipe_ = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(pipe_ >= 0);
    }
    ~producer() { ::close(pipe_); }
    producer(const producer&) = delete;
    producer& operator=(const producer&) = delete;

    void write(unsigned lines, std::mt19937& dice) {
        for (; lines > 0; --lines) {
            const std::string number = std::to_string(urls.size() + 1);
            const unsigned kind = std::uniform_int_distribution<unsigned>(0, 9)(dice);
            std::string url = bench_.url("/bytes/" + number);
            if (kind == 0) {
                url = bench_.url("/slow/100/" + number);
            } else if (kind == 1) {
                url = bench_.url("/missing/" + number);
            }
            const std::string line = url + "\n";
            const auto written = ::write(pipe_, line.data(), line.size());  // whole: under PIPE_BUF
            if (written != static_cast<::ssize_t>(line.size())) {
                return;
            }
            urls.push_back(std::move(url));
        }
    }

    std::vector<std::string> urls;

private:
    const bench& bench_;
    int pipe_;
};

/// One run of the program, and what it has to say afterwards.
class victim {
public:
    victim(unsigned seed, unsigned threads)
        : dice_(seed), threads_(threads), feed_(b_, (b_.dir / "pipe").string()) {}

    void run();

private:
    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(dice_);
    }
    void check_reports(const process_result& ended);

    std::mt19937 dice_;
    const unsigned threads_;
    bench b_;
    producer feed_;
};

void victim::run() {
    process_options options;
    options.directory = b_.dir.string();
    process program({"/bin/sh", "-c", "exec \"$0\" \"$@\" <pipe", ASYNCDL_PROGRAM, "-q", "-i", "-",
                     "-j", std::to_string(1 + below(8)), "--threads", std::to_string(threads_),
                     "--retries", "1", "--json", "report", "--jsonl", "lines"},
                    options);
    // The first request tells that it listens to signals. Some rounds end just then, the others
    // when so many more entries were written.
    const unsigned bursts = below(3) == 0 ? 0 : below(12);
    feed_.write(2, dice_);
    REQUIRE(eventually([&] { return !b_.server.requests().empty(); }));
    for (unsigned i = 0; i < bursts; ++i) {
        feed_.write(1 + below(20), dice_);
        std::this_thread::sleep_for(microseconds(below(3'000)));
    }
    const int number = below(2) == 0 ? SIGINT : SIGTERM;
    // In half of the rounds the signal and the next line come at the very same time.
    const bool together = below(2) == 0;
    if (together) {
        program.signal(SIGSTOP);
        feed_.write(1 + below(3), dice_);
    }
    program.signal(number);
    if (together) {
        program.signal(SIGCONT);
    }
    feed_.write(1 + below(20), dice_);
    const auto ended = program.wait(patience);
    CAPTURE(ended.err);
    CHECK_FALSE(ended.timed_out);
    CHECK(ended.status == 128 + number);
    check_reports(ended);
}

void victim::check_reports(const process_result& ended) {
    CHECK(ended.err.find("ERROR") == std::string::npos);
    CHECK(ended.err.find("WARNING: ThreadSanitizer") == std::string::npos);
    boost::system::error_code torn;
    const json::value document = json::parse(b_.read("report"), torn);
    REQUIRE_FALSE(torn);
    // What was taken has the numbers from 0 on, none left out, in the order of the pipe.
    const json::array& results = document.at("results").as_array();
    CHECK(document.at("summary").at("total").to_number<std::size_t>() == results.size());
    REQUIRE(results.size() <= feed_.urls.size());
    std::map<std::string, unsigned> reported;
    for (std::size_t i = 0; i < results.size(); ++i) {
        CAPTURE(i);
        CHECK(results[i].at("index").to_number<std::size_t>() == i);
        CHECK(results[i].at("url").as_string() == feed_.urls[i]);
        const std::string url(results[i].at("url").as_string());
        ++reported[url];
        if (results[i].at("success").as_bool()) {
            CHECK(b_.exists("downloads/" + url.substr(url.rfind('/') + 1)));
        } else {
            const std::string kind(results[i].at("error_kind").as_string());
            CHECK((kind == "cancelled" || kind == "http_status"));
        }
    }
    for (const request& asked : b_.server.requests()) {
        CHECK(reported[b_.url(asked.path())] == 1);
    }
    std::istringstream lines(b_.read("lines"));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        json::parse(line, torn);
        CHECK_FALSE(torn);
    }
    CHECK(count == results.size());
}

}  // namespace

TEST_SUITE("cli/interrupt") {
    TEST_CASE("a program that is fed through a pipe and interrupted reports all that it took") {
        const auto asked = number_of("ASYNCDL_INTERRUPT_ROUNDS");
        const unsigned count = asked.value_or(rounds_in_ci);
        const unsigned first = number_of("ASYNCDL_INTERRUPT_SEED").value_or(std::random_device{}());
        for (unsigned i = 0; i < count; ++i) {
            const unsigned seed = first + i;
            const unsigned threads = seed % 2 == 0 ? 1 : 4;
            INFO("again with ASYNCDL_INTERRUPT_ROUNDS=1 ASYNCDL_INTERRUPT_SEED=", seed);
            victim(seed, threads).run();
            if (asked && (i + 1) % 100 == 0) {
                std::printf("round %u of %u\n", i + 1, count);
                std::fflush(stdout);
            }
        }
    }
}
