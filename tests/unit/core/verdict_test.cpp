#include "core/verdict.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using asyncdl::errc;
using namespace asyncdl::core;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

const auto now = std::chrono::sys_seconds(784111777s) + 500ms;  // 1994-11-06 08:49:37.5

class question {
public:
    unsigned status = 200;
    lines given;
    std::string asked = "https://h/a/b?c";
    verdict_policy policy;
    std::string reason;

    verdict judge() const {
        response_head head;
        head.status = status;
        head.reason = reason;
        for (const auto& [name, value] : given) {
            head.fields.add(name, value);
        }
        return judge_response(head, *url::parse(asked), policy, now);
    }
};

question redirect(unsigned status, lines given) {
    question about;
    about.status = status;
    about.given = std::move(given);
    about.policy.redirects_left = 1;
    return about;
}

bool stores(const verdict& result) {
    return !result.redirect && !result.failure && !result.part;
}

void check_failure(const question& about, errc code) {
    CAPTURE(about.status);
    const verdict result = about.judge();
    CHECK_FALSE(stores(result));
    CHECK_FALSE(result.redirect);
    REQUIRE(result.failure);
    CHECK(result.failure->why.code() == code);
    CHECK_FALSE(result.failure->why.message().empty());
}

std::optional<std::chrono::seconds> asked_wait(lines given) {
    question about;
    about.status = 503;
    about.given = std::move(given);
    return about.judge().failure->retry_after;
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/verdict");

TEST_CASE("200 and 203 are stored") {
    for (const unsigned status : {200U, 203U}) {
        question about;
        about.status = status;
        about.given = {{"Location", "/elsewhere"}, {"Retry-After", "5"}};
        CHECK(stores(about.judge()));
    }
}

TEST_CASE("401 says what is wanted, or that what was sent is no use") {
    question about;
    about.status = 401;
    about.reason = "Unauthorized";
    CHECK(about.judge().failure->why.message() ==
          "HTTP status 401 Unauthorized: it wants credentials, in the URL (USER:PASSWORD@HOST) or "
          "an Authorization header");
    about.policy.sent_credentials = true;
    CHECK(about.judge().failure->why.message() ==
          "HTTP status 401 Unauthorized: it refused the credentials");
}

TEST_CASE("the page of a 400 may say what its status does not") {
    response_head head;
    head.status = 400;
    const auto plain = *url::parse("http://h:8443/");
    const auto secure = *url::parse("https://h:8443/");
    const std::string https = "The plain HTTP request was sent to HTTPS port";
    const std::string certificate = "<h1>No required SSL certificate was sent</h1>";
    CHECK(hint_of_page(head, plain, https) == "the server speaks TLS on this port; try https://");
    CHECK(hint_of_page(head, secure, certificate) == "the server wants a client certificate");
    CHECK(hint_of_page(head, plain, certificate).empty());
    CHECK(hint_of_page(head, secure, https).empty());
    CHECK(hint_of_page(head, plain, "no such parameter").empty());
    head.status = 404;
    CHECK(hint_of_page(head, plain, https).empty());
}

TEST_CASE("every other status fails, is followed or breaks the protocol") {
    for (unsigned status = 0; status <= 1000; ++status) {
        CAPTURE(status);
        question about;
        about.status = status;
        const verdict result = about.judge();
        if (status == 200 || status == 203) {
            CHECK(stores(result));
            continue;
        }
        REQUIRE(result.failure);
        CHECK_FALSE(result.redirect);
        const bool redirects =
            status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        const bool transient = status == 408 || status == 425 || status == 429 || status == 500 ||
                               status == 502 || status == 503 || status == 504;
        const errc wanted = status < 200 || status > 999 || status == 206 ? errc::protocol
                            : redirects                                   ? errc::redirect
                            : transient ? errc::http_status_transient
                                        : errc::http_status;
        CHECK(result.failure->why.code() == wanted);
    }
}

TEST_CASE("a redirect is followed to its resolved location") {
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        const verdict result = redirect(status, {{"location", " ../x y?z#f "}}).judge();
        REQUIRE(result.redirect);
        CHECK_FALSE(result.failure);
        CHECK_FALSE(stores(result));
        CHECK(result.redirect->target.display() == "https://h/x%20y?z");
    }
    const verdict same = redirect(302, {{"Location", "/x"}, {"Location", " /x"}}).judge();
    REQUIRE(same.redirect);
    CHECK(same.redirect->target.display() == "https://h/x");
}

TEST_CASE("other 3xx are not followed") {
    for (const unsigned status : {300U, 304U, 305U, 306U, 310U}) {
        check_failure(redirect(status, {{"Location", "/x"}}), errc::http_status);
    }
}

