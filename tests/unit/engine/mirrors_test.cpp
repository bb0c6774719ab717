#include "engine/mirrors.hpp"

#include <doctest/doctest.h>

using asyncdl::errc;

namespace {

const asyncdl::log_hook quiet;

class mirrors : public asyncdl::engine::mirrors {
public:
    explicit mirrors(const std::vector<std::string>& urls, const asyncdl::log_hook& hook = quiet)
        : asyncdl::engine::mirrors(urls, hook) {}
};

}  // namespace

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

TEST_CASE("the next one may be chosen; if none is wanted the current one stays") {
    const std::vector<std::string> urls{"http://a/", "http://b/", "http://c:99999/", "http://d/"};
    mirrors from(urls);
    REQUIRE(from.begin().has_value());
    CHECK_FALSE(from.next_if([](const auto& url) { return url.origin().host == "a"; }));
    CHECK(from.current().origin().host == "a");
    CHECK(from.next_if([](const auto& url) { return url.origin().host != "b"; }));
    CHECK(from.current().origin().host == "d");
    from.give_up_current();
    CHECK(from.next_round());
    CHECK_FALSE(from.next_if([](const auto& url) { return url.origin().host == "d"; }));
    CHECK(from.current().origin().host == "a");
}

TEST_CASE("without a URL that can be asked nothing begins, and the first one's fault is told") {
    const std::vector<std::string> none;
    CHECK(mirrors(none).begin().error().code() == errc::invalid_url);
    const std::vector<std::string> bad{"http://a:0/", "ftp://b/"};
    const std::vector<std::string> first{"http://a:0/"};
    CHECK(mirrors(bad).begin().error().code() == errc::invalid_url);
    CHECK(mirrors(bad).begin().error().message() == mirrors(first).begin().error().message());
}

TEST_CASE("a URL that cannot be asked is passed over with a warning, once") {
    std::vector<std::string> lines;
    const asyncdl::log_hook hook{
        asyncdl::log_level::warn,
        [&](asyncdl::log_level, std::string_view line) { lines.emplace_back(line); }};
    const std::vector<std::string> urls{"ftp://u:p@a/?k=v", "http://b/", "http://c:0/",
                                        "http://d/"};
    mirrors from(urls, hook);
    REQUIRE(from.begin().has_value());
    CHECK(from.current().origin().host == "b");
    CHECK(from.first().origin().host == "b");
    for (int round = 0; round < 2; ++round) {
        CHECK(from.next());
        CHECK(from.current().origin().host == "d");
        CHECK_FALSE(from.next());
        CHECK(from.next_round());
        CHECK(from.current().origin().host == "b");
    }
    REQUIRE(lines.size() == 2);
    CHECK(lines[0] == "ftp://a/?k=... is passed over: not an http or https URL");
    CHECK(lines[1].starts_with("http://c:0/ is passed over: "));
}

TEST_CASE("the caller's fields are for the first URL that was given, or for nobody") {
    const std::vector<std::string> good{"http://a/", "http://b/"};
    mirrors from(good);
    REQUIRE(from.begin().has_value());
    CHECK(from.home().origin().host == "a");
    CHECK(from.next());
    CHECK(from.home().origin().host == "a");
    const std::vector<std::string> bad{"ftp://b/", "http://b/"};
    mirrors other(bad);
    REQUIRE(other.begin().has_value());
    CHECK(other.home().origin().host.empty());
    CHECK(other.home().origin() != other.current().origin());
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
