// Part files and states that others have planted: none is written into, none becomes the file.

#include "storage/part_lock.hpp"

#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "failing_files.hpp"
#include "part_files.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::bytes;
using test::failing_files;
using test::mib;
using test::names;
using test::temp_dir;
namespace fs = std::filesystem;

struct ::stat stat_of(const fs::path& path) {
    struct ::stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found;
}

::mode_t mode_of(const fs::path& path) {
    return stat_of(path).st_mode & 07777;
}

/// The umask while it lives.
class umask_guard {
public:
    explicit umask_guard(::mode_t mask) : before_(::umask(mask)) {}
    ~umask_guard() { ::umask(before_); }
    umask_guard(const umask_guard&) = delete;
    umask_guard& operator=(const umask_guard&) = delete;

private:
    ::mode_t before_;
};

/// A descriptor of the test's own.
class descriptor {
public:
    explicit descriptor(const fs::path& path) : value_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
        REQUIRE(value_ >= 0);
    }
    ~descriptor() { ::close(value_); }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    int get() const { return value_; }

private:
    int value_;
};

core::outcome<void> download(const std::shared_ptr<directory>& where, std::string_view text) {
    auto part = part_file::create(where, "a", std::nullopt);
    if (!part)
        return part.error();
    if (auto written = part->write(0, bytes(text)); !written)
        return written;
    return part->commit(std::nullopt, true);
}

/// The system's files, with something that happens before the next lock, and less of what a system
/// may lack.
class meddling_files final : public files {
public:
    std::function<void()> before_lock;
    bool without_unnamed = false;
    bool without_proc = false;

    int openat(int directory, const char* path, int flags, ::mode_t mode) override {
        if (without_unnamed && (flags & O_TMPFILE) == O_TMPFILE)
            return -EOPNOTSUPP;
        if (without_proc && std::string_view(path).starts_with("/proc/"))
            return -ENOENT;
        return files::openat(directory, path, flags, mode);
    }
    int lock(int file) override {
        if (auto meddle = std::exchange(before_lock, nullptr))
            meddle();
        return files::lock(file);
    }
};

std::optional<reopened_part> reopen(const temp_dir& dir, files& calls = files::system()) {
    return part_file::reopen(test::open(dir, calls), "a").value();
}

}  // namespace

