#include "core/checksum_index.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using asyncdl::core::checksum_index;

std::string found(const checksum_index::list& list, const std::string& path,
                  std::string_view url_path) {
    const checksum_index index(list);
    const std::string* const value = index.find(path, url_path);
    return value == nullptr ? "none" : *value;
}

TEST_SUITE_BEGIN("unit/core/checksum_index");

TEST_CASE("the path below the directory comes first") {
    CHECK(found({{"a", "1"}, {"d/a", "2"}}, "d/a", "/a") == "2");
    CHECK(found({{"a", "1"}, {"d/a", "2"}}, "a", "/d/a") == "1");
}

TEST_CASE("then the longest common tail of the URL's path counts") {
    const checksum_index::list list{{"a/x", "1"}, {"b/x", "2"}, {"v/b/x", "3"}, {"y", "4"}};
    CHECK(found(list, "named", "/v/a/x") == "1");
    CHECK(found(list, "named", "/w/v/b/x") == "3");
    CHECK(found(list, "named", "/v/y") == "4");
    CHECK(found({{"/abs/x", "1"}}, "named", "/abs/x") == "1");
    CHECK(found({{"pool/a/x", "1"}}, "x", "/x") == "1");
    CHECK(found({{"pool/a/x", "1"}}, "x", "/other/x") == "1");
}

TEST_CASE("only whole segments are common") {
    CHECK(found({{"ax", "1"}, {"a/bx", "2"}}, "named", "/x") == "none");
    CHECK(found({{"x", "1"}}, "named", "/ax") == "none");
    CHECK(found({{"a/x/", "1"}}, "named", "/a/x") == "none");
}

TEST_CASE("then the last part of the path") {
    CHECK(found({{"x", "1"}}, "d/x", "/other") == "1");
    CHECK(found({{"c/x", "1"}}, "d/x", "/other") == "1");
    CHECK(found({{"y", "1"}, {"x", "2"}}, "d/x", "/y") == "1");
}

TEST_CASE("a tie is no match") {
    CHECK(found({{"a/x", "1"}, {"b/x", "2"}}, "x", "/x") == "none");
    CHECK(found({{"a/x", "1"}, {"b/x", "2"}}, "x", "/c/x") == "none");
    CHECK(found({{"b/x", "1"}, {"v/b/x", "2"}}, "named", "/w/b/x") == "none");
    CHECK(found({{"x", "1"}, {"b/x", "2"}}, "named", "/w/x") == "none");
    CHECK(found({{"a/x", "1"}, {"b/x", "2"}}, "d/x", "/other") == "none");
}

TEST_CASE("without a name or a path nothing fits") {
    CHECK(found({}, "", "") == "none");
    CHECK(found({{"x", "1"}}, "", "/") == "none");
    CHECK(found({{"x", "1"}}, "", "/x/") == "none");
}

TEST_SUITE_END();

}  // namespace
