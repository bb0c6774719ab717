#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "storage/part_file.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::temp_dir;

std::shared_ptr<directory> opened(const temp_dir& dir) {
    auto where = directory::open(dir.path().string(), files::system());
    REQUIRE(where.has_value());
    return *where;
}

/// Asks as often as it takes to have the directory looked through.
bool may_hold_states(directory& where) {
    for (int i = 0; i < 64; ++i)
        where.may_hold_states();
    return where.may_hold_states();
}

}  // namespace

TEST_SUITE("unit/storage/leftovers") {
    TEST_CASE("a directory is looked through when many have asked, not before") {
        temp_dir dir;
        test::write_file(dir / "a.part.txt", "");
        test::write_file(dir / "a.state.txt", "");
        const auto where = opened(dir);
        CHECK(where->may_hold_states());
        CHECK_FALSE(may_hold_states(*where));
    }

    TEST_CASE("a state that is there is found") {
        temp_dir dir;
        test::write_file(dir / "a.part.state", "");
        const auto where = opened(dir);
        CHECK(may_hold_states(*where));
        CHECK_FALSE(where->takes_unnamed());
    }

    TEST_CASE("a part file alone is in the way of files without names") {
        temp_dir dir;
        test::write_file(dir / "a.part", "");
        const auto where = opened(dir);
        CHECK_FALSE(may_hold_states(*where));
        CHECK_FALSE(where->takes_unnamed());
    }

    TEST_CASE("it is looked through again after twice as many questions, until it is found clean") {
        temp_dir dir;
        test::write_file(dir / "a.part.state", "");
        const auto where = opened(dir);
        REQUIRE(may_hold_states(*where));
        std::filesystem::remove(dir / "a.part.state");
        CHECK_FALSE(may_hold_states(*where));
        CHECK(where->takes_unnamed());
        test::write_file(dir / "a.part.state", "");
        for (int i = 0; i < 1000; ++i)
            CHECK_FALSE(where->may_hold_states());
    }

    TEST_CASE("a directory with more entries than are looked at may hold one") {
        temp_dir dir;
        for (int i = 0; i < 16384; ++i)
            test::write_file(dir / std::to_string(i), "");
        CHECK(may_hold_states(*opened(dir)));
    }

    TEST_CASE("a directory that has grown too large since keeps what was found") {
        temp_dir dir;
        test::write_file(dir / "a.part", "");
        const auto where = opened(dir);
        REQUIRE_FALSE(may_hold_states(*where));
        for (int i = 0; i < 16384; ++i)
            test::write_file(dir / std::to_string(i), "");
        CHECK_FALSE(may_hold_states(*where));
    }

    TEST_CASE("a state that this process has written since the look is expected") {
        temp_dir dir;
        const auto where = opened(dir);
        REQUIRE_FALSE(may_hold_states(*where));

        auto part = part_file::create(opened(dir), "a", 2);
        REQUIRE(part.has_value());
        core::validators about;
        about.etag = "\"1\"";
        part->describe(1, about);
        REQUIRE(part->write(0, std::as_bytes(std::span("x", 1))).has_value());
        REQUIRE(part->keep());

        CHECK(where->may_hold_states());
        CHECK_FALSE(where->takes_unnamed());
        CHECK_FALSE(may_hold_states(*opened(temp_dir())));
    }
}
