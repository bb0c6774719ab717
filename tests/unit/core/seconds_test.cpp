#include "core/seconds.hpp"

#include <doctest/doctest.h>

using asyncdl::core::seconds_text;
using namespace std::chrono_literals;

TEST_SUITE("unit/core/seconds") {
    TEST_CASE("a time is told in seconds, with the fraction that it has") {
        CHECK(seconds_text(30s) == "30 s");
        CHECK(seconds_text(250ms) == "0.25 s");
        CHECK(seconds_text(1500ms) == "1.5 s");
        CHECK(seconds_text(std::chrono::duration<double>(0.1)) == "0.1 s");
        CHECK(seconds_text(std::chrono::duration<double>(1e9)) == "1000000000 s");
        CHECK(seconds_text(std::chrono::duration<double>(1.0 / 3)) == "0.3333333333 s");
    }
}
