// What the program adds to the library's messages: the option that bears on a failure, the path.

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "bench.hpp"
#include "support/misbehaviour.hpp"

namespace {

using namespace asyncdl::test;
namespace json = boost::json;
using words = std::vector<std::string>;

/// The one failure of a run, as the summary, as `-q` and as the JSON report tell it.
std::string failure_of(const bench& b, const std::string& url, words arguments) {
    arguments.insert(arguments.end(), {"--retries", "0", url});
    const auto shown = b.run(arguments);
    CHECK(shown.status == 1);
    const std::string before = "❌ " + url + ": ";
    REQUIRE(shown.out.starts_with(before));
    std::string line = shown.out.substr(before.size(), shown.out.find('\n') - before.size());

    arguments.insert(arguments.begin(), {"--json", "-"});
    const auto reported = b.run(arguments);
    CHECK(reported.err == "asyncdl: " + url + ": " + line + "\n");
    CHECK(json::parse(reported.out).at("results").at(0).at("error").as_string() == line);
    return line;
}

}  // namespace

TEST_SUITE("cli/message") {
    TEST_CASE("a timeout names its seconds and its option") {
        bench b;
        b.server.on("/silent", misbehave::stall_before_head());
        b.server.on("/stops", misbehave::stall_in_body(1000, 10));
        for (const char* path : {"/silent", "/stops"}) {
            CHECK(failure_of(b, b.url(path), {"--timeout", "0.25"}) ==
                  "no byte for 0.25 s (--timeout)");
        }
        CHECK(failure_of(b, b.url("/silent"), {"--max-time", "0.25"}) ==
              "the download took longer than 0.25 s (--max-time)");
        const std::string tls = "https" + b.url("/silent").substr(4);
        CHECK(failure_of(b, tls, {"--connect-timeout", "0.25"}) ==
              "no connection to 127.0.0.1:" + std::to_string(b.server.port()) +
                  " in 0.25 s (--connect-timeout)");
    }

    TEST_CASE("a certificate of an unknown issuer names the options that help") {
        const bench b;
        origin_options own;
        certificate_options certificate;
        certificate.self_signed = true;
        own.tls = shared_authority().issue(certificate);
        const origin self_signed(std::move(own));
        CHECK(
            failure_of(b, self_signed.url("/"), {}) ==
            "the certificate of 127.0.0.1 is self-signed, and not among those that are trusted; "
            "--cacert FILE trusts it if FILE holds it or its authority, -k checks no certificate");
        certificate_options other;
        other.addresses = {"127.0.0.2"};
        origin_options wrong;
        wrong.tls = shared_authority().issue(other);
        b.write("ca", shared_authority().pem());
        const origin elsewhere(std::move(wrong));
        CHECK(failure_of(b, elsewhere.url("/"), {"--cacert", "ca"}) ==
              "the certificate is for localhost, 127.0.0.2, not for 127.0.0.1");
    }

    TEST_CASE("a success names its path, and so does each failure of a file") {
        bench b;
        std::filesystem::create_directories(b.dir / "d/folder");
        const auto r = b.run({"-d", "d", "a/b=" + b.url("/bytes/1"), "folder=" + b.url("/bytes/2"),
                              b.url("/bytes/3"), "b/c=" + b.url("/bytes/4"), "-j1"});
        CHECK(r.status == 1);
        CHECK(r.out.find("✅ d/a/b: 1 B, ") != r.out.npos);
        CHECK(r.out.find("✅ d/3: 3 B, ") != r.out.npos);
        CHECK(r.out.find(": d/folder is a directory\n") != r.out.npos);
        b.write("d/x", "a file");
        CHECK(failure_of(b, b.url("/bytes/1"), {"-d", "d/", "-o", "x/y"}) ==
              "cannot use folder d/x: Not a directory");
        b.write("d/1", "old");
        CHECK(failure_of(b, b.url("/bytes/1"), {"-d", "d", "--on-exists", "fail"}) == "d/1 exists");
        std::filesystem::create_directory(b.dir / "d/5.part");
        CHECK(failure_of(b, b.url("/bytes/5"), {"-d", "d"}) ==
              "d/5.part exists and is not a regular file");
    }
}
