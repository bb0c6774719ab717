// Digests that a response carries (RFC 9530, RFC 3230) are verified, on a 206 as well.

#include <doctest/doctest.h>

#include <asyncdl/memory_sink.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "support/digest.hpp"
#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t kept = 200'000;

template <typename How>
class retrying : public stage_over<How> {
public:
    retrying() {
        this->options.retries = 1;
        this->options.retry_delay = 0ms;
    }
};

remote_file with(std::vector<field> fields) {
    remote_file file(whole);
    file.fields = std::move(fields);
    return file;
}

const std::string& right() {
    static const std::string text = digest_field(remote_file(whole).bytes());
    return text;
}

const std::string wrong = digest_field("other");

std::string old_form(std::string name, const char* algorithm) {
    return std::string(name) + '=' + base64_digest(algorithm, remote_file(whole).bytes());
}

TEST_SUITE_BEGIN("integration/digest_field");

TEST_CASE_TEMPLATE("a body with the digest that its response carries is stored", How, plain, tls) {
    retrying<How> on;
    on.options.if_exists = on_exists::overwrite;
    const std::string all = remote_file(whole).bytes();
    const std::vector<field> cases[] = {
        {{"Repr-Digest", right()}},
        {{"Content-Digest", right()}},
        {{"Repr-Digest", "sha-512=:" + base64_digest("SHA512", all) + ":, " + right()}},
        {{"Repr-Digest", right()}, {"Content-Digest", right()}},
        {{"Digest", old_form("SHA-256", "SHA256")}},
        {{"Digest", old_form("MD5", "MD5") + ',' + old_form("sha", "SHA1")}},
    };
    for (const std::vector<field>& fields : cases) {
        CAPTURE(fields[0].second);
        on.server.on("/file", with(fields));
        check_all_new(on, on.fetch("/file"), remote_file(whole));
    }
}

TEST_CASE_TEMPLATE("a body with another digest than its response carries is a failure", How, plain,
                   tls) {
    retrying<How> on;
    const std::vector<field> cases[] = {
        {{"Repr-Digest", wrong}},
        {{"Content-Digest", wrong}},
        {{"Repr-Digest", right()}, {"Content-Digest", wrong}},
        {{"Repr-Digest", wrong}, {"Content-Digest", right()}},
        {{"Digest", "SHA-256=" + base64_digest("SHA256", "other")}},
        {{"Digest", "md5=" + base64_digest("MD5", "other")}},
    };
    for (const std::vector<field>& fields : cases) {
        CAPTURE(fields[0].first);
        CAPTURE(fields[0].second);
        on.server.on("/file", with(fields));
        const std::size_t before = on.server.requests("/file");
        const download_result result = on.fetch("/file");
        check_failed(on, result, errc::checksum);
        CHECK(result.attempts == 1);
        CHECK(on.server.requests("/file") == before + 1);
    }
}

TEST_CASE_TEMPLATE("digests that nobody can read, or of unknown kinds, are passed over", How, plain,
                   tls) {
    retrying<How> on;
    on.options.if_exists = on_exists::overwrite;
    for (const std::string value :
         {"", "nonsense", "sha-256", "sha-256=x", "sha-256=:!!!:", "sha-256=:AAAA:",
          "sha-999=:AAAA:", "unixsum=:AAAA:", "sha-256=:AAAA", ",,,"}) {
        CAPTURE(value);
        for (const std::string name : {"Repr-Digest", "Content-Digest", "Digest"}) {
            on.server.on("/file", with({{name, value}}));
            check_all_new(on, on.fetch("/file"), remote_file(whole));
        }
    }
}

TEST_CASE_TEMPLATE("the digest of a whole representation counts on the 206 that completes it", How,
                   plain, tls) {
    retrying<How> on;
    leave_part(on, remote_file(whole), kept);
    on.server.on("/file", with({{"Repr-Digest", right()}}));
    check_resumed(on, on.fetch("/file"), remote_file(whole), kept);
    std::filesystem::remove(on.dir / "out/file");

    for (const bool retried : {false, true}) {
        CAPTURE(retried);
        if (retried) {
            on.server.on("/file",
                         in_turn({remote_file(whole).cut(kept), with({{"Repr-Digest", wrong}})}));
        } else {
            leave_part(on, remote_file(whole), kept);
            on.server.on("/file", with({{"Repr-Digest", wrong}}));
        }
        check_failed(on, on.fetch("/file"), errc::checksum);
    }
}

