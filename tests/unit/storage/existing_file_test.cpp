// The file that is in a target's place, and the record in its attribute.

#include "storage/existing_file.hpp"

#include <doctest/doctest.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <asyncdl/error.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "failing_files.hpp"
#include "part_files.hpp"
#include "storage/digest.hpp"
#include "support/skip.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using namespace std::chrono_literals;
using test::kib;
using test::names;
using test::temp_dir;

constexpr std::size_t size = 64 * kib;
constexpr const char* attribute = "user.asyncdl";
constexpr std::chrono::sys_seconds some_time{784111777s};

/// Another boot, holes, or a file system whose attributes cannot be written.
class odd_files final : public storage::files {
public:
    boot_id boot() override { return boot_; }
    std::int64_t first_hole(int file) override {
        return hole_ < 0 ? files::first_hole(file) : hole_;
    }
    int set_attribute(int file, const char* name, std::string_view value) override {
        ++asked_;
        return error_ != 0 ? -error_ : files::set_attribute(file, name, value);
    }

    boot_id boot_{std::byte{1}};
    std::int64_t hole_ = -1;
    int error_ = 0;
    int asked_ = 0;
};

/// Whether the folder takes attributes; a test that needs them says if not.
bool has_attributes(const temp_dir& dir) {
    test::write_file(dir / "probe", "x");
    const bool has = ::setxattr((dir / "probe").c_str(), attribute, "x", 1, 0) == 0;
    std::filesystem::remove(dir / "probe");
    return test::has(has, "a folder that takes user attributes");
}

file_record some_record() {
    file_record record;
    record.take(test::some_validators());
    record.source = test::origin;
    record.answered = 42;
    return record;
}

core::outcome<void> make(const std::shared_ptr<directory>& where, const std::string& leaf,
                         std::size_t bytes = size, bool durable = false,
                         std::optional<std::chrono::sys_seconds> time = some_time) {
    auto part = part_file::create(where, leaf, bytes);
    if (!part) {
        return part.error();
    }
    if (auto written = test::write(*part, 0, bytes); !written) {
        return written;
    }
    part->describe_finished(std::make_unique<file_record>(some_record()));
    return part->commit(time, true, durable, bytes);
}

bool has_record(const std::shared_ptr<directory>& where, const std::string& leaf = "a") {
    const auto found = find_existing(*where, leaf).value();
    return found && found->record.has_value();
}

}  // namespace

