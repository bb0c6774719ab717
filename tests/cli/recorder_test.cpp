#include "cli/recorder.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <new>
#include <thread>

#include "support/skip.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

namespace {

namespace asio = boost::asio;
using namespace asyncdl;
using namespace asyncdl::cli;

// Writes the number of each result, not before the gate is open.
class gated_report final : public report {
public:
    gated_report(const std::string& path, std::mutex& gate)
        : report(std::make_unique<output_file>(path)), gate_(gate) {}

    void add(const download_result& result) override {
        const std::lock_guard lock(gate_);
        out().write(std::to_string(result.index) + "\n");
    }
    void finish(const batch_summary& summary) override {
        out().write("total " + std::to_string(summary.total) + "\n");
    }

private:
    std::mutex& gate_;
};

// Finds no memory, for a result or at the end.
class greedy_report final : public report {
public:
    greedy_report(const std::string& path, bool at_end)
        : report(std::make_unique<output_file>(path)), at_end_(at_end) {}

    void add(const download_result&) override { take(!at_end_); }
    void finish(const batch_summary&) override { take(at_end_); }

private:
    static void take(bool now) {
        if (now) {
            throw std::bad_alloc();
        }
    }

    bool at_end_;
};

asio::awaitable<void> feed(recorder& to, std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count; ++i) {
        download_result result;
        result.index = i;
        CHECK_FALSE((co_await to.async_consume(std::move(result))).failed());
        ++done;
    }
}

}  // namespace

TEST_SUITE("cli/recorder") {
    TEST_CASE("a report that is held up holds up the batch, within bounds, and loses nothing") {
        constexpr std::uint64_t count = 5000;
        test::temp_dir dir;
        std::mutex gate;
        gate.lock();
        std::vector<std::unique_ptr<report>> reports;
        reports.push_back(std::make_unique<gated_report>((dir / "r").string(), gate));
        recorder to(std::move(reports));
        asio::io_context loop(1);
        std::uint64_t done = 0;
        asio::co_spawn(loop, feed(to, count, done),
                       [](std::exception_ptr thrown) { CHECK(thrown == nullptr); });
        CHECK(test::runs_until(loop, [&] { return done > 0; }));
        loop.run_for(std::chrono::milliseconds(300));
        CHECK(done <= 512);
        gate.unlock();
        loop.run_for(test::patience);
        CHECK(done == count);
        batch_summary summary;
        summary.total = count;
        CHECK(to.finish(summary).empty());
        std::string expected;
        for (std::uint64_t i = 0; i < count; ++i) {
            expected += std::to_string(i) + "\n";
        }
        CHECK(test::read_file(dir / "r") == expected + "total 5000\n");
    }

    TEST_CASE("each report that cannot be written to its end is told") {
        if (!test::has(std::filesystem::exists("/dev/full"), "/dev/full")) {
            return;
        }
        std::mutex gate;
        std::vector<std::unique_ptr<report>> reports;
        reports.push_back(std::make_unique<gated_report>("/dev/full", gate));
        reports.push_back(std::make_unique<gated_report>("/dev/null", gate));
        recorder to(std::move(reports));
        CHECK(to.finish(batch_summary()) ==
              std::vector<std::string>{"/dev/full: No space left on device"});
    }

    TEST_CASE("a report that runs out of memory is told, the others go on") {
        // With the thread of the reports, and at the end.
        for (const bool at_end : {false, true}) {
            test::temp_dir dir;
            std::mutex gate;
            std::vector<std::unique_ptr<report>> reports;
            reports.push_back(std::make_unique<greedy_report>((dir / "greedy").string(), at_end));
            reports.push_back(std::make_unique<gated_report>((dir / "r").string(), gate));
            recorder to(std::move(reports));
            for (std::uint64_t i = 0; i < 2; ++i) {
                download_result result;
                result.index = i;
                CHECK(to.try_consume(result));
            }
            CHECK(to.finish(batch_summary()) ==
                  std::vector<std::string>{(dir / "greedy").string() + ": Cannot allocate memory"});
            CHECK(test::read_file(dir / "r") == "0\n1\ntotal 0\n");
        }
    }

    TEST_CASE("it may end without a word") {
        recorder unused({});
    }
}
