#include <doctest/doctest.h>

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

/// The answer once it may come from a look through the directory.
bool may_hold_leftovers(directory& where) {
    for (int i = 0; i < 100; ++i)
        where.may_hold_leftovers();
    return where.may_hold_leftovers();
}

}  // namespace

TEST_SUITE("unit/storage/leftovers") {
    TEST_CASE("a directory is looked through when many have asked, not before") {
        temp_dir dir;
        test::write_file(dir / "a.part.txt", "");
        test::write_file(dir / "a.state.txt", "");
        const auto where = opened(dir);
        CHECK(where->may_hold_leftovers());
        CHECK_FALSE(may_hold_leftovers(*where));
    }

    TEST_CASE("a state or a part file that is there is found") {
        for (const char* left : {"a.part.state", "a.part"}) {
            temp_dir dir;
            test::write_file(dir / left, "");
            CHECK(may_hold_leftovers(*opened(dir)));
        }
    }

    TEST_CASE("a directory with more entries than are looked at may hold one") {
        temp_dir dir;
        for (int i = 0; i < 4096; ++i)
            test::write_file(dir / std::to_string(i), "");
        CHECK(may_hold_leftovers(*opened(dir)));
    }

    TEST_CASE("a state that this process has written since the look is expected") {
        temp_dir dir;
        const auto where = opened(dir);
        REQUIRE_FALSE(may_hold_leftovers(*where));

        auto part = part_file::create(opened(dir), "a", 2);
        REQUIRE(part.has_value());
        core::validators about;
        about.etag = "\"1\"";
        part->describe(1, about);
        REQUIRE(part->write(0, std::as_bytes(std::span("x", 1))).has_value());
        REQUIRE(part->keep());

        CHECK(where->may_hold_leftovers());
        CHECK_FALSE(may_hold_leftovers(*opened(temp_dir())));
    }
}