TEST_SUITE("unit/storage/existing_file") {
    TEST_CASE("what a commit has written is found again") {
        temp_dir dir;
        if (!has_attributes(dir)) {
            return;
        }
        const auto where = test::open(dir);
        for (const auto time :
             {std::optional(some_time), std::optional<std::chrono::sys_seconds>()}) {
            CAPTURE(time.has_value());
            REQUIRE(make(where, "a", size, true, time).has_value());
            const auto found = find_existing(*where, "a").value();
            REQUIRE(found);
            CHECK(found->is_owned);
            CHECK(found->size == size);
            REQUIRE(found->record);
            file_record expected = some_record();
            expected.size = size;
            expected.time = found->time;
            expected.boot = files::system().boot();
            expected.synced = true;
            CHECK(*found->record == expected);
            CHECK(
                (time ? found->time == file_time{784111777, 0} : found->time.seconds > 784111777));
        }
        CHECK(files::system().boot() != boot_id());
    }

    TEST_CASE("a file of under 16 KiB has no record and is not asked for one") {
        temp_dir dir;
        test::failing_files calls;
        const auto where = test::open(dir, calls);
        for (const std::size_t bytes : {16 * kib - 1, 16 * kib}) {
            calls.forget();
            REQUIRE(make(where, "a", bytes).has_value());
            const auto made = calls.made();
            CHECK(std::count(made.begin(), made.end(), "set_attribute") == (bytes == 16 * kib));
            calls.forget();
            REQUIRE(find_existing(*where, "a").value());
            if (bytes < 16 * kib) {
                CHECK(calls.made() == names{"fstatat"});
            }
        }
        calls.forget();
        CHECK(!find_existing(*where, "absent").value());
        CHECK(calls.made() == names{"fstatat"});
    }

    TEST_CASE("whatever was done to the file since, it is not provably ours any more") {
        temp_dir dir;
        if (!has_attributes(dir)) {
            return;
        }
        const auto where = test::open(dir);
        const std::string path = (dir / "a").string();
        const std::function<void()> changes[] = {
            [&] { std::ofstream(path, std::ios::app) << "x"; },
            [&] { REQUIRE(::truncate(path.c_str(), size - 1) == 0); },
            [&] {
                std::fstream file(path, std::ios::in | std::ios::out);
                file << "other bytes";
            },
            [&] { REQUIRE(::chmod(path.c_str(), 0664) == 0); },
            [&] { REQUIRE(::chmod(path.c_str(), 0646) == 0); },
            [&] { REQUIRE(::link(path.c_str(), (path + "2").c_str()) == 0); },
            [&] { REQUIRE(::removexattr(path.c_str(), attribute) == 0); },
            [&] { REQUIRE(::setxattr(path.c_str(), attribute, "", 0, 0) == 0); },
            [&] {
                std::string all(4096, 'x');
                REQUIRE(::setxattr(path.c_str(), attribute, all.data(), 1000, 0) == 0);
            },
        };
        int number = 0;
        for (const auto& change : changes) {
            ++number;
            CAPTURE(number);
            std::filesystem::remove(path + "2");
            std::filesystem::remove(path);
            REQUIRE(make(where, "a").has_value());
            const auto before = find_existing(*where, "a").value();
            REQUIRE((before && before->record));
            CHECK(is_unchanged(*where, "a", *before));
            change();
            CHECK(find_existing(*where, "a").value());
            CHECK(!has_record(where));
            const bool only_attribute = number > 6;
            CHECK(is_unchanged(*where, "a", *before) == only_attribute);
        }
    }

    TEST_CASE("a file whose attribute says that it is another is not ours") {
        temp_dir dir;
        if (!has_attributes(dir)) {
            return;
        }
        const auto where = test::open(dir);
        REQUIRE(make(where, "a").has_value());
        REQUIRE(make(where, "b", 2 * size).has_value());
        char record[max_record_bytes];
        const auto bytes = ::getxattr((dir / "b").c_str(), attribute, record, sizeof record);
        REQUIRE(bytes > 0);
        REQUIRE(::setxattr((dir / "a").c_str(), attribute, record, static_cast<std::size_t>(bytes),
                           0) == 0);
        CHECK(has_record(where, "b"));
        CHECK(!has_record(where, "a"));
    }

    TEST_CASE("another user's file is not ours, whatever its attribute says") {
        temp_dir dir;
        if (!has_attributes(dir) || !test::has(::geteuid() == 0, "the right to give files away")) {
            return;
        }
        const auto where = test::open(dir);
        REQUIRE(make(where, "a").has_value());
        REQUIRE(has_record(where));
        REQUIRE(::chown((dir / "a").c_str(), 12345, static_cast<::gid_t>(-1)) == 0);
        const auto found = find_existing(*where, "a").value();
        REQUIRE(found);
        CHECK(!found->is_owned);
        CHECK(!found->record);
    }

    TEST_CASE("what is no regular file is not looked into") {
        temp_dir dir;
        test::failing_files calls;
        const auto where = test::open(dir, calls);
        REQUIRE(make(where, "file").has_value());
        std::filesystem::create_symlink("file", dir / "link");
        std::filesystem::create_directory(dir / "folder");
        REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
        for (const char* name : {"link", "folder", "fifo"}) {
            calls.forget();
            CHECK(!find_existing(*where, name).value());
            CHECK(calls.made() == names{"fstatat"});
        }
    }

    TEST_CASE("after another boot a file that was not synced must have no hole") {
        temp_dir dir;
        if (!has_attributes(dir)) {
            return;
        }
        odd_files calls;
        const auto where = test::open(dir, calls);
        REQUIRE(make(where, "plain").has_value());
        REQUIRE(make(where, "synced", size, true).has_value());
        for (const std::byte now : {std::byte{1}, std::byte{2}}) {
            for (const std::int64_t hole :
                 {std::int64_t{-1}, std::int64_t{4096}, std::int64_t{0}}) {
                CAPTURE(std::to_integer<int>(now));
                CAPTURE(hole);
                calls.boot_ = {now};
                calls.hole_ = hole;
                CHECK(has_record(where, "synced"));
                CHECK(has_record(where, "plain") == (now == std::byte{1} || hole == -1));
            }
        }
        // A system that does not tell its boot may have been started anew.
        calls.boot_ = {};
        calls.hole_ = 4096;
        REQUIRE(make(where, "plain").has_value());
        CHECK(!has_record(where, "plain"));
    }

    TEST_CASE("an attribute that cannot be written fails nothing, and is asked for once if never") {
        for (const int error : {ENOTSUP, EPERM, ENOSYS, ENOSPC, EDQUOT, EIO}) {
            CAPTURE(error);
            temp_dir dir;
            odd_files calls;
            calls.error_ = error;
            const auto where = test::open(dir, calls);
            for (const char* name : {"a", "b", "c"}) {
                CHECK(make(where, name).has_value());
                CHECK(!has_record(where, name));
            }
            const bool never = error == ENOTSUP || error == EPERM || error == ENOSYS;
            CHECK(calls.asked_ == (never ? 1 : 3));
            CHECK(dir.names() == names{"a", "b", "c"});
        }
    }

    TEST_CASE("a file that goes on without a record loses the one that it had") {
        temp_dir dir;
        if (!has_attributes(dir)) {
            return;
        }
        test::leave(dir, 512 * kib);
        REQUIRE(::setxattr((dir / "a.part").c_str(), attribute, "old", 3, 0) == 0);
        const auto where = test::open(dir);
        auto reopened = part_file::reopen(where, "a").value();
        REQUIRE(reopened);
        REQUIRE(reopened->part.commit(some_time, true, false, 512 * kib).has_value());
        char value[8];
        CHECK(::getxattr((dir / "a").c_str(), attribute, value, sizeof value) == -1);
        CHECK(errno == ENODATA);
    }

    TEST_CASE("the digest is that of the whole file, and ends when it is told to") {
        temp_dir dir;
        const auto where = test::open(dir);
        REQUIRE(make(where, "a").has_value());
        const auto found = find_existing(*where, "a").value();
        REQUIRE(found);
        std::atomic<bool> stop = false;
        const auto algorithm = core::digest_algorithm::sha_256;
        const auto made = digest_of(*where, "a", *found, algorithm, stop);
        REQUIRE(made.has_value());
        storage::digest expected(algorithm);
        expected.update(test::bytes(test::body(0, size)));
        CHECK(*made == expected.finish());
        std::ofstream((dir / "a").string(), std::ios::app) << "x";
        CHECK(digest_of(*where, "a", *found, algorithm, stop).error().code() == errc::file);
        stop = true;
        CHECK(digest_of(*where, "a", *found, algorithm, stop).error().code() == errc::cancelled);
        stop = false;
        REQUIRE(make(where, "b").has_value());
        std::filesystem::rename(dir / "b", dir / "a");
        CHECK(digest_of(*where, "a", *found, algorithm, stop).error().code() == errc::file);
        std::filesystem::remove(dir / "a");
        CHECK(digest_of(*where, "a", *found, algorithm, stop).error().code() == errc::file);
    }

    TEST_CASE("a lack of descriptors is not taken for a file without a record") {
        temp_dir dir;
        const auto made = test::open(dir);
        REQUIRE(make(made, "a").has_value());
        test::failing_files calls(2, EMFILE);
        directory where(::open(dir.string().c_str(), O_RDONLY | O_DIRECTORY), made->identity(), "",
                        calls, 244, nullptr);
        CHECK(find_existing(where, "a").error().code() == errc::too_many_files);
        CHECK(find_existing(where, "a").value());
    }

    TEST_CASE("to sync a file that is kept is to sync its folder as well") {
        temp_dir dir;
        test::failing_files calls;
        const auto where = test::open(dir, calls);
        REQUIRE(make(where, "a").has_value());
        calls.forget();
        CHECK(sync_existing(*where, "a").has_value());
        CHECK(calls.made() == names{"openat", "fsync", "fsync", "close"});
        for (int at = 1; at <= 3; ++at) {
            test::failing_files failing(at, EIO);
            directory broken(::open(dir.string().c_str(), O_RDONLY | O_DIRECTORY),
                             where->identity(), "", failing, 244, nullptr);
            CHECK(sync_existing(broken, "a").error().code() == errc::file);
        }
    }
}
