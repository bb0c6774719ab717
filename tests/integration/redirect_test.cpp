// Redirects: where they lead, where they must not, and what goes along.

#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/digest.hpp"
#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

// As checksums and as libcrypto call them.
using algorithm_names = std::vector<std::pair<std::string, const char*>>;
const algorithm_names algorithms_below_sha_256{
    {"md5", "MD5"}, {"sha-1", "SHA1"}, {"sha-224", "SHA224"}};
const algorithm_names algorithms_from_sha_256{
    {"sha-256", "SHA256"}, {"sha-384", "SHA384"}, {"sha-512", "SHA512"}};

TEST_SUITE_BEGIN("integration/redirect");

TEST_CASE_TEMPLATE("every kind of redirect is followed", How, plain, tls) {
    stage_over<How> on;
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        CAPTURE(status);
        on.server.on("/from", redirect_to("/bytes/1000", status));
        const download_result result = on.fetch("/from");
        check_stored(on, result, pattern(0, 1000));
        CHECK(result.status == 200);
        CHECK(result.attempts == 1);
        CHECK(result.url == on.server.url("/from"));
        CHECK(result.final_url == on.server.url("/bytes/1000"));
        CHECK(on.server.requests().back().method == "GET");
    }
}

TEST_CASE_TEMPLATE("a Location is resolved against the URL asked", How, plain, tls) {
    stage_over<How> on;
    const std::string authority = on.server.url("").substr(on.server.url("").find("//"));
    const std::string scheme = on.server.url("").substr(0, on.server.url("").find("//"));
    struct {
        std::string location;
        std::string target;
    } const cases[] = {
        {"/absolute", "/absolute"},
        {"sibling", "/a/b/sibling"},
        {"./sibling", "/a/b/sibling"},
        {"../up", "/a/up"},
        {"../../../../top", "/top"},
        {"?q=1", "/a/b/from?q=1"},
        {authority + "/network", "/network"},
        {scheme + authority + "/whole?x=y", "/whole?x=y"},
        {scheme + authority, "/"},
        {"/fragment#part", "/fragment"},
        {"/with space", "/with%20space"},
        {"/caf\xC3\xA9", "/caf%C3%A9"},
        {"/100%", "/100%25"},
        {"/kept%2Fas%20is", "/kept%2Fas%20is"},
        {"/{braces}|\"^", "/%7Bbraces%7D%7C%22%5E"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.location);
        on.server.on("/a/b/from", [&](connection& peer, const request& asked) {
            // A Location that is only a query leads back to this path.
            if (asked.target == one.target) {
                peer.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            } else {
                peer.send(redirect_to(one.location));
            }
        });
        response there;
        there.body = "ok";
        on.server.on(one.target.substr(0, one.target.find('?')) == "/a/b/from"
                         ? "/unused"
                         : one.target.substr(0, one.target.find('?')),
                     there);
        const download_result result = on.fetch("/a/b/from");
        check_stored(on, result, "ok");
        CHECK(on.server.requests().back().target == one.target);
        CHECK(result.final_url == scheme + authority + one.target);
    }
}

TEST_CASE_TEMPLATE("a redirect that leads nowhere is refused", How, plain, tls) {
    stage_over<How> on;
    for (const char* location :
         {"", "ftp://127.0.0.1/x", "file:///etc/passwd", "javascript:0", "http://",
          "http://127.0.0.1:99999/", "http://[::1/", "mailto:a@b"}) {
        CAPTURE(location);
        on.server.on("/from", redirect_to(location));
        const download_result result = on.fetch("/from");
        check_failed(on, result, errc::redirect);
        CHECK(result.status == 302);
    }
    response without;
    without.status = 302;
    on.server.on("/from", without);
    check_failed(on, on.fetch("/from"), errc::redirect);
    response twice = redirect_to("/bytes/1");
    twice.fields.emplace_back("Location", "/bytes/2");
    on.server.on("/from", twice);
    check_failed(on, on.fetch("/from"), errc::redirect);
}

TEST_CASE_TEMPLATE("redirects are bounded", How, plain, tls) {
    stage_over<How> on;
    check_failed(on, on.fetch("/redirect/21"), errc::redirect);
    CHECK(on.server.requests().size() == 21);
    check_stored(on, on.fetch("/redirect/20"), pattern(0, 1000));
    std::filesystem::remove_all(on.dir / "out");
    on.options.max_redirects = 0;
    check_failed(on, on.fetch("/redirect/1"), errc::redirect);
    check_stored(on, on.fetch("/bytes/5"), pattern(0, 5));
}

TEST_CASE_TEMPLATE("a circle of redirects ends", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/a", redirect_to("/b"));
    on.server.on("/b", redirect_to("/a"));
    const download_result result = on.fetch("/a");
    check_failed(on, result, errc::redirect);
    CHECK(on.server.requests().size() == 21);
    CHECK(on.server.accepted() == 1);
}

TEST_CASE("a redirect from https to http is refused unless allowed") {
    stage_over<tls> secure;
    origin open;
    response there;
    there.body = "hello";
    open.on("/there", there);
    secure.server.on("/from", redirect_to(open.url("/there")));
    check_failed(secure, secure.fetch("/from"), errc::redirect);
    CHECK(open.accepted() == 0);
    secure.options.allow_downgrade = true;
    check_stored(secure, secure.fetch("/from"), "hello");
}

