#include "engine/host_rests.hpp"

#include <doctest/doctest.h>

using asyncdl::engine::host_rests;
using steady = asyncdl::net::clock;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("unit/engine/host_rests");

TEST_CASE("a host rests until its time, others do not") {
    host_rests rests;
    const auto until = steady::now() + 1h;
    CHECK(rests.end_of("a") <= steady::now());
    rests.add("a", until);
    CHECK(rests.end_of("a") == until);
    CHECK(rests.end_of("b") <= steady::now());
}

TEST_CASE("of two rests the longer counts") {
    host_rests rests;
    const auto until = steady::now() + 1h;
    rests.add("a", until);
    rests.add("a", steady::now() + 1s);
    CHECK(rests.end_of("a") == until);
    rests.add("a", until + 1s);
    CHECK(rests.end_of("a") == until + 1s);
}

TEST_CASE("a rest that is over is forgotten") {
    host_rests rests;
    rests.add("a", steady::now() - 1s);
    CHECK(rests.end_of("a") == steady::time_point::min());
}

TEST_SUITE_END();
