// Small files that come at once, in a directory where none can be in their way.

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "failing_files.hpp"
#include "part_files.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::bytes;
using test::failing_files;
using test::names;
using test::temp_dir;

/// The directory, once enough have asked for a look through it.
std::shared_ptr<directory> looked_through(const temp_dir& dir, files& calls = files::system()) {
    auto where = test::open(dir, calls);
    for (int i = 0; i < 64; ++i)
        where->may_hold_states();
    return where;
}

core::outcome<void> download(const std::shared_ptr<directory>& where, const std::string& leaf,
                             std::string_view text, bool replace = true) {
    auto part = part_file::create(where, leaf, text.size());
    if (!part)
        return part.error();
    if (auto written = part->write(0, bytes(text)); !written)
        return written;
    return part->commit(std::chrono::sys_seconds(std::chrono::seconds(784111777)), replace, true);
}

/// The calls of a download that succeeds.
names calls_of(failing_files& calls, const std::shared_ptr<directory>& where,
               const std::string& leaf) {
    calls.forget();
    REQUIRE(download(where, leaf, "new").has_value());
    return calls.made();
}

const names unnamed_calls{"openat", "pwrite", "pwrite", "futimens",
                          "fsync",  "link",   "close",  "fsync"};

}  // namespace

TEST_SUITE("unit/storage/unnamed_file") {
    TEST_CASE("it costs an open, a write, a link and a close") {
        temp_dir dir;
        failing_files calls;
        const auto where = looked_through(dir, calls);
        calls.forget();
        auto part = part_file::create(where, "a", 1).value();
        REQUIRE(part.write(0, bytes("x")).has_value());
        CHECK(dir.names().empty());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(calls.made() == names{"openat", "pwrite", "link", "close"});
        CHECK(dir.names() == names{"a"});
        CHECK(test::read_file(dir / "a") == "x");
    }

    TEST_CASE("it has the time it is given and the mode 0666 less the umask") {
        temp_dir dir;
        const auto mask = ::umask(0027);
        const auto done = download(looked_through(dir), "a", "x");
        ::umask(mask);
        REQUIRE(done.has_value());
        struct ::stat found {};
        REQUIRE(::stat((dir / "a").c_str(), &found) == 0);
        CHECK(found.st_mtim.tv_sec == 784111777);
        CHECK((found.st_mode & 07777) == 0640);
        CHECK(found.st_nlink == 1);
    }

    TEST_CASE("a file that does not come at once has its part file") {
        temp_dir dir;
        auto part = part_file::create(looked_through(dir), "a", 6).value();
        CHECK(dir.names().empty());
        REQUIRE(part.write(0, bytes("abc")).has_value());
        CHECK(dir.names() == names{"a.part"});
        REQUIRE(part.write(3, bytes("def")).has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(dir.names() == names{"a"});
        CHECK(test::read_file(dir / "a") == "abcdef");
    }

    TEST_CASE("an empty file, one of unknown size and one of 1 MiB have their part files") {
        for (const auto size : {std::optional<std::uint64_t>(0), std::optional<std::uint64_t>(),
                                std::optional<std::uint64_t>(test::mib)}) {
            temp_dir dir;
            auto part = part_file::create(looked_through(dir), "a", size).value();
            CHECK(dir.names() == names{"a.part"});
        }
    }

    TEST_CASE("a file in its place is replaced, and those that come next have their part files") {
        temp_dir dir;
        failing_files calls;
        const auto where = looked_through(dir, calls);
        const auto open = calls.open_descriptors();
        CHECK(calls_of(calls, where, "b") == unnamed_calls);
        test::write_file(dir / "a", "old and longer");
        REQUIRE(download(where, "a", "new").has_value());
        CHECK(test::read_file(dir / "a") == "new");
        CHECK(calls.open_descriptors() == open);
        struct ::stat found {};
        REQUIRE(::stat((dir / "a").c_str(), &found) == 0);
        CHECK(found.st_mtim.tv_sec == 784111777);
        const auto made = calls_of(calls, where, "c");
        CHECK(std::count(made.begin(), made.end(), "rename_noreplace") == 1);
        CHECK(dir.names() == names{"a", "b", "c"});
    }

    TEST_CASE("without replace a file in its place is kept") {
        temp_dir dir;
        const auto where = looked_through(dir);
        test::write_file(dir / "a", "old");
        const auto done = download(where, "a", "new", false);
        REQUIRE(done.has_error());
        CHECK(done.error().code() == errc::exists);
        CHECK(test::read_file(dir / "a") == "old");
        CHECK(dir.names() == names{"a"});
    }

    TEST_CASE("a symlink in its place is replaced and never followed") {
        temp_dir dir;
        const auto where = looked_through(dir);
        test::write_file(dir / "victim", "precious");
        std::filesystem::create_symlink("victim", dir / "a");
        REQUIRE(download(where, "a", "new").has_value());
        CHECK(test::read_file(dir / "victim") == "precious");
        CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(dir / "a")));
        CHECK(test::read_file(dir / "a") == "new");
    }

    TEST_CASE("a directory in its place is a failure that leaves nothing") {
        temp_dir dir;
        const auto where = looked_through(dir);
        std::filesystem::create_directory(dir / "a");
        const auto done = download(where, "a", "new");
        REQUIRE(done.has_error());
        CHECK(done.error().code() == errc::file);
        CHECK(dir.names() == names{"a"});
    }

    TEST_CASE("where an earlier run has left a part file, it is used and does not stay") {
        for (const char* left : {"a.part", "a.part.state"}) {
            temp_dir dir;
            test::write_file(dir / left, "stale");
            test::write_file(dir / "a.part", "stale");
            const auto where = looked_through(dir);
            CHECK_FALSE(where->takes_unnamed());
            REQUIRE(download(where, "a", "new").has_value());
            CHECK(dir.names() == names{"a"});
        }
    }

    TEST_CASE("one that is given up leaves nothing, written or not") {
        using both = std::pair<bool, bool>;
        for (const auto& [written, kept] :
             {both(false, false), both(false, true), both(true, false), both(true, true)}) {
            CAPTURE(written);
            CAPTURE(kept);
            temp_dir dir;
            failing_files calls;
            const auto where = looked_through(dir, calls);
            const auto open = calls.open_descriptors();
            auto part = part_file::create(where, "a", 3).value();
            part.describe(test::origin, test::some_validators());
            if (written)
                REQUIRE(part.write(0, bytes("new")).has_value());
            if (kept)
                CHECK_FALSE(part.keep());
            else
                part.discard();
            CHECK(dir.names().empty());
            CHECK(calls.open_descriptors() == open);
        }
    }

    TEST_CASE("its digest is that of its bytes") {
        temp_dir dir;
        auto part = part_file::create(looked_through(dir), "a", 3).value();
        REQUIRE(part.write(0, bytes("abc")).has_value());
        const std::atomic<bool> stop = false;
        const auto sum = part.digest(core::digest_algorithm::md5, {0, 3}, stop);
        REQUIRE(sum.has_value());
        CHECK(sum->text() == "md5=900150983cd24fb0d6963f7d28e17f72");
    }

    TEST_CASE("one that is begun again, or written to again, is still whole") {
        temp_dir dir;
        auto part = part_file::create(looked_through(dir), "a", 3).value();
        REQUIRE(part.write(0, bytes("abc")).has_value());
        SUBCASE("begun again") {
            REQUIRE(part.restart().has_value());
            CHECK(dir.names() == names{"a.part"});
            REQUIRE(part.write(0, bytes("x")).has_value());
            REQUIRE(part.write(1, bytes("yz")).has_value());
        }
        SUBCASE("written to again") {
            REQUIRE(part.write(0, bytes("xyz1")).has_value());
        }
        REQUIRE(part.commit(std::nullopt, true, false, 3).has_value());
        CHECK(dir.names() == names{"a"});
        CHECK(test::read_file(dir / "a") == "xyz");
    }

    TEST_CASE("whichever call fails: the file is whole or there is none, and nothing is left") {
        // A file system without such files, one that cannot link them, and failures that last.
        for (const int error : {EOPNOTSUPP, EXDEV, ENOSPC, EIO}) {
            temp_dir first;
            failing_files counted;
            looked_through(first, counted);
            for (int at = counted.count() + 1, more = true; more; ++at) {
                CAPTURE(error);
                temp_dir dir;
                failing_files calls(at, error);
                auto where = looked_through(dir, calls);
                const auto open = calls.open_descriptors();
                const auto done = download(where, "a", "new");
                CAPTURE(calls.failed());
                CHECK(calls.open_descriptors() == open);
                const names harmless{"", "openat", "futimens", "link"};
                const bool fails =
                    std::count(harmless.begin(), harmless.end(), calls.failed()) == 0;
                CHECK(done.has_error() == fails);
                // A directory that cannot be synced takes nothing away; that comes last.
                const bool synced_last = calls.failed() == "fsync" && calls.count() == at;
                if (!fails || synced_last) {
                    CHECK(dir.names() == names{"a"});
                    CHECK(test::read_file(dir / "a") == "new");
                } else {
                    CHECK(dir.names().empty());
                }
                more = !calls.failed().empty();
            }
        }
    }

    TEST_CASE("whichever call fails where a file is replaced: it is the old one or the new one") {
        for (const int error : {EMFILE, ENOSPC, EIO}) {
            for (const bool lasting : {false, true}) {
                temp_dir first;
                failing_files counted;
                looked_through(first, counted);
                for (int at = counted.count() + 1, more = true; more; ++at) {
                    CAPTURE(error);
                    CAPTURE(lasting);
                    temp_dir dir;
                    failing_files calls(at, error, lasting);
                    const auto where = looked_through(dir, calls);
                    test::write_file(dir / "a", "old");
                    const auto open = calls.open_descriptors();
                    const auto done = download(where, "a", "new");
                    CAPTURE(calls.failed());
                    CHECK(calls.open_descriptors() == open);
                    // A part file that cannot be removed either may stay.
                    if (!lasting)
                        CHECK((dir.names() == names{"a"} || dir.names().empty()));
                    if (done)
                        CHECK(test::read_file(dir / "a") == "new");
                    else if (std::filesystem::exists(dir / "a"))
                        CHECK((test::read_file(dir / "a") == "old" || calls.failed() == "close" ||
                               calls.failed() == "fsync"));
                    more = !calls.failed().empty();
                }
            }
        }
    }
}
