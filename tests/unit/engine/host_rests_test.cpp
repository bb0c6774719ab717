#include "engine/host_rests.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace asyncdl;
using namespace asyncdl::engine;
using namespace std::chrono_literals;
using time_point = host_rests::time_point;
using seconds = std::optional<std::chrono::seconds>;

const time_point start = time_point() + 1000h;

core::url at(const std::string& path, const std::string& origin = "http://a") {
    return *core::url::parse(origin + path);
}

/// Rests with a clock that stands still until the test moves it.
class stage {
public:
    void refuse(const core::url& url, seconds after, time_point asked) {
        refusal how;
        how.why = core::fault(make_error_code(errc::http_status_transient), "busy");
        how.status = 503;
        how.retry_after = after;
        how.asked = asked;
        rests.refused(url, how, now);
    }
    void refuse(const core::url& url, seconds after = 5s) { refuse(url, after, now); }
    void refuse(const std::vector<std::string>& paths, seconds after = 5s) {
        for (const auto& path : paths)
            refuse(at(path), after);
    }
    void answer(const core::url& url) { rests.answered(url, now); }

    std::shared_ptr<rest> of(const core::url& url) { return rests.of(url, now); }
    /// Until when; nothing where it may be asked.
    std::optional<time_point> end_of(const core::url& url) {
        const auto found = of(url);
        return found ? std::optional(found->now().end) : std::nullopt;
    }

    host_rests rests;
    time_point now = start;
};

TEST_SUITE_BEGIN("unit/engine/host_rests");

TEST_CASE("a page that is refused rests its own URL, however often") {
    stage on;
    CHECK_FALSE(on.rests.any());
    for (int i = 0; i < 5; ++i)
        on.refuse(at("/a"));
    CHECK(on.end_of(at("/a")) == start + 5s);
    CHECK(on.end_of(at("/a#fragment")) == start + 5s);
    CHECK_FALSE(on.of(at("/a?query")));
    CHECK_FALSE(on.of(at("/b")));
}

TEST_CASE("three refusals of different URLs rest the host") {
    stage on;
    on.refuse({"/a", "/a?1", "/a"});
    CHECK_FALSE(on.of(at("/d")));
    on.refuse({"/c"});
    CHECK(on.end_of(at("/d")) == start + 5s);
    CHECK(on.of(at("/d")) == on.of(at("/a")));
    CHECK(on.of(at("/d"))->now().told == 0);
}

TEST_CASE("scheme and port are part of a host") {
    stage on;
    on.refuse({"/a", "/b", "/c"});
    CHECK(on.of(at("/d", "http://a:80")));
    CHECK_FALSE(on.of(at("/d", "http://a:8080")));
    CHECK_FALSE(on.of(at("/d", "https://a")));
    CHECK_FALSE(on.of(at("/d", "https://a:80")));
    CHECK_FALSE(on.of(at("/d", "http://b")));
}

TEST_CASE("any other answer between them begins the count anew") {
    stage on;
    on.refuse({"/a", "/b"});
    on.answer(at("/x"));
    on.refuse({"/c", "/d"});
    CHECK_FALSE(on.of(at("/e")));
    on.answer(at("/x", "http://b"));
    on.refuse({"/e"});
    CHECK(on.of(at("/f")));
}

TEST_CASE("of the refusals that begin a rest the longest counts") {
    stage on;
    on.refuse(at("/a"), 1s);
    on.refuse(at("/b"), 30s);
    on.refuse(at("/c"), 2s);
    CHECK(on.end_of(at("/d")) == start + 30s);
}

TEST_CASE("what was under way when the rest began makes it longer and is not told again") {
    stage on;
    on.refuse({"/a", "/b", "/c"});
    on.now += 1s;
    on.refuse(at("/d"), 10s, start);
    on.refuse(at("/e"), 1s, start);
    CHECK(on.end_of(at("/x")) == start + 11s);
    on.now = start + 20s;
    for (const char* late : {"/f", "/g", "/h", "/i"})
        on.refuse(at(late), 5s, start);
    CHECK(on.end_of(at("/x")) == start + 25s);
    CHECK(on.of(at("/x"))->now().told == 0);
}

