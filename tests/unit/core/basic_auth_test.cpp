#include "core/basic_auth.hpp"

#include <doctest/doctest.h>

#include <string>

using asyncdl::core::basic_credentials;

TEST_SUITE_BEGIN("unit/core/basic_auth");

TEST_CASE("the examples of RFC 7617 are encoded as it says") {
    CHECK(basic_credentials("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(basic_credentials("test", "123\xc2\xa3") == "Basic dGVzdDoxMjPCow==");
}

TEST_CASE("every length of the last group is filled up") {
    CHECK(basic_credentials("", "") == "Basic Og==");
    CHECK(basic_credentials("a", "") == "Basic YTo=");
    CHECK(basic_credentials("a", "b") == "Basic YTpi");
    CHECK(basic_credentials("a", "bc") == "Basic YTpiYw==");
}

TEST_CASE("all bytes are taken, NUL and 255 too") {
    CHECK(basic_credentials(std::string(1, '\0'), "\xff\xfe\xfb") == "Basic ADr//vs=");
}

TEST_SUITE_END();
