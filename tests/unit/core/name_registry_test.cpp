#include "core/name_registry.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

using asyncdl::core::name_key;
using asyncdl::core::name_registry;

namespace {

const asyncdl::file_identity folder(1, 2);

name_key key(std::string_view leaf, const asyncdl::file_identity& in = folder) {
    return {{815, 4711}, in, leaf};
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/name_registry");

TEST_CASE("a path is claimed once") {
    name_registry names;
    CHECK(names.size() == 0);
    CHECK(names.claim(key("d/a")));
    CHECK_FALSE(names.claim(key("d/a")));
    CHECK(names.claim(key("d/A")));
    CHECK(names.claim(key("a")));
    CHECK(names.claim(key("d/a.1")));
    CHECK(names.claim(key("")));
    CHECK_FALSE(names.claim(key("")));
    CHECK(names.size() == 5);
}

TEST_CASE("a path and its companions are one claim, in any order") {
    const std::vector<std::string> family{"d/x",
                                          "d/x.part",
                                          "d/x.part.state",
                                          "d/x.part.part",
                                          "d/x.part.state.part",
                                          "d/x.part.part.state"};
    for (const std::string& first : family) {
        name_registry names;
        CHECK(names.claim(key(first)));
        for (const std::string& second : family) {
            CAPTURE(first);
            CAPTURE(second);
            CHECK_FALSE(names.claim(key(second)));
        }
        CHECK(names.size() == 1);
    }
}

TEST_CASE("a name in another folder, by device or inode, is another name") {
    name_registry names;
    CHECK(names.claim(key("x")));
    CHECK(names.claim(key("x", {1, 3})));
    CHECK(names.claim(key("x", {2, 2})));
    CHECK(names.claim(key("x", {2, 1})));
    CHECK_FALSE(names.claim(key("x.part", {1, 2})));
}

TEST_CASE("names that only look like companions are free") {
    name_registry names;
    for (const char* path : {"x", "x.state", "x.parts", "xpart", "x.PART", "x.part.1",
                             "x.part.states", "x.state.1", "part", ".part"}) {
        CAPTURE(path);
        CHECK(names.claim(key(path)));
    }
}

TEST_CASE("names of every length are told apart") {
    name_registry names;
    std::string path;
    for (int length = 0; length < 200; ++length) {
        CHECK(names.claim(key(path)));
        CHECK(names.claim(key(path + '\xff')));
        path += '\0';
    }
}

TEST_CASE("a path that is given back is free again, and no other is") {
    name_registry names;
    names.release(key("a"));
    CHECK(names.claim(key("a")));
    names.release(key("b"));
    CHECK_FALSE(names.claim(key("a")));
    names.release(key("a"));
    CHECK(names.size() == 0);
    CHECK(names.claim(key("a.part")));
    CHECK_FALSE(names.claim(key("a")));
}

TEST_CASE("claims survive any order of claiming and giving back") {
    name_registry names;
    std::mt19937 dice(815);
    std::set<std::string> wanted;
    for (int i = 0; i < 50000; ++i) {
        const std::string path = std::to_string(dice() % 2000);
        if (dice() % 2) {
            CHECK(names.claim(key(path)) == wanted.insert(path).second);
        } else {
            names.release(key(path));
            wanted.erase(path);
        }
    }
    CHECK(names.size() == wanted.size());
    for (int i = 0; i < 2000; ++i) {
        CHECK(names.claim(key(std::to_string(i))) != wanted.contains(std::to_string(i)));
    }
}

TEST_CASE("many claims are all kept, in 16 bytes each") {
    name_registry names;
    constexpr std::size_t count = 200000;
    for (std::size_t i = 1; i <= count; ++i) {
        if (!names.claim(key("directory/file" + std::to_string(i)))) {
            FAIL("a free name is taken: " << i);
        }
        if (i >= 10000 && i % 1000 == 0) {
            // One of the 64 tables at a time is there twice while it grows.
            const auto peak = names.memory() + names.memory() / 64;
            CHECK(peak <= 16 * i);
        }
    }
    for (std::size_t i = 1; i <= count; ++i) {
        if (names.claim(key("directory/file" + std::to_string(i)))) {
            FAIL("a taken name is free: " << i);
        }
    }
    CHECK(names.size() == count);
}

TEST_CASE("one name has different hashes with different keys") {
    name_registry names;
    CHECK(names.claim(name_key({1, 2}, folder, "x")));
    CHECK(names.claim(name_key({1, 3}, folder, "x")));
    CHECK(names.claim(name_key({2, 2}, folder, "x")));
    CHECK_FALSE(names.claim(name_key({1, 2}, folder, "x")));
}

TEST_SUITE_END();
