// Secrets are planted wherever a person, a list or a server may write one; then everything that the
// program wrote or sent is searched for them.

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "bench.hpp"
#include "support/misbehaviour.hpp"
#include "support/pattern.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

namespace {

// Credentials and values of header fields: to be seen nowhere.
const words hidden{"s3-userinfo", "s3-location",  "s3-mirror", "s3-bearer", "s3-cookie",
                   "s3-apikey",   "s3-entry",     "s3-json",   "s3-line",   "s3-option",
                   "s3-object",   "s3-long-line", "s3-refused"};

// Values of a query: reports show a URL as given, the log and the terminal do not.
const words signatures{"s3-signature", "s3-moved"};

std::string with_userinfo(std::string url, const std::string& userinfo) {
    return url.insert(url.find("://") + 3, userinfo + "@");
}

// 3 MiB of a file of 4 MiB that can be resumed.
void cut_off(connection& peer, const request&) {
    response answer;
    answer.fields = {{"ETag", "\"v1\""}, {"Content-Length", std::to_string(4 << 20)}};
    peer.send_raw(head_of(answer) + pattern(0, 3 << 20));
    peer.close();
}

/// The origin that the secrets are for, and another that must not learn them.
class two_origins : public bench {
public:
    two_origins() {
        add_failures(server);
        add_failures(other);
        const std::string port = std::to_string(other.port());
        server.on("/away", redirect_to("http://l:s3-location@127.0.0.1:" + port +
                                       "/status/404?token=s3-moved"));
        server.on("/away-and-there", redirect_to(other.url("/bytes/9")));
        server.on("/ftp", redirect_to("ftp://l:s3-location@h/x?token=s3-moved"));
        server.on("/bad", redirect_to("http://l:s3-location@h:99999/x?token=s3-moved"));
        server.on("/loop",
                  redirect_to(with_userinfo(url("/loop?token=s3-moved"), "l:s3-location")));
        server.on("/cut", cut_off);
        server.on("/reset", misbehave::reset_in_body(100, 10));
    }

    /// Every kind of entry, each ending in another way.
    std::string list() const {
        const std::string own = "u:s3-userinfo";
        std::string text;
        for (const char* path : {"/away", "/ftp", "/bad", "/loop", "/reset", "/status/500",
                                 "/status/404", "/away-and-there", "/bytes/8"}) {
            text +=
                with_userinfo(url(path), own) + "?sig=s3-signature\n header=X-Entry: s3-entry\n";
        }
        text += with_userinfo(url("/cut"), own) + "?sig=s3-signature\n";
        text += with_userinfo("http://127.0.0.1:1/refused?sig=s3-signature", own) + "\n";
        text += with_userinfo(url("/status/404"), own) + "\t" +
                with_userinfo(other.url("/bytes/7?sig=s3-signature"), "m:s3-mirror") +
                "\n header=Cookie: s3-entry\n out=mirrored\n";
        text +=
            "n=ftp://u:s3-userinfo@h/x\t" + other.url("/bytes/5") + "\n header=Cookie: s3-entry\n";
        text += "{\"url\": \"ftp://u:s3-userinfo@h/x\", \"mirrors\": [\"" + other.url("/bytes/4") +
                "\"], \"headers\": [\"X-Entry: s3-entry\"]}\n";
        text +=
            "{\"url\": \"" + with_userinfo(url("/bytes/6?sig=s3-signature"), own) +
            "\", \"headers\": [\"X-Json: s3-json\"], \"checksum\": \"md5=" + std::string(32, '0') +
            "\"}\n";
        return text + malformed();
    }