TEST_CASE("a checksum permits a redirect from https to http from sha-256 on") {
    stage_over<tls> secure;
    origin open;
    response there;
    there.body = "hello";
    open.on("/there", there);
    secure.server.on("/from", redirect_to(open.url("/there")));
    const auto ask_with = [&](const std::string& sum) {
        download_request request = secure.ask("/from");
        request.checksum = sum;
        return request;
    };
    for (const auto& [name, algorithm] : algorithms_below_sha_256) {
        CAPTURE(name);
        const std::string sum = name + '=' + hex_digest(algorithm, "hello");
        check_failed(secure, secure.fetch(ask_with(sum)), errc::redirect);
        secure.options.checksums = {{"file", sum}};
        check_failed(secure, secure.fetch("/from"), errc::redirect);
        secure.options.checksums.clear();
    }
    CHECK(open.accepted() == 0);
    for (const auto& [name, algorithm] : algorithms_from_sha_256) {
        CAPTURE(name);
        const std::string sum = name + '=' + hex_digest(algorithm, "hello");
        check_stored(secure, secure.fetch(ask_with(sum)), "hello");
        secure.options.checksums = {{"file", sum}, {"other", "md5=" + hex_digest("MD5", "x")}};
        check_stored(secure, secure.fetch("/from"), "hello");
        secure.options.checksums.clear();
    }
    const std::string wrong = "sha-256=" + hex_digest("SHA256", "other");
    std::filesystem::remove_all(secure.dir / "out");
    check_failed(secure, secure.fetch(ask_with(wrong)), errc::checksum);
}

TEST_CASE("checksums of other files permit no redirect from https to http") {
    stage_over<tls> secure;
    origin open;
    secure.server.on("/from", redirect_to(open.url("/there")));
    secure.options.checksums = {{"other", "sha-256=" + hex_digest("SHA256", "hello")}};
    check_failed(secure, secure.fetch("/from"), errc::redirect);
    CHECK(open.accepted() == 0);
}

TEST_CASE("several checksums permit a redirect from https to http if all are strong") {
    const std::string strong = "sha-256=" + hex_digest("SHA256", "hello");
    const std::string other = "sha-256=" + hex_digest("SHA256", "other");
    const std::string weak = "md5=" + hex_digest("MD5", "hello");
    for (const bool all_strong : {true, false}) {
        CAPTURE(all_strong);
        stage_over<tls> secure;
        origin open;
        response there;
        there.body = "hello";
        open.on("/there", there);
        secure.server.on("/from", redirect_to(open.url("/there")));
        for (const std::string& sums :
             {strong + "," + (all_strong ? other : weak),
              (all_strong ? other : weak) + "," + strong, weak + "," + weak}) {
            secure.options.checksums = {{"from", sums}};
            if (!all_strong && sums.find(strong) != std::string::npos) {  // two algorithms
                CHECK_THROWS_AS(secure.fetch("/from"), std::invalid_argument);
                continue;
            }
            const download_result result = secure.fetch(secure.ask("/from", ""));
            CHECK(result.success == (all_strong && !sums.starts_with(weak)));
        }
        CHECK(open.accepted() == (all_strong ? 2 : 0));
    }
}

TEST_CASE("a file that is named anew behind a redirect from https to http needs its own checksum") {
    const std::string strong = "sha-256=" + hex_digest("SHA256", "meant");
    for (const bool by_way_of_https : {false, true}) {
        CAPTURE(by_way_of_https);
        stage_over<tls> secure;
        origin open;
        // Whoever is on the way answers with a file whose digest he can forge.
        response forged;
        forged.body = "hello";
        forged.fields.emplace_back("Content-Disposition", "attachment; filename=weak");
        open.on("/there", forged);
        if (by_way_of_https) {
            open.on("/there", redirect_to(secure.server.url("/back")));
        }
        secure.server.on("/back", forged);
        secure.server.on("/strong", redirect_to(open.url("/there")));
        secure.options.checksums = {{"strong", strong},
                                    {"weak", "md5=" + hex_digest("MD5", "hello")}};
        const download_result result = secure.fetch(secure.ask("/strong", ""));
        check_failed(secure, result, errc::redirect);
        CHECK(result.message ==
              "a redirect from https to http is refused: the checksum of weak is weaker than "
              "sha-256");
        secure.options.checksums["weak"] = "sha-256=" + hex_digest("SHA256", "hello");
        const download_result proven = secure.fetch(secure.ask("/strong", ""));
        CHECK(proven.success);
        CHECK(secure.content("weak") == "hello");
    }
}

TEST_CASE("a redirect from http to https is followed") {
    stage_over<plain> open;
    origin secure(over_tls());
    response there;
    there.body = "hello";
    secure.on("/there", there);
    open.server.on("/from", redirect_to(secure.url("/there")));
    const download_result result = open.fetch("/from");
    check_stored(open, result, "hello");
    CHECK(result.final_url == secure.url("/there"));
}

TEST_CASE("a failure behind a redirect names the final URL") {
    stage_over<plain> on;
    on.server.on("/from", redirect_to("/nowhere"));
    const download_result result = on.fetch("/from");
    check_failed(on, result, errc::http_status);
    CHECK(result.status == 404);
    CHECK(result.url == on.server.url("/from"));
    CHECK(result.final_url == on.server.url("/nowhere"));
}

TEST_SUITE_END();

}  // namespace
