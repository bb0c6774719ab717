// A big download that is killed at random moments, again and again, until it is through. By hand,
// scripts/torture runs more rounds of it: ASYNCDL_KILL_ROUNDS and ASYNCDL_KILL_SEED, see
// support/rounds.hpp.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "bench.hpp"
#include "slow_file.hpp"
#include "support/pattern.hpp"
#include "support/rounds.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
using std::chrono::microseconds;

namespace {

constexpr unsigned rounds_in_ci = 10;  // of each of the two tests

constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr std::uint64_t whole_size = 64 * mebibyte;

// What is written between two records of the journal: a piece of 1 MiB (storage/state_journal), and
// of what filled it up the rest of one read (256 KiB at most: engine/downloader_core).
constexpr std::uint64_t checkpoint = mebibyte + 256 * 1024;

// Every run but the early kills gets several MiB further, so that an honest download needs some 15.
constexpr unsigned most_runs = 400;

// One download and what is done to it.
class victim {
public:
    victim(unsigned seed, slow_file::state first)
        : dice_(seed), file_(std::make_shared<slow_file>(b_.dir / "downloads/file.part", first)) {
        b_.server.on("/file", [file = file_](connection& peer, const request& asked) {
            (*file)(peer, asked);
        });
    }

    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(dice_);
    }

    /// Runs the program and kills it at a random moment, where it does not end before.
    /// @return whether the file is there
    bool run();

    slow_file& file() { return *file_; }
    std::string target() const;  ///< the bytes under the final name
    unsigned kills() const { return kills_; }

private:
    std::mt19937 dice_;
    bench b_;
    std::shared_ptr<slow_file> file_;  ///< also of the origin's threads
    unsigned runs_ = 0;
    unsigned kills_ = 0;
};

bool victim::run() {
    REQUIRE(++runs_ <= most_runs);
    // One kill in four is early: while the program starts, proves what is there, and asks. The
    // others come when some more is stored; when that is all of it, about the time of the rename.
    // Where all was stored before, only patience gets a slow machine to the end.
    const auto stored = file_->stored();
    const bool early = stored >= file_->now().size || below(4) == 0;
    const auto more = stored + below(16 * mebibyte);
    const microseconds moment(early ? below(40'000 * (1 + runs_ / 20)) : below(2'000));
    process_options options;
    options.directory = b_.dir.string();
    process program(b_.command({"-q", "--retry-delay", "0.01", b_.url("/file")}), options);
    CHECK(eventually([&] {
        return early || program.has_ended() || file_->stored() >= std::min(more, file_->now().size);
    }));
    std::this_thread::sleep_for(moment);
    program.signal(SIGKILL);
    const auto ended = program.wait(patience);
    file_->end_answers();

    const words names = b_.dir.names();
    if (ended.status == 0) {
        CHECK(names == words{"downloads", "downloads/file"});
        return true;
    }
    CAPTURE(ended.err);
    REQUIRE(ended.status == 128 + SIGKILL);
    ++kills_;
    const bool is_there = b_.exists("downloads/file");
    // Between the rename and the end there may be a state, which without its part says nothing.
    if (is_there) {
        CHECK_FALSE(b_.exists("downloads/file.part"));
    }
    return is_there;
}

std::string victim::target() const {
    std::string bytes(whole_size + 1, '\0');
    std::ifstream in(b_.dir / "downloads/file", std::ios::binary);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return bytes;
}

slow_file::state first_version(unsigned seed) {
    slow_file::state first;
    first.size = whole_size;
    first.has_etag = seed % 2 == 0;
    return first;
}

// Rounds of one test.
template <typename Round>
void play(const char* name, Round round) {
    const rounds all("ASYNCDL_KILL", rounds_in_ci);
    all.play([&](unsigned number, unsigned seed) {
        victim on(seed, first_version(seed));
        round(on);
        if (all.were_asked_for()) {
            std::printf("%s, round %u of %u: %u kills, %.1f MiB sent for 64, seed %u\n", name,
                        number, all.count(), on.kills(),
                        static_cast<double>(on.file().sent()) / mebibyte, seed);
            std::fflush(stdout);
        }
    });
}

}  // namespace

TEST_SUITE("cli/kill") {
    TEST_CASE("a download that is killed again and again fetches under a checkpoint a kill again") {
        play("same file", [](victim& on) {
            while (!on.run()) {
            }
            CHECK(slow_file::is_whole(on.target(), on.file().now()));
            const std::uint64_t again = on.file().sent() - whole_size;
            CAPTURE(on.kills());
            CHECK(again <= on.kills() * (checkpoint + slow_file::most_ahead));
        });
    }

    TEST_CASE(
        "where the remote file changes as well it is one version as a whole, and no old one") {
        play("changing file", [](victim& on) {
            const slow_file::state first = on.file().now();
            unsigned oldest = first.version;
            for (bool is_there = false; !is_there;) {
                slow_file::state next = on.file().now();
                const bool may_change = next.version < 6;
                if (may_change && on.below(3) == 0) {
                    next = slow_file::changed(next);
                }
                next.ignores_if_range = on.below(2) == 0;
                next.cut_after.reset();
                if (on.below(3) == 0) {
                    next.cut_after = on.below(8 * mebibyte);
                    next.changes_when_cut = may_change && on.below(2) == 0;
                }
                on.file().set(next);
                oldest = next.version;
                is_there = on.run();
            }
            const std::string bytes = on.target();
            REQUIRE_FALSE(bytes.empty());
            const unsigned version = static_cast<unsigned char>(bytes[0] ^ pattern_byte(0));
            CHECK(version >= oldest);
            REQUIRE(version <= on.file().now().version);
            slow_file::state is = first;
            while (is.version < version) {
                is = slow_file::changed(is);
            }
            CHECK(slow_file::is_whole(bytes, is));
        });
    }
}
