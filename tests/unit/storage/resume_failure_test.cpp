// The life of a part file with each of its system calls failing in turn.

#include <doctest/doctest.h>

#include "failing_files.hpp"
#include "part_files.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using namespace std::chrono_literals;
using test::failing_files;
using test::kib;
using test::mib;
using test::temp_dir;

constexpr std::size_t whole = mib + 300 * kib;

/// The first run: two writes, one of them over the end of a piece, a checkpoint by time, a gap.
/// Ends as it is destroyed, which is to keep.
core::outcome<void> begin(failing_files& calls, const temp_dir& dir) {
    auto folder = directory::open(dir.string(), calls);
    if (!folder)
        return folder.error();
    auto part = part_file::create(*folder, "a", whole);
    if (!part)
        return part.error();
    part->describe(test::origin, test::some_validators());
    if (auto written = test::write(*part, 0, mib - 1); !written)
        return written;
    if (auto written = test::write(*part, mib - 1, 100); !written)
        return written;
    calls.advance(2s);
    if (auto written = test::write(*part, mib + 99, 100); !written)
        return written;
    return test::write(*part, mib + 1000, 100);
}

/// A later run: what holds stays, the rest is written; durable.
core::outcome<void> go_on(failing_files& calls, const temp_dir& dir) {
    auto folder = directory::open(dir.string(), calls);
    if (!folder)
        return folder.error();
    auto found = part_file::reopen(*folder, "a");
    if (!found)
        return found.error();
    part_file part;
    std::uint64_t at = 0;
    if (*found) {
        part = std::move((*found)->part);
        for (const auto& claim : (*found)->claims.pieces)
            if (claim.range.begin == at && part.prove(claim))
                at = claim.range.end;
        if (auto reserved = part.reserve(whole); !reserved)
            return reserved;
    } else {
        auto created = part_file::create(*folder, "a", whole);
        if (!created)
            return created.error();
        part = std::move(*created);
    }
    auto about = test::some_validators();
    about.length = whole;
    part.describe(test::origin, about);
    for (; at < whole; at += std::min<std::uint64_t>(200 * kib, whole - at))
        if (auto written = test::write(part, at, std::min<std::uint64_t>(200 * kib, whole - at));
            !written)
            return written;
    return part.commit(std::chrono::sys_seconds(1'000'000'000s), true, true, whole);
}

/// A run that starts over, and is then given up.
core::outcome<void> start_over(failing_files& calls, const temp_dir& dir) {
    auto folder = directory::open(dir.string(), calls);
    if (!folder)
        return folder.error();
    auto found = part_file::reopen(*folder, "a");
    if (!found)
        return found.error();
    if (!*found)
        return {};
    part_file part = std::move((*found)->part);
    if (auto emptied = part.restart(); !emptied)
        return emptied;
    part.describe(test::origin, test::some_validators());
    if (auto written = part.write(0, test::bytes("another version")); !written)
        return written;
    return part.write(15, test::bytes(test::body(100, mib)));
}

/// Whatever happened: no descriptor is open, a file under its final name is whole, what the state
/// claims and the bytes prove is right, nothing is locked, and a new run makes the file.
void check_aftermath(const failing_files& calls, const temp_dir& dir, bool restarted = false) {
    CHECK(calls.open_descriptors() == 0);
    if (std::filesystem::exists(dir / "a"))
        CHECK(test::content(dir / "a") == test::body(0, whole));
    const auto kept = test::content(dir / "a.part");
    for (const auto& range : test::proven(dir))
        if (!restarted)
            CHECK(kept.substr(range.begin, range.size()) ==
                  test::body(range.begin, static_cast<std::size_t>(range.size())));
    if (restarted)
        return;
    failing_files none;
    REQUIRE(go_on(none, dir).has_value());
    CHECK(test::content(dir / "a") == test::body(0, whole));
    CHECK(dir.names() == test::names{"a"});
}

/// Calls `run(at, error, lasting)` until it says that no call has failed.
template <typename Run>
void each_call(Run run) {
    for (const int error : {ENOSPC, EIO})
        for (const bool lasting : {false, true})
            for (int at = 1;; ++at) {
                CAPTURE(error);
                CAPTURE(lasting);
                CAPTURE(at);
                if (!run(at, error, lasting))
                    break;
            }
}

bool was_of_no_account(const std::string& call) {
    // Setting the time; a state, a record or a clean-up that failed; a stale state that could not
    // be read.
    const test::names harmless{"",      "futimens",         "close",   "unlinkat",
                               "fstat", "fstatat",          "openat",  "pwrite",
                               "pread", "rename_noreplace", "fstatfs", "remove_attribute"};
    return std::count(harmless.begin(), harmless.end(), call) == 1;
}

}  // namespace

TEST_SUITE("unit/storage/resume_failure") {
    TEST_CASE("without a failure the first run keeps all that it wrote") {
        temp_dir dir;
        failing_files calls;
        REQUIRE(begin(calls, dir).has_value());
        CHECK(test::proven(dir) ==
              std::vector<core::byte_range>{{0, mib}, {mib, mib + 199}, {mib + 1000, mib + 1100}});
        CHECK(std::filesystem::file_size(dir / "a.part.state") == header_bytes + 3 * record_bytes);
    }

    TEST_CASE("whichever call of a run that is kept fails, what is left is right or nothing") {
        each_call([](int at, int error, bool lasting) {
            temp_dir dir;
            failing_files calls(at, error, lasting);
            const auto done = begin(calls, dir);
            CAPTURE(calls.failed());
            if (done)
                CHECK(was_of_no_account(calls.failed()));
            else
                CHECK(done.error().code() == file_error(-error));
            CHECK(!std::filesystem::exists(dir / "a"));
            check_aftermath(calls, dir);
            return !calls.failed().empty();
        });
    }

    TEST_CASE("whichever call of a run that goes on fails, the file is whole or not there") {
        each_call([](int at, int error, bool lasting) {
            temp_dir dir;
            failing_files none, calls(at, error, lasting);
            REQUIRE(begin(none, dir).has_value());
            const auto done = go_on(calls, dir);
            CAPTURE(calls.failed());
            if (done) {
                CHECK(was_of_no_account(calls.failed()));
                CHECK(test::content(dir / "a") == test::body(0, whole));
            } else {
                CHECK(done.error().message().find("a") != std::string::npos);
                // What could not be made durable, or not be removed, is there, but whole.
                if (std::filesystem::exists(dir / "a"))
                    CHECK((done.error().message().starts_with("cannot sync the folder of " +
                                                              test::in(dir, "a: ")) ||
                           (lasting && done.error().message().starts_with("cannot close " +
                                                                          test::in(dir, "a: ")))));
            }
            check_aftermath(calls, dir);
            return !calls.failed().empty();
        });
    }

    TEST_CASE("a download whose journal cannot be written is none the worse") {
        for (int at = 1;; ++at) {
            temp_dir dir;
            failing_files calls(at, ENOSPC);
            {
                auto part = part_file::create(test::open(dir), "a", whole).value();
                part.discard();
            }
            const auto done = [&]() -> core::outcome<void> {
                auto folder = directory::open(dir.string(), calls);
                if (!folder)
                    return folder.error();
                auto part = part_file::create(*folder, "a", std::nullopt);
                if (!part)
                    return part.error();
                part->describe(test::origin, test::some_validators());
                if (auto written = test::write(*part, 0, 1); !written)
                    return written;
                const int before = calls.count();
                if (auto written = test::write(*part, 1, mib - 1); !written) {
                    // A write of the part file, not of the journal.
                    CHECK(at - before <= 2);
                    return written;
                }
                return part->commit(std::nullopt, true);
            }();
            CAPTURE(at);
            CAPTURE(calls.failed());
            if (done)
                CHECK(test::content(dir / "a") == test::body(0, mib));
            CHECK(calls.open_descriptors() == 0);
            if (calls.failed().empty())
                break;
        }
    }

    TEST_CASE("whichever call of a restart fails, no old byte is claimed for the new file") {
        each_call([](int at, int error, bool lasting) {
            temp_dir dir;
            failing_files none, calls(at, error, lasting);
            REQUIRE(begin(none, dir).has_value());
            const auto done = start_over(calls, dir);
            CAPTURE(calls.failed());
            if (done)
                CHECK(was_of_no_account(calls.failed()));
            check_aftermath(calls, dir, true);
            // The two versions differ from their first byte on.
            const auto kept = test::content(dir / "a.part");
            for (const auto& range : test::proven(dir)) {
                const auto held = kept.substr(range.begin, range.size());
                const bool old = held == test::body(range.begin, held.size());
                const bool fresh =
                    kept.starts_with("another version") &&
                    (range.begin == 0 || held == test::body(range.begin + 85, held.size()));
                CHECK((old || fresh));
                if (old)
                    CHECK(!kept.starts_with("another version"));
            }
            return !calls.failed().empty();
        });
    }

    TEST_CASE("a file that cannot be made durable is no download") {
        temp_dir dir;
        failing_files calls(8, EIO);  // the directory, the part file, its lock, a write, two looks
        auto part = part_file::create(test::open(dir, calls), "a", std::nullopt).value();
        REQUIRE(part.write(0, test::bytes("x")).has_value());
        const auto committed = part.commit(std::nullopt, true, true);
        CHECK(calls.failed() == "fsync");
        REQUIRE(committed.has_error());
        CHECK(committed.error().message() ==
              "cannot sync " + test::in(dir, "a.part: Input/output error"));
        CHECK(dir.names().empty());
    }

    TEST_CASE("a durable commit syncs the file before the rename and the directory after it") {
        temp_dir dir;
        failing_files calls;
        auto part = part_file::create(test::open(dir, calls), "a", std::nullopt).value();
        REQUIRE(part.write(0, test::bytes("x")).has_value());
        calls.forget();
        REQUIRE(part.commit(std::nullopt, true, true).has_value());
        CHECK(calls.made() ==
              test::names{"fstatat", "fsync", "rename_noreplace", "close", "fsync"});
    }

    TEST_CASE("a directory that cannot be synced is a failure, and the file stays") {
        temp_dir dir;
        failing_files calls(11, EIO);  // ..., a sync, the rename, the close
        auto part = part_file::create(test::open(dir, calls), "a", std::nullopt).value();
        REQUIRE(part.write(0, test::bytes("x")).has_value());
        const auto committed = part.commit(std::nullopt, true, true);
        REQUIRE(committed.has_error());
        CHECK(committed.error().message() ==
              "cannot sync the folder of " + test::in(dir, "a: Input/output error"));
        CHECK(test::content(dir / "a") == "x");
    }
}
