#include <doctest/doctest.h>

#include "failing_files.hpp"
#include "part_files.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::failing_files;
using test::journal;
using test::kib;
using test::mib;
using test::names;
using test::temp_dir;
using ranges_of = std::vector<core::byte_range>;

std::optional<reopened_part> reopen(const temp_dir& dir, files& calls = files::system()) {
    return part_file::reopen(test::open(dir, calls), "a").value();
}

const names both{"a.part", "a.part.state"};

/// Nothing can be reopened, and that changes nothing on disk.
void check_nothing(const temp_dir& dir) {
    const auto before = dir.names();
    const auto part = test::content(dir / "a.part"), state = test::content(dir / "a.part.state");
    CHECK(!reopen(dir));
    CHECK(dir.names() == before);
    CHECK(test::content(dir / "a.part") == part);
    CHECK(test::content(dir / "a.part.state") == state);
}

}  // namespace

TEST_SUITE("unit/storage/resume") {
    TEST_CASE("where there is no state, to ask costs one call that fails") {
        temp_dir dir;
        failing_files calls;
        auto where = test::open(dir, calls);
        for (const bool stale : {false, true}) {
            if (stale)
                test::write_file(dir / "a.part", "stale");
            calls.forget();
            CHECK(!part_file::reopen(where, "a").value());
            CHECK(calls.made() == names{"fstatat"});
        }
    }

    TEST_CASE("five writes over three runs make one file") {
        temp_dir dir;
        constexpr std::size_t step = 700 * kib;
        {
            auto part = part_file::create(test::open(dir), "a", 5 * step).value();
            part.describe(test::origin, test::some_validators());
            REQUIRE(test::write(part, 0, step).has_value());
            REQUIRE(test::write(part, step, step).has_value());
            REQUIRE(part.keep());
        }
        CHECK(dir.names() == both);
        CHECK(test::proven(dir) == ranges_of{{0, mib}, {mib, 2 * step}});
        {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            CHECK(found->claims.source == test::origin);
            CHECK(found->claims.about == test::some_validators());
            REQUIRE(found->part.reserve(5 * step).has_value());
            REQUIRE(test::write(found->part, 2 * step, step).has_value());
            REQUIRE(test::write(found->part, 3 * step, step).has_value());
            REQUIRE(found->part.keep());
        }
        CHECK(test::proven(dir) ==
              ranges_of{{0, mib}, {mib, 2 * step}, {2 * step, 2 * mib}, {2 * mib, 4 * step}});
        {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            REQUIRE(found->part.reserve(5 * step).has_value());
            REQUIRE(test::write(found->part, 4 * step, step).has_value());
            REQUIRE(found->part.commit(std::nullopt, true, false, 5 * step).has_value());
        }
        CHECK(dir.names() == names{"a"});
        CHECK(test::content(dir / "a") == test::body(0, 5 * step));
    }

    TEST_CASE("a part file that is let go of is kept like one that is kept") {
        temp_dir dir;
        {
            auto part = part_file::create(test::open(dir), "a", 2 * mib).value();
            part.describe(test::origin, test::some_validators());
            REQUIRE(test::write(part, 0, 100).has_value());
        }
        CHECK(test::proven(dir) == ranges_of{{0, 100}});
    }

    TEST_CASE("what was reopened and not touched stays as it was found") {
        temp_dir dir;
        test::leave(dir, mib + 100);
        const auto state = test::content(dir / "a.part.state");
        for (const bool keeps : {false, true}) {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            found->part.describe(test::origin + 1, core::validators());
            if (keeps)
                CHECK(found->part.keep());
        }
        CHECK(dir.names() == both);
        CHECK(test::content(dir / "a.part.state") == state);
        CHECK(test::content(dir / "a.part") == test::body(0, mib + 100));
    }

    TEST_CASE("a flipped byte costs its piece, and no other") {
        for (const std::size_t at : {std::size_t{0}, mib - 1, mib, 2 * mib + 50}) {
            temp_dir dir;
            test::leave(dir, 2 * mib + 100);
            test::overwrite(dir / "a.part", at, 1, static_cast<char>(test::pattern_byte(at) ^ 1));
            ranges_of good{{0, mib}, {mib, 2 * mib}, {2 * mib, 2 * mib + 100}};
            good.erase(good.begin() + static_cast<std::ptrdiff_t>(at / mib));
            CHECK(test::proven(dir) == good);
        }
    }

    TEST_CASE("a region that a power cut has filled with zeros is not taken for data") {
        temp_dir dir;
        test::leave(dir, 3 * mib);
        test::overwrite(dir / "a.part", mib + 4096, 4096, '\0');
        CHECK(test::proven(dir) == ranges_of{{0, mib}, {2 * mib, 3 * mib}});
        std::filesystem::resize_file(dir / "a.part", 0);
        std::filesystem::resize_file(dir / "a.part", 3 * mib);
        CHECK(test::proven(dir).empty());
    }

    TEST_CASE("what is beyond the end of the part file is no claim") {
        temp_dir dir;
        test::leave(dir, 2 * mib + 100);
        std::filesystem::resize_file(dir / "a.part", 2 * mib + 99);
        CHECK(test::ranges(reopen(dir)->claims.pieces) == ranges_of{{0, mib}, {mib, 2 * mib}});
        std::filesystem::resize_file(dir / "a.part", mib - 1);
        check_nothing(dir);
        std::filesystem::resize_file(dir / "a.part", 0);
        check_nothing(dir);
    }

    TEST_CASE("a bad piece that is fetched again counts again") {
        temp_dir dir;
        test::leave(dir, 2 * mib);
        test::overwrite(dir / "a.part", 10, 1, '?');
        {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            REQUIRE(test::write(found->part, 0, mib).has_value());
            REQUIRE(found->part.keep());
        }
        CHECK(test::proven(dir) == ranges_of{{0, mib}, {mib, 2 * mib}});
    }

    TEST_CASE("a part file that shrinks while it is proven is not taken for data") {
        temp_dir dir;
        test::leave(dir, mib);
        auto found = reopen(dir);
        REQUIRE(found.has_value());
        std::filesystem::resize_file(dir / "a.part", mib - 1);
        CHECK(!found->part.prove(found->claims.pieces.at(0)));
    }

    TEST_CASE("a journal that is torn, empty or filled with zeros gives nothing, or less") {
        temp_dir dir;
        test::leave(dir, 100);
        auto state = test::content(dir / "a.part.state");
        for (std::size_t size = 0; size < header_bytes + record_bytes; size += 64) {
            test::write_file(dir / "a.part.state", state.substr(0, size));
            check_nothing(dir);
        }
        test::write_file(dir / "a.part.state", std::string(state.size(), '\0'));
        check_nothing(dir);
        test::leave(dir, mib + 100);
        state = test::content(dir / "a.part.state");
        test::write_file(dir / "a.part.state", state.substr(0, state.size() - 1));
        CHECK(test::proven(dir) == ranges_of{{0, mib}});
    }

    TEST_CASE("a record that was torn gives its place to the next one") {
        temp_dir dir;
        test::leave(dir, 2 * mib);
        std::filesystem::resize_file(dir / "a.part.state", header_bytes + 2 * record_bytes - 5);
        {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            REQUIRE(test::write(found->part, mib, mib).has_value());
            REQUIRE(found->part.keep());
        }
        CHECK(std::filesystem::file_size(dir / "a.part.state") == header_bytes + 2 * record_bytes);
        CHECK(test::proven(dir) == ranges_of{{0, mib}, {mib, 2 * mib}});
    }

    TEST_CASE("records of another journal claim nothing") {
        temp_dir dir, other;
        test::leave(dir, mib);
        test::leave(other, mib);
        auto state = test::content(dir / "a.part.state");
        state.replace(header_bytes, record_bytes,
                      test::content(other / "a.part.state").substr(header_bytes, record_bytes));
        test::write_file(dir / "a.part.state", state);
        check_nothing(dir);
    }

    TEST_CASE("what is no regular file of ours alone is not resumed from") {
        for (const char* name : {"a.part", "a.part.state"}) {
            CAPTURE(name);
            temp_dir dir, outside;
            test::leave(dir, mib);
            std::filesystem::rename(dir / name, outside / "x");
            SUBCASE("a symlink") {
                std::filesystem::create_symlink(outside / "x", dir / name);
            }
            SUBCASE("a hard link") {
                std::filesystem::create_hard_link(outside / "x", dir / name);
            }
            SUBCASE("a directory") {
                std::filesystem::create_directory(dir / name);
            }
            SUBCASE("a pipe") {
                REQUIRE(::mkfifo((dir / name).c_str(), 0600) == 0);
            }
            const auto before = dir.names();
            CHECK(!reopen(dir));
            CHECK(dir.names() == before);
            CHECK(std::filesystem::file_size(outside / "x") > 0);
        }
    }

    TEST_CASE("a state that is too long to be ours is not read") {
        temp_dir dir;
        test::leave(dir, mib);
        std::filesystem::resize_file(dir / "a.part.state", most_journal_bytes);
        CHECK(reopen(dir).has_value());
        std::filesystem::resize_file(dir / "a.part.state", most_journal_bytes + 1);
        failing_files calls;
        CHECK(!reopen(dir, calls));
        CHECK(std::count(calls.made().begin(), calls.made().end(), "pread") == 0);
    }

    TEST_CASE("a state without its part file is removed") {
        temp_dir dir;
        test::leave(dir, mib);
        std::filesystem::remove(dir / "a.part");
        CHECK(!reopen(dir));
        CHECK(dir.names().empty());
    }

    TEST_CASE("what another download has open is left to it") {
        temp_dir dir;
        test::leave(dir, mib);
        {
            auto first = reopen(dir);
            REQUIRE(first.has_value());
            const auto second = part_file::reopen(test::open(dir), "a");
            REQUIRE(second.has_error());
            CHECK(second.error().code() == errc::part_in_use);
            CHECK(second.error().message() ==
                  test::in(dir, "a.part is in use by another download"));
            CHECK(part_file::create(test::open(dir), "a", std::nullopt).has_error());
            CHECK(dir.names() == both);
        }
        CHECK(reopen(dir).has_value());
    }

    TEST_CASE("a lack that may pass is a failure, so that what is there is not given up") {
        for (const int error : {EMFILE, ENFILE, ENOMEM})
            for (const int at : {3, 4, 5, 6}) {  // after the directory
                temp_dir dir;
                test::leave(dir, mib);
                failing_files calls(at, error);
                const auto found = part_file::reopen(test::open(dir, calls), "a");
                REQUIRE(found.has_error());
                CHECK(found.error().code() == file_error(-error));
                CHECK(found.error().message().starts_with(
                    "cannot open " + test::in(dir, at <= 4 ? "a.part.state: " : "a.part: ")));
                CHECK(test::proven(dir) == ranges_of{{0, mib}});
            }
    }

    TEST_CASE("a new description replaces the old one, and the old pieces stay") {
        temp_dir dir;
        test::leave(dir, mib);
        const auto generation = journal(dir)->generation;
        auto about = test::some_validators();
        about.date = "Mon, 07 Nov 1994 08:49:37 GMT";
        about.length = 8 * mib;
        {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            found->part.describe(test::origin + 1, about);
            REQUIRE(test::write(found->part, mib, 100).has_value());
            REQUIRE(found->part.keep());
        }
        CHECK(journal(dir)->source == test::origin + 1);
        CHECK(journal(dir)->about == about);
        CHECK(journal(dir)->generation == generation);
        CHECK(test::proven(dir) == ranges_of{{0, mib}, {mib, mib + 100}});
    }

    TEST_CASE("a restart empties part file and state, and begins anew") {
        temp_dir dir;
        test::leave(dir, 2 * mib);
        {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            REQUIRE(found->part.restart().has_value());
            CHECK(dir.names() == names{"a.part"});
            CHECK(std::filesystem::file_size(dir / "a.part") == 0);
            REQUIRE(test::write(found->part, 0, 10).has_value());
            CHECK(!found->part.keep());  // nothing was described since
        }
        CHECK(dir.names().empty());
        test::leave(dir, 2 * mib);
        const auto generation = journal(dir)->generation;
        {
            auto found = reopen(dir);
            REQUIRE(found.has_value());
            REQUIRE(found->part.restart().has_value());
            found->part.describe(test::origin + 1, test::some_validators());
            REQUIRE(test::write(found->part, 0, 10).has_value());
            REQUIRE(found->part.keep());
        }
        CHECK(journal(dir)->generation != generation);
        CHECK(journal(dir)->source == test::origin + 1);
        CHECK(test::proven(dir) == ranges_of{{0, 10}});
    }

    TEST_CASE("who creates the part file anew removes what is stale, state included") {
        temp_dir dir;
        test::leave(dir, 2 * mib);
        auto part = part_file::create(test::open(dir), "a", std::nullopt).value();
        CHECK(dir.names() == names{"a.part"});
        CHECK(std::filesystem::file_size(dir / "a.part") == 0);
        part.discard();
        CHECK(dir.names().empty());
    }

    TEST_CASE("discard leaves nothing of what was reopened") {
        temp_dir dir;
        test::leave(dir, mib);
        auto found = reopen(dir);
        REQUIRE(found.has_value());
        found->part.discard();
        CHECK(dir.names().empty());
    }

    TEST_CASE("what an earlier run has left behind the end of the file is cut off") {
        temp_dir dir;
        test::leave(dir, mib + 500);
        auto found = reopen(dir);
        REQUIRE(found.has_value());
        REQUIRE(found->part.commit(std::nullopt, true, false, mib + 10).has_value());
        CHECK(test::content(dir / "a") == test::body(0, mib + 10));
    }

    TEST_CASE("a part file that is shorter than the file is no download") {
        temp_dir dir;
        test::leave(dir, mib);
        auto found = reopen(dir);
        REQUIRE(found.has_value());
        const auto committed = found->part.commit(std::nullopt, true, false, mib + 1);
        REQUIRE(committed.has_error());
        CHECK(committed.error().code() == errc::file);
        CHECK(committed.error().message() ==
              test::in(dir, "a.part is shorter than what was written to it"));
        CHECK(dir.names().empty());
    }

    TEST_CASE("a part file that was reopened and replaced by somebody is not taken for ours") {
        temp_dir dir;
        test::leave(dir, mib);
        auto found = reopen(dir);
        REQUIRE(found.has_value());
        std::filesystem::remove(dir / "a.part");
        test::write_file(dir / "a.part", "somebody's");
        const auto committed = found->part.commit(std::nullopt, true);
        REQUIRE(committed.has_error());
        CHECK(committed.error().message() ==
              "cannot rename " + test::in(dir, "a.part") + " to " +
                  test::in(dir, "a: it was replaced by somebody else"));
        CHECK(dir.names() == names{"a.part"});
        CHECK(test::content(dir / "a.part") == "somebody's");
    }

    TEST_CASE("the digest is of the bytes on disk, whoever wrote them") {
        temp_dir dir;
        test::write_file(dir / "a.part", "");
        auto part = part_file::create(test::open(dir), "a", std::nullopt).value();
        REQUIRE(part.write(0, test::bytes("xxabcxx")).has_value());
        std::atomic<bool> stop = false;
        const auto digest = [&](std::uint64_t begin, std::uint64_t end) {
            return part.digest(core::digest_algorithm::sha_256, {begin, end}, stop);
        };
        CHECK(digest(2, 5).value().text() ==
              "sha-256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK(digest(0, 0).value().text().starts_with("sha-256=e3b0c442"));
        const auto beyond = digest(2, 8);
        REQUIRE(beyond.has_error());
        CHECK(beyond.error().code() == errc::file);
        CHECK(beyond.error().message().starts_with("cannot read " + test::in(dir, "a.part: ")));
        stop = true;
        CHECK(digest(2, 5).error().code() == errc::cancelled);
    }
}