    /// Lines that are wrong, with a secret in each.
    static std::string malformed() {
        return "{\"url\": \"http://u:s3-object@h/\", \"headers\": [\"Authorization: s3-object\"]\n"
               "[{\"url\": \"http://h/\", \"headers\": [\"Authorization: s3-object\"], x}, "
               "s3-object]\n"
               "{\"url\": \"ftp://u:s3-object@h/\"}\n"
               "{\"url\": \"http://h/\", \"headers\": [\"s3-object\"]}\n"
               "{\"url\": \"http://h/\", \"headers\": [\"Range: s3-object\"]}\n"
               "{\"url\": \"http://u:s3-object@h:99999/\"}\n"
               "ftp://u:s3-line@h/x\n"
               "u:s3-line@h/x\n"
               "http:/u:s3-line@h/x\n"
               "http://u:s3-line@/x\n"
               "http://u:p/s3-line@h/x\n"
               "http://h/\thttps//u:s3-line@h/x\n"
               "header=Authorization: Bearer s3-option\n"
               "http-passwd=s3-option\n"
               "http://u:s3-line@h:99999/x\n"
               " header=Range: s3-option\n"
               "http://u:s3-line@h:99999/x\n"
               " header Authorization: s3-option\n"
               "http://u:s3-line@h:99999/x\n"
               " Authorization: Basic s3-option=\n" +
               ("http://u:s3-long-line@h/" + std::string(70'000, 'x') + "\n") +
               ("http://u:s3-long-line" + std::string(70'000, 'x') + "\n") +
               "[\n{\"url\": \"http://u:s3-object@h/},\n" +
               ("{\"url\": \"http://u:s3-long-line@h/" + std::string(70'000, 'x') + "\"},\n") +
               "{\"url\": \"http://u:s3-object@h/\", \"headers\": [\"Authorization: s3-object\"}";
    }

    origin other;

private:
    static void add_failures(origin& to) {
        to.on("/status/*", [](connection& peer, const request& asked) {
            response answer;
            answer.status = asked.path() == "/status/500" ? 500 : 404;
            peer.send(answer);
        });
        to.on("/bytes/*", response{.pattern_size = 9});
    }
};

const words common{"--log-level",
                   "trace",
                   "--retries",
                   "1",
                   "--retry-delay",
                   "0.01",
                   "--max-redirs",
                   "3",
                   "-H",
                   "X-Api-Key: s3-apikey",
                   "-H",
                   "Cookie: s3-cookie"};

words with_common(words arguments) {
    arguments.insert(arguments.end(), common.begin(), common.end());
    return arguments;
}

// Both outputs, and the name and content of every file but those that were downloaded in whole.
std::string all_written(const bench& b, const process_result& run) {
    std::string text = run.out + run.err;
    for (const std::string& name : b.dir.names()) {
        text += "\n" + name + "\n";
        if (std::filesystem::is_regular_file(b.dir / name)) {
            text += b.read(name);
        }
    }
    return text;
}

void check_holds_none(const std::string& text, const words& secrets) {
    for (const std::string& secret : secrets) {
        CAPTURE(secret);
        const std::size_t at = text.find(secret);
        CHECK_MESSAGE(at == std::string::npos,
                      text.substr(at - std::min<std::size_t>(at, 200), 300));
    }
}

// What the home origin was sent, so that the secrets were in play.
std::string credentials_sent(const bench& b) {
    for (const request& one : b.server.requests()) {
        if (const auto value = one.value("Authorization")) {
            return *value;
        }
    }
    return {};
}

}  // namespace

TEST_SUITE("cli/secrets") {
    TEST_CASE("no credential and no header's value is in a report, an output, a log or a file") {
        const two_origins b;
        const auto run = b.run(with_common({"--json", "j", "--jsonl", "l", "--csv", "c",
                                            "--log-file", "log", "--progress", "plain", "-H",
                                            "Authorization: Bearer s3-bearer", "-i", "-"}),
                               b.list());
        CHECK(run.status == 1);
        CHECK(credentials_sent(b) == "Bearer s3-bearer");
        CHECK(b.exists("downloads/cut.part.state"));
        CHECK(b.read("log").find("GET http://127.0.0.1") != std::string::npos);
        CHECK(b.read("log").find("?sig=...") != std::string::npos);
        check_holds_none(all_written(b, run), hidden);
        check_holds_none(b.read("log"), signatures);
        check_holds_none(b.read("downloads/cut.part.state"), signatures);
        const json::value document = json::parse(b.read("j"));
        for (const json::value& result : document.at("results").as_array()) {
            if (result.at("error").is_string()) {
                check_holds_none(std::string(result.at("error").as_string()), signatures);
            }
        }
    }

    TEST_CASE("nor where the log is on stderr and the credentials are a URL's own") {
        const two_origins b;
        const auto run = b.run(with_common({"--json", "-", "-i", "-"}), b.list());
        CHECK(run.status == 1);
        const std::string basic = credentials_sent(b);
        CHECK(basic == "Basic dTpzMy11c2VyaW5mbw==");  // u:s3-userinfo
        words secrets = hidden;
        secrets.push_back(basic.substr(6));
        CHECK(run.err.find("debug: GET http://127.0.0.1") != std::string::npos);
        check_holds_none(all_written(b, run), secrets);
    }

    TEST_CASE("the terminal shows no signature, and reports show each URL as it was given") {
        for (const bool quiet : {false, true}) {
            const two_origins b;
            words arguments = with_common({"--jsonl", "l", "--progress", "plain", "-i", "-"});
            if (quiet) {
                arguments.emplace_back("-q");
            }
            const auto run = b.run(arguments, b.url("/status/404?id=7") + "\n" + b.list());
            CHECK(run.status == 1);
            check_holds_none(run.out + run.err, signatures);
            const std::string& lines = quiet ? run.err : run.out;
            CHECK(lines.find(b.url("/status/404?sig=...: HTTP status 404")) != std::string::npos);
            CHECK(lines.find(b.url("/status/404?id=7: HTTP status 404")) != std::string::npos);
            CHECK(b.read("l").find(b.url("/status/404?sig=s3-signature\"")) != std::string::npos);
            CHECK(b.read("l").find("?token=s3-moved\"") != std::string::npos);
        }
    }

    TEST_CASE("no file is named after a query") {
        const two_origins b;
        CHECK(b.run({b.url("/bytes/9?sig=s3-signature")}).status == 0);
        CHECK(b.exists("downloads/9"));
        const auto run =
            b.run({"-o", "-", "--log-level", "off", b.url("/bytes/9?sig=s3-signature")});
        CHECK(run.status == 0);
        check_holds_none(run.err, signatures);
    }

    TEST_CASE("nor where a second run goes on, verifies and gives up what does not agree") {
        two_origins b;
        const std::string big = with_userinfo(b.url("/cut"), "u:s3-userinfo") + "?sig=s3-signature";
        b.write("SUMS", std::string(64, '0') + "  cut\n");
        const words log{"--log-file", "log", "--json", "j"};
        const auto run = [&](words more) {
            more.insert(more.end(), log.begin(), log.end());
            more.push_back(big);
            const auto done = b.run(with_common(std::move(more)));
            CHECK(done.status == 1);
            check_holds_none(all_written(b, done), hidden);
            check_holds_none(b.read("log"), signatures);
        };
        run({});
        CHECK(b.exists("downloads/cut.part.state"));
        b.server.on("/cut", [](connection& peer, const request& asked) {
            response answer;
            answer.fields = {{"ETag", "\"v1\""}, {"Content-Length", std::to_string(1 << 20)}};
            answer.status = asked.value("Range") ? 206 : 200;
            answer.fields.emplace_back("Content-Range", "bytes 3145728-4194303/4194304");
            peer.send_raw(head_of(answer) + pattern(3 << 20, 1 << 20));
        });
        run({"--checksum-file", "SUMS"});
        CHECK(b.server.requests().back().value("Range") == "bytes=3145728-");
        CHECK(b.read("j").find("\"error_kind\": \"checksum\"") != std::string::npos);
        CHECK(b.read("log").find("bytes are there from an earlier run") != std::string::npos);
        CHECK_FALSE(b.exists("downloads/cut.part"));
    }

    TEST_CASE("nothing of them goes to another origin, by a redirect or as a mirror") {
        for (const bool own_header : {true, false}) {
            const two_origins b;
            words arguments = with_common({"-q", "-i", "-"});
            if (own_header) {
                arguments.insert(arguments.end(), {"-H", "Authorization: Bearer s3-bearer"});
            }
            b.run(arguments, b.list());
            const std::vector<request> requests = b.other.requests();
            CHECK(b.other.requests("/status/404") >= 1);
            CHECK(b.other.requests("/bytes/9") >= 1);
            CHECK(b.other.requests("/bytes/7") >= 1);
            CHECK(b.other.requests("/bytes/5") == 1);
            CHECK(b.other.requests("/bytes/4") == 1);
            for (const request& one : requests) {
                CAPTURE(one.target);
                check_holds_none(one.head, hidden);
                for (const char* name : {"Cookie", "X-Api-Key", "X-Entry", "Referer"}) {
                    CHECK(one.count(name) == 0);
                }
                // A mirror gets the userinfo of its own URL (m:s3-mirror), and nobody else's.
                const std::string own = one.path() == "/bytes/7" ? "Basic bTpzMy1taXJyb3I=" : "";
                CHECK(one.value("Authorization").value_or("") == own);
            }
        }
    }

    TEST_CASE("no Referer and no userinfo in a target is sent even to the same origin") {
        const two_origins b;
        b.run(with_common({"-q", "-i", "-"}), b.list());
        CHECK(b.server.requests("/loop") >= 2);
        for (const request& one : b.server.requests()) {
            CHECK(one.count("Referer") == 0);
            CHECK(one.target.front() == '/');
            CHECK(one.target.find('@') == std::string::npos);
            CHECK(one.value("Host") == "127.0.0.1:" + std::to_string(b.server.port()));
        }
    }

    TEST_CASE("no usage error shows a secret") {
        const bench b;
        b.write("SUMS", "u:s3-line@h\n");
        const std::string secret = with_userinfo(b.url("/bytes/1?sig=x"), "u:s3-userinfo");
        for (const words& arguments :
             {words{"--checksum", secret}, words{"--checksum-file", secret},
              words{"--checksum-file", "SUMS"}, words{"--retries", secret},
              words{"-H", "Authorization Bearer s3-refused"},
              words{"-H", "Authorization= Bearer s3-refused: x"}, words{"-H", "Range: s3-refused"},
              words{"-H", "X: s3-refused\x1b"}}) {
            words all = arguments;
            all.push_back(secret);
            const auto run = b.run(all);
            CHECK(run.status == 2);
            check_holds_none(run.out + run.err, hidden);
        }
        CHECK(b.server.requests().empty());
        const std::string signed_url = b.url("/bytes/1?X-Amz-Signature=s3-signature");
        for (const char* option : {"--checksum", "--checksum-file", "--retries", "--timeout", "-i",
                                   "--cacert", "--json", "--progress", "--log-level"}) {
            CAPTURE(option);
            const auto run = b.run({option, signed_url, signed_url});
            CHECK(run.status == 2);
            check_holds_none(run.out + run.err, signatures);
        }
    }
}
