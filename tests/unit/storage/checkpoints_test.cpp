#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "failing_files.hpp"
#include "part_files.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using namespace std::chrono_literals;
using test::failing_files;
using test::journal;
using test::kib;
using test::mib;
using test::names;
using test::temp_dir;
using ranges_of = std::vector<core::byte_range>;

part_file described(const temp_dir& dir, std::optional<std::uint64_t> size,
                    files& calls = files::system()) {
    auto part = part_file::create(test::open(dir, calls), "a", size).value();
    part.describe(test::origin, test::some_validators());
    return part;
}

std::uint64_t journal_size(const temp_dir& dir) {
    return std::filesystem::file_size(dir / "a.part.state");
}

}  // namespace

TEST_SUITE("unit/storage/checkpoints") {
    TEST_CASE("a file of one write pays nothing for being described") {
        temp_dir dir;
        failing_files calls;
        auto where = test::open(dir, calls);
        calls.forget();
        auto part = part_file::create(where, "a", 1).value();
        part.describe(test::origin, test::some_validators());
        REQUIRE(test::write(part, 0, 1).has_value());
        REQUIRE(part.commit(std::nullopt, true, false, 1).has_value());
        CHECK(calls.made() ==
              names{"openat", "lock", "fstat", "pwrite", "fstatat", "rename_noreplace", "close"});
        CHECK(calls.clock_reads() == 0);
    }

    TEST_CASE("a file that is complete before its first checkpoint has no state") {
        temp_dir dir;
        failing_files calls;
        auto part = described(dir, mib - 1, calls);
        calls.forget();
        for (std::size_t at = 0; at < mib - 1; at += 64 * kib)
            REQUIRE(test::write(part, at, std::min(64 * kib, mib - 1 - at)).has_value());
        const auto made = calls.made();
        CHECK(std::set(made.begin(), made.end()) == std::set<std::string>{"pwrite"});
        CHECK(dir.names() == names{"a.part"});
        calls.forget();
        REQUIRE(part.commit(std::nullopt, true, false, mib - 1).has_value());
        CHECK(calls.made() == names{"fstatat", "fstat", "rename_noreplace", "close"});
    }

    TEST_CASE("what came before the first record is read again for it, and nothing after that") {
        temp_dir dir;
        failing_files calls;
        auto part = described(dir, 3 * mib, calls);
        const auto preads = [&] {
            const auto made = calls.made();
            return std::count(made.begin(), made.end(), "pread");
        };
        REQUIRE(test::write(part, 0, mib - 1).has_value());
        CHECK(preads() == 0);
        REQUIRE(test::write(part, mib - 1, 2).has_value());
        const auto again = preads();
        CHECK(again > 0);
        REQUIRE(test::write(part, mib + 1, mib).has_value());
        CHECK(preads() == again);
        const auto contents = journal(dir);
        REQUIRE(contents.has_value());
        CHECK(test::ranges(contents->pieces) == ranges_of{{0, mib}, {mib, 2 * mib}});
        for (const auto& piece : contents->pieces)
            CHECK(part.prove(piece));
    }

    TEST_CASE("a piece that is full is in the state, with mode 0600") {
        temp_dir dir;
        auto part = described(dir, 3 * mib);
        REQUIRE(test::write(part, 0, mib - 1).has_value());
        CHECK(dir.names() == names{"a.part"});
        REQUIRE(test::write(part, mib - 1, 2).has_value());
        CHECK(dir.names() == names{"a.part", "a.part.state"});
        struct ::stat found {};
        REQUIRE(::stat((dir / "a.part.state").c_str(), &found) == 0);
        CHECK((found.st_mode & 07777) == 0600);
        const auto contents = journal(dir);
        REQUIRE(contents.has_value());
        CHECK(contents->source == test::origin);
        CHECK(contents->about == test::some_validators());
        CHECK(test::ranges(contents->pieces) == ranges_of{{0, mib}});
        for (const auto& piece : contents->pieces)
            CHECK(part.prove(piece));
    }

    TEST_CASE("a write over several pieces records each of them") {
        temp_dir dir;
        auto part = described(dir, std::nullopt);
        REQUIRE(test::write(part, 0, 3 * mib + 5).has_value());
        CHECK(test::ranges(journal(dir)->pieces) ==
              ranges_of{{0, mib}, {mib, 2 * mib}, {2 * mib, 3 * mib}});
    }

    TEST_CASE("every generation is another") {
        temp_dir first, second;
        test::leave(first, mib);
        test::leave(second, mib);
        CHECK(journal(first)->generation != journal(second)->generation);
    }

    TEST_CASE(
        "a piece that grows slowly is recorded about once a second, and the last one counts") {
        temp_dir dir;
        failing_files calls;
        auto part = described(dir, mib, calls);
        REQUIRE(test::write(part, 0, 64 * kib).has_value());
        CHECK(calls.clock_reads() == 0);
        std::uint64_t at = 64 * kib;
        const auto grow = [&](auto time, std::uint64_t size = 64 * kib) {
            calls.advance(time);
            REQUIRE(test::write(part, at, size).has_value());
            at += size;
        };
        grow(5s);  // from here on time counts
        grow(999ms);
        CHECK(!journal(dir));
        grow(1ms);
        CHECK(test::ranges(journal(dir)->pieces) == ranges_of{{0, at}});
        grow(500ms);
        CHECK(test::ranges(journal(dir)->pieces) == ranges_of{{0, at - 64 * kib}});
        for (int i = 0; i < 8; ++i) {
            grow(1s);
            CHECK(test::ranges(journal(dir)->pieces) == ranges_of{{0, at}});
        }
        CHECK(journal_size(dir) == header_bytes + 9 * record_bytes);
        grow(10s, 64 * kib - 1);  // not worth a record
        CHECK(journal_size(dir) == header_bytes + 9 * record_bytes);
        REQUIRE(part.keep());
        CHECK(journal_size(dir) == header_bytes + 10 * record_bytes);
        CHECK(test::proven(dir) == ranges_of{{0, at}});
    }

    TEST_CASE("the record of a full piece counts instead of its earlier ones") {
        temp_dir dir;
        failing_files calls;
        auto part = described(dir, 2 * mib, calls);
        for (std::size_t at = 0; at < mib + 128 * kib; at += 128 * kib) {
            calls.advance(1s);
            REQUIRE(test::write(part, at, 128 * kib).has_value());
        }
        CHECK(test::ranges(journal(dir)->pieces) == ranges_of{{0, mib}, {mib, mib + 128 * kib}});
        CHECK(journal_size(dir) == header_bytes + 7 * record_bytes);
    }

    TEST_CASE("a record that is torn takes nothing back of what an earlier one claimed") {
        temp_dir dir;
        failing_files calls;
        auto part = described(dir, 2 * mib, calls);
        for (std::size_t at = 0; at < mib; at += 128 * kib) {
            calls.advance(1s);
            REQUIRE(test::write(part, at, 128 * kib).has_value());
        }
        std::filesystem::resize_file(dir / "a.part.state", journal_size(dir) - 1);
        CHECK(test::ranges(journal(dir)->pieces) == ranges_of{{0, mib - 128 * kib}});
    }

    TEST_CASE("a gap that is filled is a piece of its own") {
        temp_dir dir;
        auto part = described(dir, 4 * mib);
        REQUIRE(test::write(part, 3 * mib + 100, 50).has_value());
        REQUIRE(test::write(part, 3 * mib + 150, 50).has_value());
        REQUIRE(test::write(part, 500, 100).has_value());  // records what was written before
        CHECK(test::ranges(journal(dir)->pieces) == ranges_of{{3 * mib + 100, 3 * mib + 200}});
        REQUIRE(test::write(part, 600, mib).has_value());
        REQUIRE(part.keep());
        CHECK(test::proven(dir) ==
              ranges_of{{500, mib}, {mib, mib + 600}, {3 * mib + 100, 3 * mib + 200}});
    }

    TEST_CASE("what is written twice counts as it is now") {
        temp_dir dir;
        auto part = described(dir, 4 * mib);
        REQUIRE(part.write(0, test::bytes(std::string(mib, 'x'))).has_value());
        REQUIRE(test::write(part, 0, mib).has_value());
        REQUIRE(part.keep());
        CHECK(journal_size(dir) == header_bytes + 2 * record_bytes);
        CHECK(test::proven(dir) == ranges_of{{0, mib}});
    }

    TEST_CASE("without a description there is no state, and nothing is kept") {
        temp_dir dir;
        auto part = part_file::create(test::open(dir), "a", 3 * mib).value();
        REQUIRE(test::write(part, 0, 2 * mib).has_value());
        CHECK(dir.names() == names{"a.part"});
        CHECK(!part.keep());
        CHECK(dir.names().empty());
    }

    TEST_CASE("nothing is kept where nothing was written, or what cannot be described") {
        for (const bool writes : {false, true}) {
            temp_dir dir;
            auto part = part_file::create(test::open(dir), "a", 3 * mib).value();
            auto about = test::some_validators();
            if (writes) {
                about.etag = std::string(2000, 'x');
                part.describe(test::origin, about);
                REQUIRE(test::write(part, 0, mib).has_value());
            } else {
                part.describe(test::origin, about);
            }
            CHECK(!part.keep());
            CHECK(!part.is_open());
            CHECK(dir.names().empty());
        }
    }

    TEST_CASE("a stale state, or a symlink in its place, gives way to the first checkpoint") {
        temp_dir dir;
        test::write_file(dir / "victim", "precious");
        for (const bool link : {false, true}) {
            auto part = described(dir, 3 * mib);
            if (link)
                std::filesystem::create_symlink("victim", dir / "a.part.state");
            else
                test::write_file(dir / "a.part.state", std::string(8000, 'x'));
            REQUIRE(test::write(part, 0, mib).has_value());
            CHECK(test::ranges(journal(dir)->pieces) == ranges_of{{0, mib}});
            CHECK(journal_size(dir) == header_bytes + record_bytes);
            part.discard();
        }
        CHECK(test::read_file(dir / "victim") == "precious");
        CHECK(dir.names() == names{"victim"});
    }

    TEST_CASE("a directory in the state's place costs the resume, not the download") {
        temp_dir dir;
        std::filesystem::create_directories(dir / "a.part.state/x");
        auto part = described(dir, 3 * mib);
        REQUIRE(test::write(part, 0, mib).has_value());
        REQUIRE(test::write(part, mib, 2 * mib).has_value());
        REQUIRE(part.commit(std::nullopt, true).has_value());
        CHECK(dir.names() == names{"a", "a.part.state", "a.part.state/x"});
    }

    TEST_CASE("a state that somebody put in the place of ours is not removed") {
        temp_dir dir;
        auto part = described(dir, 3 * mib);
        REQUIRE(test::write(part, 0, mib).has_value());
        std::filesystem::remove(dir / "a.part.state");
        test::write_file(dir / "a.part.state", "somebody's");
        part.discard();
        CHECK(test::read_file(dir / "a.part.state") == "somebody's");
    }

    TEST_CASE("a journal that is full ends, and what it holds stays good") {
        temp_dir dir;
        test::leave(dir, 100);
        std::filesystem::resize_file(dir / "a.part.state", most_journal_bytes - record_bytes);
        {
            auto found = part_file::reopen(test::open(dir), "a").value();
            REQUIRE(found.has_value());
            REQUIRE(test::write(found->part, 100, 100).has_value());
            REQUIRE(test::write(found->part, 1000, 100).has_value());
            REQUIRE(test::write(found->part, 2000, 100).has_value());
            CHECK(found->part.keep());
        }
        CHECK(journal_size(dir) == most_journal_bytes);
        CHECK(test::proven(dir) == ranges_of{{0, 100}, {100, 200}});
    }
}