TEST_CASE_TEMPLATE("the digest of a first response counts though only the second one is complete",
                   How, plain, tls) {
    retrying<How> on;
    on.server.on("/file",
                 in_turn({with({{"Repr-Digest", right()}}).cut(kept), remote_file(whole)}));
    check_all_new(on, on.fetch("/file"), remote_file(whole));
}

TEST_CASE_TEMPLATE("Content-Digest on a 206 is that of the part", How, plain, tls) {
    retrying<How> on;
    const remote_file file(whole);
    remote_file now = file;
    now.lie = [&](partial_answer& part) {
        part.say("Content-Digest", digest_field(file.bytes(part.begin, part.end)));
    };
    leave_part(on, file, kept);
    on.server.on("/file", now);
    check_resumed(on, on.fetch("/file"), file, kept);
    std::filesystem::remove(on.dir / "out/file");

    for (const std::string& value : {wrong, right()}) {
        now.lie = [&](partial_answer& part) { part.say("Content-Digest", value); };
        leave_part(on, file, kept);
        on.server.on("/file", now);
        check_failed(on, on.fetch("/file"), errc::checksum);
    }
}

TEST_CASE_TEMPLATE("Content-Digest on a 206 counts for a sink of the caller's as well", How, plain,
                   tls) {
    const remote_file file(whole);
    for (const bool good : {true, false}) {
        CAPTURE(good);
        retrying<How> on;
        remote_file now = file;
        now.lie = [&](partial_answer& part) {
            part.say("Content-Digest",
                     good ? digest_field(file.bytes(part.begin, part.end)) : wrong);
        };
        on.server.on("/file", in_turn({file.cut(kept), now}));
        memory_sink sink(whole);
        download_request ask = on.ask("/file", "");
        ask.destination = &sink;
        const download_result result = on.fetch(ask);
        CHECK(asked_with(on.server, "/file", "Range")[1] == "bytes=200000-");
        CHECK(result.success == good);
        if (!good) {
            check_failure(result, errc::checksum);
        }
    }
}

TEST_CASE_TEMPLATE("bytes that change under the same validators are caught by a digest", How, plain,
                   tls) {
    retrying<How> on;
    remote_file liar = with({{"Repr-Digest", right()}});
    liar.version = 2;
    leave_part(on, remote_file(whole), kept);
    on.server.on("/file", liar);
    check_failed(on, on.fetch("/file"), errc::checksum);
}

TEST_CASE_TEMPLATE("a mirror takes over from a server whose digest is wrong", How, plain, tls) {
    retrying<How> on;
    on.server.on("/bad", with({{"Repr-Digest", wrong}}));
    on.server.on("/file", remote_file(whole));
    download_request request = on.ask("/bad");
    request.urls.push_back(on.server.url("/file"));
    const download_result result = on.fetch(request);
    check_stored(on, result, remote_file(whole).bytes());
    CHECK(result.attempts == 2);
}

TEST_CASE_TEMPLATE("a digest is of what is stored where a coding was applied that nobody asked for",
                   How, plain, tls) {
    retrying<How> on;
    on.server.on("/file", with({{"Content-Encoding", "gzip"}, {"Repr-Digest", right()}}));
    check_all_new(on, on.fetch("/file"), remote_file(whole));
}

TEST_CASE_TEMPLATE("the digest of a redirect or an error says nothing about the file", How, plain,
                   tls) {
    retrying<How> on;
    on.server.on("/from", [](connection& peer, const request&) {
        response answer = redirect_to("/file");
        answer.fields.emplace_back("Repr-Digest", wrong);
        peer.send(answer);
    });
    on.server.on("/file", in_turn({status(503, {{"Repr-Digest", wrong}}), remote_file(whole)}));
    check_all_new(on, on.fetch("/from"), remote_file(whole));
}

TEST_SUITE_END();

}  // namespace
