// A list of 20 files that change on their server between the runs of a program that is killed at
// random moments, again and again, until a run is through. By hand, scripts/torture runs more
// rounds of it: ASYNCDL_KILL_ROUNDS and ASYNCDL_KILL_SEED, see support/rounds.hpp.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench.hpp"
#include "support/attribute.hpp"
#include "support/remote_file.hpp"
#include "support/rounds.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
using std::chrono::microseconds;

namespace {

constexpr unsigned rounds_in_ci = 5;
constexpr unsigned count = 20;
constexpr unsigned most_changes = 3;  // so that no two versions in a round have the same bytes
constexpr unsigned most_runs = 400;   // one in five gets through
constexpr std::uint64_t smallest_recorded = 16 * 1024;

std::string name_of(unsigned file) {
    return "f" + std::to_string(file);
}

// The files as their server has them, and how often it has sent each as it is now. Shared with the
// origin's threads.
class served_list {
public:
    explicit served_list(std::mt19937& dice);

    void operator()(connection& peer, const request& asked);

    void change(unsigned file, std::uint64_t size);

    remote_file now(unsigned file) const;
    /// All versions so far, the latest one last.
    std::vector<remote_file> versions(unsigned file) const;
    /// Answers that had bytes of the version that is there now.
    unsigned bodies(unsigned file) const;
    unsigned bodies() const { return bodies_; }      ///< of all files and versions
    unsigned requests() const { return requests_; }  ///< so far

private:
    struct entry {
        std::vector<remote_file> versions;
        unsigned bodies = 0;
    };

    void add_version(unsigned file, std::uint64_t size);

    mutable std::mutex mutex_;  // guards the files
    std::array<entry, count> files_;
    std::atomic<unsigned> bodies_ = 0;
    std::atomic<unsigned> requests_ = 0;
};

/// Four have no record, twelve come at once, and four are written in steps.
std::uint64_t size_for(unsigned file, std::mt19937& dice) {
    const auto between = [&](std::uint64_t least, std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(least, most)(dice);
    };
    return file < 4    ? between(1, smallest_recorded - 1)
           : file < 16 ? between(smallest_recorded, 256 * 1024)
                       : between(256 * 1024, 2 * mebibyte);
}

served_list::served_list(std::mt19937& dice) {
    for (unsigned file = 0; file < count; ++file) {
        add_version(file, size_for(file, dice));
    }
}

void served_list::add_version(unsigned file, std::uint64_t size) {
    entry& one = files_[file];
    const auto number = static_cast<unsigned>(one.versions.size());
    remote_file next(size, 1 + file * (most_changes + 1) + number % (most_changes + 1));
    next.last_modified = "Sat, 0" + std::to_string(number + 1) + " Jun 2024 12:00:00 GMT";
    if (file % 3 == 0) {
        next.etag.clear();
    } else if (file % 3 == 1) {
        next.last_modified.clear();
    }
    one.versions.push_back(std::move(next));
    one.bodies = 0;
}

void served_list::change(unsigned file, std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    add_version(file, size);
}

remote_file served_list::now(unsigned file) const {
    const std::lock_guard lock(mutex_);
    return files_[file].versions.back();
}

std::vector<remote_file> served_list::versions(unsigned file) const {
    const std::lock_guard lock(mutex_);
    return files_[file].versions;
}

unsigned served_list::bodies(unsigned file) const {
    const std::lock_guard lock(mutex_);
    return files_[file].bodies;
}

void served_list::operator()(connection& peer, const request& asked) {
    std::optional<remote_file> found;
    {
        const std::lock_guard lock(mutex_);
        entry& one = files_.at(std::stoul(asked.path().substr(std::string("/list/f").size())));
        found = one.versions.back();
        const unsigned status = found->status_for(asked);
        if (status == 200 || status == 206) {
            ++one.bodies;
            ++bodies_;
        }
    }
    ++requests_;
    (*found)(peer, asked);
}

// The list, the program that is killed, and what is known of each file after each kill.
class victim {
public:
    explicit victim(unsigned seed);

    bool can_keep() const { return takes_attributes(b_.dir.path()); }

    /// Changes some files on their server, at most `most_changes` times.
    void change_some();

    /// Runs the program, killed at a random moment if it does not end before, and looks at what is
    /// there.
    /// @return whether it ended by itself
    bool run();

    /// Runs it to its end.
    void run_through();

    /// Every file is the server's, and nothing else is there.
    void check_all() const;

    unsigned kills() const { return kills_; }
    unsigned bodies() const { return list_->bodies(); }

private:
    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(dice_);
    }
    words command();
    std::optional<std::string> stored(unsigned file) const;
    void look();

    std::mt19937 dice_;
    bench b_;
    std::shared_ptr<served_list> list_;  ///< also of the origin's threads
    /// Of files that are complete under their names: how often the server had sent them by then.
    std::array<std::optional<unsigned>, count> complete_;
    unsigned changes_ = 0;
    unsigned runs_ = 0;
    unsigned kills_ = 0;
};