TEST_CASE("after its end three further refusals tell it again") {
    stage on;
    on.refuse({"/a", "/b", "/c"});
    const auto rest = on.of(at("/x"));
    for (unsigned told = 1; told <= 3; ++told) {
        on.now += 6s;
        on.refuse({"/a", "/b", "/a"});
        CHECK(rest->now().told == told - 1);
        CHECK(rest->now().end < on.now);
        on.refuse({"/d"});
        CHECK(rest->now().told == told);
        CHECK(rest->now().end == on.now + 5s);
    }
    CHECK(on.of(at("/x")) == rest);
    CHECK(rest->now().status == 503);
    CHECK(rest->why().message() == "busy");
}

TEST_CASE("after its end three may ask at once, and one may ask for a URL") {
    stage on;
    on.refuse({"/a", "/b", "/c"});
    CHECK(on.of(at("/x"))->turns.available() == 3);
    on.refuse(at("/a", "http://b"));
    CHECK(on.of(at("/a", "http://b"))->turns.available() == 1);
}

TEST_CASE("an answer ends a rest that is over by its time, for all that wait") {
    stage on;
    on.refuse({"/a", "/b", "/c"});
    const auto rest = on.of(at("/x"));
    on.now += 5s;
    CHECK(on.of(at("/x")) == rest);
    on.answer(at("/y"));
    CHECK(rest->now().over);
    CHECK_FALSE(on.of(at("/x")));
    on.refuse({"/a", "/b"});
    CHECK_FALSE(on.of(at("/x")));
}

TEST_CASE("an answer ends what was guessed, not what was told") {
    stage on;
    on.refuse({"/a", "/b", "/c"}, std::nullopt);
    CHECK(on.end_of(at("/x")) == start + 1s);
    on.answer(at("/y"));
    CHECK_FALSE(on.of(at("/x")));

    on.refuse({"/a", "/b"}, 5s);
    on.refuse(at("/c"), std::nullopt);
    on.answer(at("/y"));
    CHECK(on.end_of(at("/x")) == start + 5s);
    CHECK_FALSE(on.of(at("/x"))->now().over);
}

TEST_CASE("a rest of a guessed length doubles each time that it is told again") {
    stage on;
    on.refuse({"/a", "/b", "/c"}, std::nullopt);
    const auto rest = on.of(at("/x"));
    for (const auto length : {2s, 4s, 8s}) {
        on.now = rest->now().end;
        on.refuse({"/a", "/b", "/c"}, std::nullopt);
        CHECK(rest->now().end == on.now + length);
    }
}

TEST_CASE("the rest that another one has become is found") {
    stage on;
    on.refuse(at("/a"));
    const auto of_url = on.of(at("/a"));
    CHECK(on.rests.of(*of_url, on.now) == of_url);
    on.refuse({"/b", "/c"});
    const auto of_host = on.of(at("/x"));
    CHECK(of_host != of_url);
    CHECK(on.rests.of(*of_url, on.now) == of_host);
    CHECK(on.rests.of(*of_host, on.now) == of_host);
    on.now += 6s;
    on.answer(at("/x"));
    CHECK_FALSE(on.rests.of(*of_host, on.now));
}

TEST_CASE("what is over is forgotten, what somebody waits for is not") {
    stage on;
    on.refuse({"/a", "/b", "/c"});
    CHECK(on.rests.size() == 4);
    on.now += 5s;
    CHECK(on.of(at("/x")));
    CHECK(on.rests.size() == 1);
    {
        const auto waits = on.of(at("/x"));
        on.now += 1h;
        CHECK(on.of(at("/x")) == waits);
    }
    on.now += 1h;
    CHECK_FALSE(on.of(at("/x")));
    CHECK(on.rests.size() == 0);
    CHECK_FALSE(on.rests.any());
}

TEST_CASE("two refusals are remembered for a while, so that the third counts") {
    stage on;
    on.refuse({"/a", "/b"});
    on.now += 4min;
    on.refuse({"/c"});
    CHECK(on.of(at("/x")));
}

TEST_CASE("hosts without number take bounded memory, and none is looked at twice for each") {
    stage on;
    constexpr int hosts = 100'000;
    for (int i = 0; i < hosts; ++i) {
        const auto url = at("/", "http://host" + std::to_string(i));
        CHECK_FALSE(on.of(url));
        on.refuse(url, 60s);
    }
    CHECK(on.rests.size() <= 65'536);
    // With a look at all of them for each this would take hours.
    CHECK(on.of(at("/", "http://host" + std::to_string(hosts - 1))));
    on.now += 1h;
    on.answer(at("/"));
    CHECK(on.rests.size() == 0);
}

TEST_SUITE_END();

}  // namespace
