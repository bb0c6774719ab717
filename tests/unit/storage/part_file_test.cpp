#include "storage/part_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "failing_files.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::failing_files;
using test::temp_dir;
using names = std::vector<std::string>;

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::shared_ptr<directory> open(const temp_dir& dir, files& calls = files::system()) {
    return directory::open(dir.string(), calls).value();
}

/// A download as the engine makes it: create, write, sync, commit, sync; the first failure.
core::outcome<void> download(files& calls, const temp_dir& dir, bool replace) {
    auto folder = directory::open(dir.string(), calls);
    if (!folder)
        return folder.error();
    auto where = (*folder)->folder_of("a/b/image1.jpg");
    if (!where)
        return where.error();
    auto part = part_file::create(*where, "image1.jpg", 2 * 1024 * 1024);
    if (!part)
        return part.error();
    if (auto written = part->write(0, bytes("hello")); !written)
        return written;
    if (auto synced = part->sync(); !synced)
        return synced;
    return part->commit(std::chrono::sys_seconds(std::chrono::seconds(1'000'000'000)), replace);
}

/// Makes a download of which the call `at` fails; false where it has fewer calls.
bool fails_cleanly(int at, int error, bool stale, bool replace) {
    CAPTURE(at);
    CAPTURE(error);
    CAPTURE(stale);
    CAPTURE(replace);
    temp_dir dir;
    const auto target = dir / "a/b/image1.jpg", part = dir / "a/b/image1.jpg.part";
    if (stale) {
        std::filesystem::create_directories(dir / "a/b");
        test::write_file(part, "stale");
    }
    failing_files calls(at, error);
    const auto done = download(calls, dir, replace);
    CAPTURE(calls.failed());
    CHECK(calls.open_descriptors() == 0);
    // What stood there before a file of ours was made may stay.
    CHECK((!std::filesystem::exists(part) || (stale && test::read_file(part) == "stale")));
    if (done) {
        // Nothing failed but what does not count (setting the time, closing a folder, removing a
        // stale state, asking for free space) or what is tried again (the rename).
        names harmless{"", "futimens", "close", "unlinkat", "fstat", "fstatat", "fstatfs"};
        if (replace)
            harmless.push_back("rename_noreplace");
        CHECK(std::count(harmless.begin(), harmless.end(), calls.failed()) == 1);
        CHECK(test::read_file(target) == "hello");
    } else {
        CHECK(!std::filesystem::exists(target));
        CHECK(done.error().code() == file_error(-error));
        CHECK(done.error().message().starts_with("cannot "));
        CHECK(done.error().message().ends_with(boost::system::system_category().message(error)));
    }
    return !calls.failed().empty();
}

}  // namespace

TEST_SUITE("unit/storage/part_file") {
    TEST_CASE("a small file costs an open, a lock, a write, a rename, a close and two looks") {
        temp_dir dir;
        failing_files calls;
        auto where = open(dir, calls);
        const auto before = calls.count();
        auto part = part_file::create(where, "a", 1).value();
        REQUIRE(part.write(0, bytes("x")).has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        const names made(calls.made().begin() + before, calls.made().end());
        CHECK(made ==
              names{"openat", "lock", "fstat", "pwrite", "fstatat", "rename_noreplace", "close"});
        CHECK(dir.names() == names{"a"});
        CHECK(test::read_file(dir / "a") == "x");
    }

    TEST_CASE(
        "the target appears with the commit and not before, and the old one stays till then") {
        temp_dir dir;
        test::write_file(dir / "a", "old");
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        REQUIRE(part.write(3, bytes("def")).has_value());
        REQUIRE(part.write(0, bytes("abc")).has_value());
        CHECK(test::read_file(dir / "a") == "old");
        CHECK(dir.names() == names{"a", "a.part"});
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(test::read_file(dir / "a") == "abcdef");
        CHECK(dir.names() == names{"a"});
    }

    TEST_CASE("the commit sets the time it is given and the mode is 0666 less the umask") {
        temp_dir dir;
        const auto mask = ::umask(0027);
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        ::umask(mask);
        REQUIRE(part.commit(std::chrono::sys_seconds(std::chrono::seconds(784111777)), true)
                    .has_value());
        struct ::stat found {};
        REQUIRE(::stat((dir / "a").c_str(), &found) == 0);
        CHECK(found.st_mtim.tv_sec == 784111777);
        CHECK((found.st_mode & 07777) == 0640);
    }

    TEST_CASE("a reservation changes neither the size of the file nor what it takes on disk") {
        temp_dir dir;
        constexpr std::size_t mib = 1024 * 1024;
        const std::string text(5 * mib, 'x');
        auto part = part_file::create(open(dir), "a", 100 * mib).value();
        REQUIRE(part.write(0, bytes(text)).has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        struct ::stat found {};
        REQUIRE(::stat((dir / "a").c_str(), &found) == 0);
        CHECK(found.st_size == 5 * mib);
        CHECK(found.st_blocks * 512 < 6 * mib);
    }

    TEST_CASE("without replace a target that exists is kept and nothing else is left") {
        temp_dir dir;
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        REQUIRE(part.write(0, bytes("new")).has_value());
        test::write_file(dir / "a", "old");
        const auto committed = part.commit(std::nullopt, false);
        REQUIRE(committed.has_error());
        CHECK(committed.error().code() == errc::exists);
        CHECK(committed.error().message() == (dir / "a exists already").string());
        part.discard();
        CHECK(test::read_file(dir / "a") == "old");
        CHECK(dir.names() == names{"a"});
    }

    TEST_CASE("without replace a free target is taken") {
        temp_dir dir;
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        REQUIRE(part.commit(std::nullopt, false).has_value());
        CHECK(dir.names() == names{"a"});
    }

    TEST_CASE("a directory in the target's place is a failure that names it") {
        temp_dir dir;
        std::filesystem::create_directory(dir / "a");
        auto where = open(dir);
        CHECK(look(*where, "a").value().state == target_state::a_directory);
        auto part = part_file::create(where, "a", std::nullopt).value();
        const auto committed = part.commit(std::nullopt, true);
        REQUIRE(committed.has_error());
        CHECK(committed.error().code() == errc::file);
        CHECK(committed.error().message() == (dir / "a is a directory").string());
        CHECK(dir.names() == names{"a"});
    }

    TEST_CASE("a symlink in the target's place is replaced and never followed") {
        temp_dir dir;
        test::write_file(dir / "victim", "precious");
        std::filesystem::create_symlink("victim", dir / "a");
        auto where = open(dir);
        CHECK(look(*where, "a").value().state == target_state::present);
        auto part = part_file::create(where, "a", std::nullopt).value();
        REQUIRE(part.write(0, bytes("new")).has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(test::read_file(dir / "victim") == "precious");
        CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(dir / "a")));
        CHECK(test::read_file(dir / "a") == "new");
    }

    TEST_CASE("a dangling symlink in the target's place counts as present") {
        temp_dir dir;
        std::filesystem::create_symlink("nowhere", dir / "a");
        auto where = open(dir);
        CHECK(look(*where, "a").value().state == target_state::present);
        auto part = part_file::create(where, "a", std::nullopt).value();
        const auto committed = part.commit(std::nullopt, false);
        REQUIRE(committed.has_error());
        CHECK(committed.error().code() == errc::exists);
        CHECK(look(*where, "b").value().state == target_state::absent);
    }

    TEST_CASE("a symlink in the part file's place is refused and left as it is") {
        temp_dir dir;
        test::write_file(dir / "victim", "precious");
        std::filesystem::create_symlink("victim", dir / "a.part");
        const auto part = part_file::create(open(dir), "a", std::nullopt);
        REQUIRE(part.has_error());
        CHECK(part.error().code() == errc::file);
        CHECK(part.error().message() == (dir / "a.part exists and is not a regular file").string());
        CHECK(test::read_file(dir / "victim") == "precious");
        CHECK(dir.names() == names{"a.part", "victim"});
    }

    TEST_CASE("a directory in the part file's place is refused") {
        temp_dir dir;
        std::filesystem::create_directory(dir / "a.part");
        const auto part = part_file::create(open(dir), "a", std::nullopt);
        REQUIRE(part.has_error());
        CHECK(part.error().code() == errc::file);
    }

    TEST_CASE("a second name of a file gives way, and the file keeps its bytes") {
        temp_dir dir;
        test::write_file(dir / "other", "precious");
        std::filesystem::create_hard_link(dir / "other", dir / "a.part");
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        REQUIRE(part.write(0, bytes("new")).has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(test::read_file(dir / "a") == "new");
        CHECK(test::read_file(dir / "other") == "precious");
    }

    TEST_CASE("a part file that another download has open is left to it") {
        temp_dir dir;
        auto where = open(dir);
        auto first = part_file::create(where, "a", std::nullopt).value();
        REQUIRE(first.write(0, bytes("first")).has_value());
        const auto second = part_file::create(open(dir), "a", std::nullopt);
        REQUIRE(second.has_error());
        CHECK(second.error().code() == errc::part_in_use);
        CHECK(second.error().message() == (dir / "a.part is in use by another download").string());
        REQUIRE(first.commit(std::nullopt, true).has_value());
        CHECK(test::read_file(dir / "a") == "first");
        CHECK(part_file::create(where, "a", std::nullopt).has_value());
    }

    TEST_CASE("a part file that somebody replaced meanwhile is not taken for ours") {
        for (const bool commits : {true, false}) {
            temp_dir dir;
            auto part = part_file::create(open(dir), "a", std::nullopt).value();
            REQUIRE(part.write(0, bytes("half ")).has_value());
            std::filesystem::remove(dir / "a.part");
            test::write_file(dir / "a.part", "somebody's");
            REQUIRE(part.write(5, bytes("whole")).has_value());
            if (commits) {
                const auto committed = part.commit(std::nullopt, true);
                REQUIRE(committed.has_error());
                CHECK(committed.error().code() == errc::file);
            } else {
                part.discard();
            }
            CHECK(dir.names() == names{"a.part"});
            CHECK(test::read_file(dir / "a.part") == "somebody's");
        }
    }

    TEST_CASE("a stale part file gives way to a new one") {
        temp_dir dir;
        test::write_file(dir / "a.part", "stale and long");
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        REQUIRE(part.write(0, bytes("new")).has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(test::read_file(dir / "a") == "new");
    }

    TEST_CASE("a name that is too long is a failure that names it") {
        temp_dir dir;
        const std::string leaf(251, 'x');
        const auto part = part_file::create(open(dir), leaf, std::nullopt);
        REQUIRE(part.has_error());
        CHECK(part.error().code() == errc::name);
        CHECK(part.error().message() ==
              "cannot create " + (dir / leaf).string() + ".part: File name too long");
    }

    TEST_CASE("a part file that is let go of is removed, whatever was moved where") {
        temp_dir dir;
        failing_files calls;
        {
            auto where = open(dir, calls);
            auto first = part_file::create(where, "a", std::nullopt).value();
            auto second = part_file::create(where, "b", std::nullopt).value();
            CHECK(dir.names() == names{"a.part", "b.part"});
            first = std::move(second);
            CHECK(dir.names() == names{"b.part"});
            CHECK(first.is_open());
            CHECK(!second.is_open());
        }
        CHECK(dir.names().empty());
        CHECK(calls.open_descriptors() == 0);
    }

    TEST_CASE("discard twice removes once, and does not touch a file that came later") {
        temp_dir dir;
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        part.discard();
        CHECK(dir.names().empty());
        test::write_file(dir / "a.part", "somebody's");
        part.discard();
        CHECK(dir.names() == names{"a.part"});
    }

    TEST_CASE("the directory that was opened is written to, even after a symlink took its name") {
        temp_dir dir;
        std::filesystem::create_directory(dir / "d");
        std::filesystem::create_directory(dir / "trap");
        auto where = directory::open((dir / "d").string(), files::system()).value();
        std::filesystem::rename(dir / "d", dir / "moved");
        std::filesystem::create_symlink("trap", dir / "d");
        auto part = part_file::create(where, "a", std::nullopt).value();
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(std::filesystem::exists(dir / "moved/a"));
        CHECK(std::filesystem::is_empty(dir / "trap"));
    }

    TEST_CASE("whichever system call fails, in whichever way, nothing is left of the download") {
        for (const bool stale : {false, true})
            for (const bool replace : {false, true})
                for (const int error : {ENOSPC, EDQUOT, EFBIG, EIO, EROFS, EACCES, EMFILE})
                    for (int at = 1; fails_cleanly(at, error, stale, replace); ++at)
                        ;
    }

    TEST_CASE("a part file whose close fails is no download") {
        temp_dir dir;
        failing_files calls(9, EIO);  // the first is the directory's
        auto part = part_file::create(open(dir, calls), "a", std::nullopt).value();
        REQUIRE(part.write(0, bytes("x")).has_value());
        const auto committed = part.commit(std::nullopt, true);
        REQUIRE(committed.has_error());
        CHECK(committed.error().message() ==
              "cannot close " + (dir / "a: Input/output error").string());
        CHECK(dir.names().empty());
    }

    TEST_CASE("an errno is one of our codes") {
        for (const int error : {ENOSPC, EDQUOT, EFBIG})
            CHECK(file_error(-error) == errc::disk_full);
        for (const int error : {EMFILE, ENFILE})
            CHECK(file_error(-error) == errc::too_many_files);
        for (const int error : {EIO, EROFS, EACCES, ENOMEM, 12345})
            CHECK(file_error(-error) == errc::file);
    }

    TEST_CASE("a size or an offset that no file can have is disk_full") {
        temp_dir dir;
        const auto huge = std::uint64_t{1} << 63;
        const auto reserved = part_file::create(open(dir), "a", huge);
        REQUIRE(reserved.has_error());
        CHECK(reserved.error().code() == errc::disk_full);
        CHECK(dir.names().empty());
        auto part = part_file::create(open(dir), "a", std::nullopt).value();
        const auto written = part.write(huge, bytes("x"));
        REQUIRE(written.has_error());
        CHECK(written.error().code() == errc::disk_full);
    }

    TEST_CASE("a sync after the commit is of the directory") {
        temp_dir dir;
        failing_files calls;
        auto part = part_file::create(open(dir, calls), "a", std::nullopt).value();
        CHECK(part.sync().has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(part.sync().has_value());
        CHECK(std::count(calls.made().begin(), calls.made().end(), "fsync") == 2);
    }
}