victim::victim(unsigned seed) : dice_(seed), list_(std::make_shared<served_list>(dice_)) {
    b_.server.on("/list/*",
                 [list = list_](connection& peer, const request& asked) { (*list)(peer, asked); });
    std::string lines;
    for (unsigned file = 0; file < count; ++file) {
        const std::string name = name_of(file);
        lines += (below(2) == 0 ? name + '=' : "") + b_.url("/list/" + name) + '\n';
    }
    b_.write("list", lines);
}

void victim::change_some() {
    if (changes_ == most_changes) {
        return;
    }
    ++changes_;
    for (unsigned file = 0; file < count; ++file) {
        if (below(4) == 0) {
            const bool same_size = below(2) == 0;
            list_->change(file, same_size ? list_->now(file).size : size_for(file, dice_));
            complete_[file].reset();
        }
    }
}

words victim::command() {
    const char* const at_once[] = {"1", "5", "20"};
    words line = b_.command({"-q", "--retry-delay", "0.01", "-i", "list", "-j", at_once[below(3)]});
    if (below(4) == 0) {
        line.push_back("--no-remote-time");
    }
    return line;
}

bool victim::run() {
    REQUIRE(++runs_ <= most_runs);
    // One kill in five comes while the program starts and looks at what is there; the others come
    // about the time of one of its requests, of which it makes some 20.
    const bool early = below(5) == 0;
    const unsigned until = list_->requests() + below(count + 6);
    const microseconds moment(below(early ? 40'000 : 3'000));
    process_options options;
    options.directory = b_.dir.string();
    process program(command(), options);
    CHECK(eventually([&] { return early || program.has_ended() || list_->requests() >= until; }));
    std::this_thread::sleep_for(moment);
    program.signal(SIGKILL);
    const auto ended = program.wait(patience);
    CAPTURE(ended.err);
    CAPTURE(ended.status);
    REQUIRE((ended.status == 0 || ended.status == 128 + SIGKILL));
    kills_ += ended.status == 0 ? 0 : 1;
    // What it asked for last is answered before the next run asks.
    CHECK(eventually([&] { return b_.server.open() == 0; }));
    look();
    return ended.status == 0;
}

void victim::run_through() {
    process_options options;
    options.directory = b_.dir.string();
    const auto ended = run_process(command(), options);
    CAPTURE(ended.err);
    REQUIRE(ended.status == 0);
    look();
}

std::optional<std::string> victim::stored(unsigned file) const {
    const auto path = b_.dir / ("downloads/" + name_of(file));
    std::error_code missing;
    const auto size = std::filesystem::file_size(path, missing);
    if (missing) {
        return std::nullopt;
    }
    std::string bytes(size, '\0');
    std::ifstream(path, std::ios::binary)
        .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

// A file under its name is a version as a whole. Once it is the one that the server has, it stays,
// and none of its bytes are sent again.
void victim::look() {
    for (unsigned file = 0; file < count; ++file) {
        CAPTURE(file);
        const auto bytes = stored(file);
        std::vector<remote_file> versions = list_->versions(file);
        const bool is_current = bytes && *bytes == versions.back().bytes();
        bool is_whole = !bytes || is_current;
        for (const remote_file& version : versions) {
            is_whole = is_whole || *bytes == version.bytes();
        }
        CHECK(is_whole);
        if (complete_[file]) {
            CHECK(is_current);
            CHECK(list_->bodies(file) == *complete_[file]);
        } else if (is_current && versions.back().size >= smallest_recorded) {
            complete_[file] = list_->bodies(file);
        }
    }
}

void victim::check_all() const {
    words expected{"downloads", "list"};
    for (unsigned file = 0; file < count; ++file) {
        CAPTURE(file);
        expected.push_back("downloads/" + name_of(file));
        const bool is_the_servers = stored(file) == list_->now(file).bytes();
        CHECK(is_the_servers);
    }
    std::sort(expected.begin(), expected.end());
    CHECK(b_.dir.names() == expected);
}

}  // namespace

TEST_SUITE("cli/kill_list") {
    TEST_CASE(
        "of a list whose files change between the kills no body of a complete file is sent again") {
        const ::mode_t mask = ::umask(0022);  // files that a group may write are never kept
        const rounds all("ASYNCDL_KILL", rounds_in_ci);
        all.play([&](unsigned number, unsigned seed) {
            victim on(seed);
            if (!on.can_keep()) {
                return;
            }
            while (!on.run()) {
                on.change_some();
            }
            on.check_all();
            on.run_through();
            on.check_all();
            if (all.were_asked_for()) {
                std::printf(
                    "many files, round %u of %u: %u kills, %u bodies sent for %u, seed %u\n",
                    number, all.count(), on.kills(), on.bodies(), count, seed);
                std::fflush(stdout);
            }
        });
        ::umask(mask);
    }
}
