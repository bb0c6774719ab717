#include "engine/host_rests.hpp"

#include <doctest/doctest.h>

using asyncdl::core::origin;
using asyncdl::engine::host_rests;
using steady = asyncdl::net::clock;
using namespace std::chrono_literals;
using enum host_rests::length;

namespace {

const origin a{false, "a", 80};
const origin b{false, "b", 80};

}  // namespace

TEST_SUITE_BEGIN("unit/engine/host_rests");

TEST_CASE("a host rests until its time, others do not") {
    host_rests rests;
    const auto until = steady::now() + 1h;
    CHECK(rests.end_of(a) == std::nullopt);
    rests.add(a, until, told);
    CHECK(rests.end_of(a) == until);
    CHECK(rests.end_of(b) == std::nullopt);
    CHECK(rests.end_of(origin{false, "a", 8080}) == std::nullopt);
}

TEST_CASE("of two rests the longer counts") {
    host_rests rests;
    const auto until = steady::now() + 1h;
    rests.add(a, until, told);
    rests.add(a, steady::now() + 1s, told);
    rests.add(a, steady::now() + 1s, guessed);
    CHECK(rests.end_of(a) == until);
    rests.add(a, until + 1s, guessed);
    CHECK(rests.end_of(a) == until + 1s);
}

TEST_CASE("an answer ends what was guessed, not what was told") {
    host_rests rests;
    const auto until = steady::now() + 1h;
    rests.answered(a);
    rests.add(a, until, told);
    rests.add(a, until + 1h, guessed);
    rests.add(b, until, guessed);
    rests.answered(b);
    CHECK(rests.end_of(a) == until + 1h);
    CHECK(rests.end_of(b) == std::nullopt);
    rests.answered(a);
    CHECK(rests.end_of(a) == until);
}

TEST_CASE("a rest that is over is forgotten") {
    host_rests rests;
    rests.add(a, steady::now() - 1s, told);
    CHECK(rests.end_of(a) == std::nullopt);
}

TEST_SUITE_END();