TEST_SUITE("unit/storage/part_lock") {
    TEST_CASE("a part file that somebody planted is not the file that appears") {
        const umask_guard mask(022);
        temp_dir dir;
        test::write_file(dir / "a.part", "planted");
        REQUIRE(::chmod((dir / "a.part").c_str(), 04777) == 0);
        const bool foreign = ::chown((dir / "a.part").c_str(), 12345, 12345) == 0;
        REQUIRE(::chmod((dir / "a.part").c_str(), 04777) == 0);
        const descriptor planted(dir / "a.part");
        REQUIRE(download(test::open(dir), "verified").has_value());
        REQUIRE(::pwrite(planted.get(), "tampered", 8, 0) == 8);
        CHECK(test::read_file(dir / "a") == "verified");
        CHECK(mode_of(dir / "a") == 0644);
        CHECK(stat_of(dir / "a").st_uid == ::geteuid());
        CHECK(dir.names() == names{"a"});
        if (!foreign)
            MESSAGE("no file can be given away here: this test has shown less");
    }

    TEST_CASE("a part file of ours without a fitting state is made anew as well") {
        temp_dir dir;
        test::leave(dir, mib);
        const auto before = stat_of(dir / "a.part").st_ino;
        test::write_file(dir / "a.part.state", "torn");
        const descriptor held(dir / "a.part");
        auto part = part_file::create(test::open(dir), "a", std::nullopt).value();
        CHECK(stat_of(dir / "a.part").st_ino != before);
        CHECK(dir.names() == names{"a.part"});
    }

    TEST_CASE("a part file that somebody has locked is left to them") {
        temp_dir dir;
        test::write_file(dir / "a.part", "theirs");
        test::write_file(dir / "a.part.state", "theirs");
        const descriptor theirs(dir / "a.part");
        REQUIRE(::flock(theirs.get(), LOCK_EX | LOCK_NB) == 0);
        const auto done = download(test::open(dir), "new");
        REQUIRE(done.has_error());
        CHECK(done.error().code() == errc::part_in_use);
        CHECK(done.error().message() == test::in(dir, "a.part is in use by another download"));
        CHECK(dir.names() == names{"a.part", "a.part.state"});
        CHECK(test::read_file(dir / "a.part") == "theirs");
    }

    TEST_CASE("what is not a regular file is refused without being opened") {
        for (const std::string kind : {"a symlink", "a directory", "a FIFO", "a device"}) {
            CAPTURE(kind);
            temp_dir dir;
            if (kind == "a symlink")
                fs::create_symlink("nowhere", dir / "a.part");
            else if (kind == "a directory")
                fs::create_directory(dir / "a.part");
            else if (kind == "a FIFO")
                REQUIRE(::mkfifo((dir / "a.part").c_str(), 0666) == 0);
            else if (::mknod((dir / "a.part").c_str(), S_IFCHR | 0666, ::makedev(1, 3)) != 0)
                continue;
            failing_files calls;
            const auto where = test::open(dir, calls);
            calls.forget();
            const auto done = download(where, "new");
            REQUIRE(done.has_error());
            CHECK(done.error().code() == errc::file);
            CHECK(done.error().message() ==
                  test::in(dir, "a.part exists and is not a regular file"));
            // The attempt to make it, and the look.
            CHECK(calls.made() == names{"openat", "fstatat"});
            CHECK(dir.names() == names{"a.part"});
        }
    }

    TEST_CASE("a part file that cannot be removed is a failure that says whose it is") {
        for (const bool foreign : {false, true}) {
            temp_dir dir;
            test::write_file(dir / "a.part", "planted");
            if (foreign && ::chown((dir / "a.part").c_str(), 12345, 12345) != 0)
                continue;
            // After the directory, two looks and opens, a lock and another two looks.
            failing_files calls(10, EPERM);
            const auto done = download(test::open(dir, calls), "new");
            CHECK(calls.failed() == "unlinkat");
            REQUIRE(done.has_error());
            CHECK(done.error().code() == errc::file);
            CHECK(done.error().message() ==
                  (foreign ? "cannot remove another user's " : "cannot remove ") +
                      test::in(dir, "a.part: Operation not permitted"));
            CHECK(test::read_file(dir / "a.part") == "planted");
        }
    }

    TEST_CASE("a part file that another download has made meanwhile is not removed") {
        temp_dir dir;
        test::write_file(dir / "a.part", "stale");
        std::optional<part_file> theirs;
        meddling_files calls;
        calls.before_lock = [&] {
            theirs = part_file::create(test::open(dir), "a", std::nullopt).value();
            theirs->write(0, bytes("theirs")).value();
        };
        const auto done = download(test::open(dir, calls), "new");
        REQUIRE(done.has_error());
        CHECK(done.error().message() == test::in(dir, "a.part is in use by another download"));
        REQUIRE(theirs->commit(std::nullopt, true).has_value());
        CHECK(test::read_file(dir / "a") == "theirs");
    }

    TEST_CASE("a part file that another removed before it was locked is made once more") {
        temp_dir dir;
        meddling_files calls;
        calls.before_lock = [&] { fs::remove(dir / "a.part"); };
        REQUIRE(download(test::open(dir, calls), "new").has_value());
        CHECK(dir.names() == names{"a"});
        CHECK(test::read_file(dir / "a") == "new");
    }

    TEST_CASE("a part file of a single write that was replaced is not renamed") {
        temp_dir dir;
        auto part = part_file::create(test::open(dir), "a", std::nullopt).value();
        REQUIRE(part.write(0, bytes("verified")).has_value());
        fs::remove(dir / "a.part");
        test::write_file(dir / "a.part", "planted");
        const auto committed = part.commit(std::nullopt, true);
        REQUIRE(committed.has_error());
        CHECK(committed.error().code() == errc::file);
        CHECK(committed.error().message() ==
              "cannot rename " + test::in(dir, "a.part") + " to " +
                  test::in(dir, "a: it was replaced by somebody else"));
        CHECK(dir.names() == names{"a.part"});
        CHECK(test::read_file(dir / "a.part") == "planted");
    }

    TEST_CASE("what is resumed gets the mode of a new file") {
        using modes = std::pair<::mode_t, ::mode_t>;
        for (const auto& [mask, mode] : {modes(022, 0600), modes(022, 06755), modes(022, 0444),
                                         modes(077, 0644), modes(002, 0644), modes(002, 0664)}) {
            CAPTURE(mask);
            CAPTURE(mode);
            const umask_guard guard(mask);
            temp_dir dir;
            test::leave(dir, mib);
            REQUIRE(::chmod((dir / "a.part").c_str(), mode) == 0);
            if (::access((dir / "a.part").c_str(), W_OK) != 0)
                continue;  // not as root
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            REQUIRE(found->part.commit(std::nullopt, true, false, mib).has_value());
            CHECK(mode_of(dir / "a") == (0666 & ~mask));
        }
    }

    TEST_CASE("what others may write who could not write a new file is not resumed") {
        const umask_guard mask(022);
        for (const auto& [name, mode] :
             {std::pair("a.part", 0664), std::pair("a.part", 0646), std::pair("a.part.state", 0620),
              std::pair("a.part.state", 0602)}) {
            CAPTURE(name);
            CAPTURE(mode);
            temp_dir dir;
            test::leave(dir, mib);
            REQUIRE(::chmod((dir / name).c_str(), static_cast<::mode_t>(mode)) == 0);
            const auto before = stat_of(dir / "a.part").st_ino;
            const descriptor held(dir / "a.part");
            CHECK(!reopen(dir));
            CHECK(dir.names() == names{"a.part", "a.part.state"});
            auto part = part_file::create(test::open(dir), "a", std::nullopt).value();
            CHECK(stat_of(dir / "a.part").st_ino != before);
        }
    }

    TEST_CASE("the mode of a new file is known without files that have no name, too") {
        for (const ::mode_t mask : {0022, 0002, 0077, 0137}) {
            const umask_guard guard(mask);
            temp_dir dir;
            meddling_files calls;
            CHECK(test::open(dir, calls)->mode_of_new_file() == static_cast<int>(0666 & ~mask));
            calls.without_unnamed = true;
            CHECK(test::open(dir, calls)->mode_of_new_file() == static_cast<int>(0666 & ~mask));
            calls.without_proc = true;
            CHECK(test::open(dir, calls)->mode_of_new_file() < 0);
        }
    }

    TEST_CASE("where the mode of a new file is not known, nobody gets more rights") {
        const umask_guard mask(002);
        temp_dir dir;
        meddling_files calls;
        calls.without_unnamed = calls.without_proc = true;
        for (const auto& [found, wanted] : {std::pair(04640, 0640), std::pair(0755, 0644)}) {
            test::leave(dir, mib);
            REQUIRE(::chmod((dir / "a.part").c_str(), static_cast<::mode_t>(found)) == 0);
            auto part = reopen(dir, calls);
            REQUIRE(part.has_value());
            CHECK(mode_of(dir / "a.part") == static_cast<::mode_t>(wanted));
        }
        test::leave(dir, mib);
        CHECK(!reopen(dir, calls));  // 0664
    }

    TEST_CASE("no descriptor for a look at modes is a failure, so that nothing is given up") {
        const umask_guard mask(002);
        temp_dir dir;
        test::leave(dir, mib);
        failing_files counted;
        REQUIRE(reopen(dir, counted).has_value());
        const auto& made = counted.made();
        const auto opens = std::count(made.begin(), made.end(), "openat");
        CHECK(opens == 4);  // the directory, state and part file, the file without a name
        const auto last = std::find(made.rbegin(), made.rend(), "openat");
        failing_files calls(static_cast<int>(made.rend() - last), EMFILE);
        const auto found = part_file::reopen(test::open(dir, calls), "a");
        REQUIRE(found.has_error());
        CHECK(found.error().code() == errc::too_many_files);
        CHECK(calls.open_descriptors() == 0);
        CHECK(reopen(dir).has_value());
    }

    TEST_CASE("a FIFO or a device in the place of a state is neither opened nor removed") {
        for (const bool device : {false, true}) {
            temp_dir dir;
            const auto state = dir / "a.part.state";
            if (!device)
                REQUIRE(::mkfifo(state.c_str(), 0666) == 0);
            else if (::mknod(state.c_str(), S_IFCHR | 0666, ::makedev(1, 3)) != 0)
                continue;
            CHECK(!reopen(dir));
            auto part = part_file::create(test::open(dir), "a", 2 * mib).value();
            part.describe(test::origin, test::some_validators());
            REQUIRE(test::write(part, 0, mib).has_value());
            REQUIRE(test::write(part, mib, mib).has_value());
            REQUIRE(part.commit(std::nullopt, true, false, 2 * mib).has_value());
            CHECK(dir.names() == names{"a", "a.part.state"});
        }
    }
}
