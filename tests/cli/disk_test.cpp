// Disks that are full, read-only or forbidden, as real ones are. EDQUOT and EIO cannot be had that
// way: tests/unit/storage/part_file_test.cpp lets each call fail with them.

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "bench.hpp"
#include "support/misbehaviour.hpp"
#include "support/remote_file.hpp"
#include "support/skip.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

namespace {

std::string kind_of(const json::value& result) {
    const json::value& kind = result.at("error_kind");
    return kind.is_null() ? "" : std::string(kind.as_string());
}

// The program after some commands that take away what it needs. Its JSON report is its output.
json::array run_after(const bench& b, const std::string& commands, const std::string& arguments) {
    const auto run = b.shell(commands + "\nexec $prefix \"$0\" --json - " + arguments);
    CAPTURE(run.err);
    REQUIRE(run.status == 1);
    return json::parse(run.out).at("results").as_array();
}

// A file system of our own, where this is allowed: `size` and more options, mounted on downloads;
// nobody else sees it. What is left there is listed in `names` afterwards.
class small_disk {
public:
    explicit small_disk(std::string options) : options_(std::move(options)) {}

    static bool is_allowed() {
        static const bool allowed =
            run_process({"unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"}).status == 0;
        return has(allowed, "the right to mount a file system");
    }

    /// `before` is done on the disk first.
    json::array run(const bench& b, const std::string& arguments, const std::string& before = ":") {
        const auto run =
            b.shell("export program=\"$0\" origin=\"$1\"; exec unshare -rm sh -c '" +
                    std::string("set -e; mkdir downloads\n") +
                    // With its source named, a remount takes over no option; the owner's among them
                    // is nobody here.
                    "mount -t tmpfs -o size=4m none downloads\n" + before + "\nmount -o remount," +
                    options_ + " none downloads; set +e\n" + "\"$program\" --json report " +
                    arguments + " >/dev/null 2>err; echo $? >status\n" +
                    "ls -A downloads >names; cp downloads/kept . 2>/dev/null'");
        CAPTURE(run.err);
        REQUIRE(b.read("status") == "1\n");
        return json::parse(b.read("report")).at("results").as_array();
    }

private:
    std::string options_;
};

}  // namespace

