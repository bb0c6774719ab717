#include "engine/mirrors.hpp"

#include <doctest/doctest.h>

using asyncdl::errc;
using asyncdl::engine::mirrors;

TEST_SUITE_BEGIN("unit/engine/mirrors");

TEST_CASE("URLs are asked in turn, a round after the other") {
    const std::vector<std::string> urls{"http://a/", "http://b/", "http://c/"};
    mirrors from(urls);
    REQUIRE(from.begin().has_value());
    CHECK(from.current().origin().host == "a");
    CHECK(from.next());
    CHECK(from.current().origin().host == "b");
    CHECK(from.first().origin().host == "a");
    CHECK(from.next());
    CHECK(from.current().origin().host == "c");
    CHECK_FALSE(from.next());
    CHECK(from.next_round());
    CHECK(from.current().origin().host == "a");
}

TEST_CASE("what was given up, or is no URL, is not asked again") {
    const std::vector<std::string> urls{"http://a/", "http://b:99999/", "http://c/"};
    mirrors from(urls);
    REQUIRE(from.begin().has_value());
    from.give_up_current();
    CHECK(from.next());
    CHECK(from.current().origin().host == "c");
    CHECK(from.next_round());
    CHECK(from.current().origin().host == "c");
    from.give_up_current();
    CHECK_FALSE(from.next_round());
}

TEST_CASE("without a URL, or with a bad first one, nothing begins") {
    const std::vector<std::string> none;
    CHECK(mirrors(none).begin().error().code() == errc::invalid_url);
    const std::vector<std::string> bad{"http://a:0/", "http://b/"};
    CHECK(mirrors(bad).begin().error().code() == errc::invalid_url);
}

TEST_CASE("credentials are those of the current URL") {
    const std::vector<std::string> urls{"http://user:pass@a/", "http://b/"};
    mirrors from(urls);
    REQUIRE(from.begin().has_value());
    CHECK(from.authorization() == "Basic dXNlcjpwYXNz");
    CHECK(from.next());
    CHECK(from.authorization().empty());
}

TEST_CASE("a source is the same with other userinfo or fragment, another with another query") {
    const auto source = [](const std::string& url) {
        const std::vector<std::string> urls{url};
        mirrors from(urls);
        REQUIRE(from.begin().has_value());
        return from.source();
    };
    CHECK(source("http://a/x?k=1") == source("http://u:p@a/x?k=1#top"));
    CHECK(source("http://a/x?k=1") != source("http://a/x?k=2"));
    CHECK(source("http://a/x") != source("https://a/x"));
}

TEST_SUITE_END();
