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
bool may_hold_states(directory& where) {
    for (int i = 0; i < 100; ++i)
        where.may_hold_states();
    return where.may_hold_states();
}

}  // namespace

TEST_SUITE("unit/storage/state_look") {
    TEST_CASE("a directory is looked through when many have asked, not before") {
        temp_dir dir;
        test::write_file(dir / "a.part", "");
        test::write_file(dir / "a.state.txt", "");
        const auto where = opened(dir);
        CHECK(where->may_hold_states());
        CHECK_FALSE(may_hold_states(*where));
    }

    TEST_CASE("a state that is there is found") {
        temp_dir dir;
        test::write_file(dir / "a.part.state", "");
        CHECK(may_hold_states(*opened(dir)));
    }

    TEST_CASE("a directory with more entries than are looked at may hold a state") {
        temp_dir dir;
        for (int i = 0; i < 4096; ++i)
            test::write_file(dir / std::to_string(i), "");
        CHECK(may_hold_states(*opened(dir)));
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
        CHECK_FALSE(may_hold_states(*opened(temp_dir())));
    }
}