TEST_SUITE("cli/disk") {
    TEST_CASE("a file that no disk can hold fails before its body, the others go on") {
        bench b;
        b.server.on("/huge", misbehave::stall_in_body(std::uint64_t{1} << 60U, 10));
        const auto results = run_after(b, ":", "-j1 \"$1/bytes/1\" \"$1/huge\" \"$1/bytes/2\"");
        REQUIRE(results.size() == 3);
        CHECK(results[0].at("success").as_bool());
        CHECK(kind_of(results[1]) == "disk_full");
        CHECK(results[1].at("attempts").as_int64() == 1);
        CHECK(results[1].at("bytes_received").as_int64() == 0);
        CHECK(results[2].at("success").as_bool());
        CHECK(b.dir.names() == words{"downloads", "downloads/1", "downloads/2"});
    }

    TEST_CASE(
        "a file that grows beyond what is allowed leaves what can be resumed, the old one stays") {
        bench b;
        std::filesystem::create_directory(b.dir / "downloads");
        b.write("downloads/grows", "old");
        const remote_file grows(3 * mebibyte);
        b.server.on("/grows", grows);
        b.server.on("/bare", response{.pattern_size = 3 * mebibyte, .chunked = true});
        // Blocks of 512 bytes; the report is short.
        const auto results =
            run_after(b, "ulimit -f 2048", "-j1 \"$1/grows\" \"$1/bytes/1000000\" \"$1/bare\"");
        REQUIRE(results.size() == 3);
        CHECK(kind_of(results[0]) == "disk_full");
        CHECK(results[0].at("attempts").as_int64() == 1);
        CHECK(results[0].at("file_size").as_int64() == 0);
        CHECK(results[1].at("success").as_bool());
        CHECK(b.read("downloads/grows") == "old");
        CHECK(kind_of(results[2]) == "disk_full");
        CHECK(b.dir.names() == words{"downloads", "downloads/1000000", "downloads/grows",
                                     "downloads/grows.part", "downloads/grows.part.state"});
        CHECK(std::filesystem::file_size(b.dir / "downloads/grows.part") <= mebibyte);
        // With more space the next run goes on from there.
        const auto again = b.shell("exec \"$0\" --json - \"$1/grows\"");
        CHECK(again.status == 0);
        const auto resumed = json::parse(again.out).at("results").as_array().at(0);
        CHECK(resumed.at("resumed_from").as_int64() > 0);
        const bool whole = b.read("downloads/grows") == grows.bytes();
        CHECK(whole);
        CHECK(b.dir.names() == words{"downloads", "downloads/1000000", "downloads/grows"});
    }

    TEST_CASE("where a directory may not be written every download is a failure, and says so") {
        bench b;
        std::filesystem::create_directory(b.dir / "downloads");
        std::filesystem::permissions(b.dir / "downloads", std::filesystem::perms(0555));
        // Root may write everywhere, but for what it gives up here.
        const std::string prefix =
            "[ \"$(id -u)\" != 0 ] || prefix='setpriv --bounding-set=-dac_override'\n";
        if (!has(b.shell(prefix + "$prefix test ! -w downloads").status == 0,
                 "a way to be without the right to write everywhere")) {
            return;
        }
        const auto results = run_after(b, prefix, "\"$1/bytes/1\" a/b=\"$1/bytes/2\"");
        REQUIRE(results.size() == 2);
        CHECK(kind_of(results[0]) == "file");
        CHECK(results[0].at("error").as_string() ==
              "cannot create downloads/1.part: Permission denied");
        CHECK(kind_of(results[1]) == "file");
        CHECK(b.dir.names() == words{"downloads"});
    }

    TEST_CASE("a file in the place of a folder, or a folder in that of a file, is a failure") {
        bench b;
        std::filesystem::create_directories(b.dir / "downloads/folder");
        b.write("downloads/file", "old");
        const auto results =
            run_after(b, ":", "file/a=\"$1/bytes/1\" folder=\"$1/bytes/2\" c=\"$1/bytes/3\"");
        REQUIRE(results.size() == 3);
        CHECK(kind_of(results[0]) == "file");
        CHECK(kind_of(results[1]) == "file");
        CHECK(results[2].at("success").as_bool());
        CHECK(b.read("downloads/file") == "old");
        CHECK(b.dir.names() ==
              words{"downloads", "downloads/c", "downloads/file", "downloads/folder"});
    }

    TEST_CASE(
        "on a small disk, where one may be mounted, a file that fits goes past one that does not") {
        if (!small_disk::is_allowed()) {
            return;
        }
        bench b;
        b.server.on("/known", misbehave::stall_in_body(6 * mebibyte, 10));
        b.server.on("/unknown", response{.pattern_size = 6 * mebibyte, .chunked = true});
        b.server.on("/kept", response{.pattern_size = 6 * mebibyte});
        const auto results = small_disk("size=4m").run(
            b,
            "-j1 \"$origin/known\" \"$origin/unknown\" \"$origin/kept\" \"$origin/bytes/3000000\"",
            "echo old >downloads/kept");
        REQUIRE(results.size() == 4);
        for (std::size_t i = 0; i < 3; ++i) {
            CAPTURE(i);
            CHECK(kind_of(results[i]) == "disk_full");
            CHECK(results[i].at("attempts").as_int64() == 1);
        }
        CHECK(results[0].at("bytes_received").as_int64() == 0);
        CHECK(results[2].at("bytes_received").as_int64() == 0);
        CHECK(results[3].at("success").as_bool());
        CHECK(b.read("names") == "3000000\nkept\n");
        CHECK(b.read("kept") == "old\n");
    }

    TEST_CASE("on a small disk a length that is only announced takes no space from the others") {
        if (!small_disk::is_allowed()) {
            return;
        }
        bench b;
        b.server.on("/claim", misbehave::stall_in_body(60 * mebibyte, 10));
        std::string urls = "\"$origin/claim\"";
        for (int i = 0; i < 12; ++i) {
            urls += " \"$origin/bytes/" + std::to_string(1'000'000 + i) + "\"";
        }
        const auto results = small_disk("size=64m").run(b, "-j2 --timeout 3 --retries 0 " + urls);
        REQUIRE(results.size() == 13);
        CHECK(kind_of(results[0]) == "timeout");
        for (std::size_t i = 1; i < results.size(); ++i) {
            CHECK(kind_of(results[i]) == "");
        }
    }

    TEST_CASE("on a read-only disk, where one may be mounted, every download is a failure") {
        if (!small_disk::is_allowed()) {
            return;
        }
        bench b;
        const auto results = small_disk("ro").run(b, "\"$origin/bytes/1\" kept=\"$origin/bytes/2\"",
                                                  "echo old >downloads/kept");
        REQUIRE(results.size() == 2);
        CHECK(kind_of(results[0]) == "file");
        CHECK(results[0].at("error").as_string() ==
              "cannot create downloads/1.part: Read-only file system");
        CHECK(kind_of(results[1]) == "file");
        CHECK(b.read("names") == "kept\n");
        CHECK(b.read("kept") == "old\n");
    }
}