TEST_CASE("a redirect without one usable location fails") {
    for (const lines& given : std::vector<lines>{
             {},
             {{"Location", ""}},
             {{"Location", " \t"}},
             {{"Location", "/x"}, {"Location", "/y"}},
             {{"Location", "/x"}, {"location", ""}},
             {{"Location", "ftp://h/"}},
             {{"Location", "file:///etc/passwd"}},
             {{"Location", "http://"}},
             {{"Location", "https://h:99999/"}},
             {{"Location", "//a b/"}},
             {{"Locatio", "/x"}},
         }) {
        check_failure(redirect(302, given), errc::redirect);
    }
}

TEST_CASE("redirects are bounded") {
    question about = redirect(302, {{"Location", "/x"}});
    CHECK(about.judge().redirect);
    about.policy.redirects_left = 0;
    check_failure(about, errc::redirect);
}

TEST_CASE("a redirect from https to http is refused unless allowed") {
    question about = redirect(302, {{"Location", "http://h/"}});
    check_failure(about, errc::redirect);
    about.policy.allow_downgrade = true;
    CHECK(about.judge().redirect);
    about.policy.allow_downgrade = false;
    about.asked = "http://h/";
    CHECK(about.judge().redirect);
    about.given = {{"Location", "https://h/"}};
    CHECK(about.judge().redirect);
}

TEST_CASE("no message of a bad redirect shows its userinfo") {
    const verdict result = redirect(302, {{"Location", "http://u:s3cret@h:0/"}}).judge();
    REQUIRE(result.failure);
    CHECK(result.failure->why.message().find("s3cret") == std::string::npos);
}

TEST_CASE("the message of a status holds its reason, made safe") {
    const auto message = [](unsigned status, std::string reason) {
        question about;
        about.status = status;
        about.reason = std::move(reason);
        return about.judge().failure->why.message();
    };
    CHECK(message(404, "Not Found") == "HTTP status 404 Not Found");
    CHECK(message(404, "") == "HTTP status 404");
    CHECK(message(404, " \t") == "HTTP status 404");
    CHECK(message(503, "\x1b[2J\r\x07") == "HTTP status 503 [2J");
    CHECK(message(503, "\x1b\x07") == "HTTP status 503");
    CHECK(message(500, std::string(300, 'x')) == "HTTP status 500 " + std::string(80, 'x'));
    CHECK(message(500, "\xff") == "HTTP status 500 \xef\xbf\xbd");
}

TEST_CASE("Retry-After in seconds is read") {
    CHECK(asked_wait({}) == std::nullopt);
    CHECK(asked_wait({{"Retry-After", "0"}}) == 0s);
    CHECK(asked_wait({{"retry-after", " 120 "}}) == 120s);
    CHECK(asked_wait({{"Retry-After", "007"}}) == 7s);
    CHECK(asked_wait({{"Retry-After", "99999999999999999999"}}) >= 24h);
    CHECK(asked_wait({{"Retry-After", "9223372036854775807"}}) >= 24h);
    for (const char* value : {"", "-1", "+1", "1.5", "1s", "0x10", "1 2", "soon"}) {
        CAPTURE(value);
        CHECK(asked_wait({{"Retry-After", value}}) == std::nullopt);
    }
}

TEST_CASE("Retry-After as a date counts from the server's clock") {
    const std::pair<std::string, std::string> after{"Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT"};
    CHECK(asked_wait({after}) == 60s);
    CHECK(asked_wait({after, {"Date", "Sun, 06 Nov 1994 08:50:07 GMT"}}) == 30s);
    CHECK(asked_wait({after, {"Date", "Sun, 06 Nov 1994 08:51:07 GMT"}}) == 0s);
    CHECK(asked_wait({after, {"Date", "yesterday"}}) == 60s);
    CHECK(asked_wait({{"Retry-After", "Sun, 06 Nov 1994 08:49:36 GMT"}}) == 0s);
    CHECK(asked_wait({{"Retry-After", "Sunday, 06-Nov-94 08:49:38 GMT"}}) == 1s);
    CHECK(asked_wait({{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}}) >= 24h);
}

TEST_CASE("Retry-After is read on any failure") {
    for (const unsigned status : {101U, 206U, 301U, 404U, 429U, 600U}) {
        CAPTURE(status);
        question about;
        about.status = status;
        about.given = {{"Retry-After", "9"}};
        const verdict result = about.judge();
        REQUIRE(result.failure);
        CHECK(result.failure->retry_after == 9s);
    }
}

TEST_SUITE_END();
