// `--output` with a descriptor: standard output, and whatever the shell has opened.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>

#include "bench.hpp"
#include "support/misbehaviour.hpp"
#include "support/pattern.hpp"
#include "support/remote_file.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// A failure of the command line, before anything is asked.
void check_unusable(const bench& b, const process_result& r, std::string_view part) {
    CAPTURE(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(has(r.err, part));
    CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
    CHECK(b.server.requests("/bytes/1000") == 0);
}

}  // namespace

TEST_SUITE("cli/output") {
    TEST_CASE("standard output gets the body alone, however it is spelled") {
        bench b;
        std::filesystem::create_symlink("/proc/self/fd/1", b.dir / "link");
        std::filesystem::create_symlink("link", b.dir / "link_to_link");
        for (const std::string name :
             {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1",
              "/dev/../dev/fd//1", "link", "link_to_link"}) {
            CAPTURE(name);
            const auto r = b.run({"-d", ".", "-o", name, b.url("/bytes/1000")});
            CHECK(r.status == 0);
            CHECK(r.out == pattern(0, 1000));
            CHECK(steady(r.err) ==
                  "✅ standard output: 1000 B, TIME, SPEED\n\n"
                  "Downloads: 1, succeeded: 1, failed: 0, success rate: 100.0 %\n"
                  "Received: 1000 B in TIME, SPEED\n");
        }
        CHECK(b.dir.names() == words{"link", "link_to_link"});
        CHECK(std::filesystem::is_symlink(b.dir / "link"));
    }

    TEST_CASE("the result of a body that went into a stream has no file") {
        bench b;
        const auto r = b.run({"-o", "-", "--json", "r", "-q", b.url("/bytes/1000")});
        CHECK(r.status == 0);
        CHECK(r.out == pattern(0, 1000));
        CHECK(r.err.empty());
        const json::value result = json::parse(b.read("r")).at("results").at(0);
        CHECK(result.at("file_name").is_null());
        CHECK(result.at("file_path").is_null());
        CHECK(result.at("file_size").as_int64() == 1000);
        CHECK(b.dir.names() == words{"r"});
    }

    TEST_CASE("a dash that is not --output is a name") {
        bench b;
        b.write("list", b.url("/bytes/10") + "\n out=-\n{\"url\": \"" + b.url("/bytes/11") +
                            "\", \"file_name\": \"x/-\"}\n");
        const auto r = b.run({"-q", "-i", "list", "y/-=" + b.url("/bytes/12")});
        CHECK(r.status == 0);
        CHECK(r.out.empty());
        CHECK(b.read("downloads/-") == pattern(0, 10));
        CHECK(b.read("downloads/x/-") == pattern(0, 11));
        CHECK(b.read("downloads/y/-") == pattern(0, 12));
        CHECK(b.run({"-q", "-o", "./-", b.url("/bytes/13")}).out.empty());
        CHECK(b.read("downloads/-") == pattern(0, 13));
    }

    TEST_CASE("a file that the shell has opened is written from where it stands") {
        bench b;
        const auto r = b.shell(
            "{ printf before; \"$0\" -o - $1/bytes/1000; printf after; } > out 2> err\n"
            "exec 7>> appended; printf before >&7\n"
            "\"$0\" -o /dev/fd/7 $1/bytes/1000; printf after >&7");
        CHECK(r.status == 0);
        const std::string all = "before" + pattern(0, 1000) + "after";
        CHECK(b.read("out") == all);
        CHECK(b.read("appended") == all);
        CHECK(has(r.out, "✅ /dev/fd/7: 1000 B"));
    }

    TEST_CASE("a pipe gets every byte, with and without /proc") {
        bench b;
        const std::string size = std::to_string(3'000'000);
        const std::string get = "\"$0\" -o - $1/bytes/" + size + " 2> err | cat > out; cat err";
        const auto r = b.shell(get);
        CHECK(has(r.out, "✅ standard output"));
        CHECK(b.read("out") == pattern(0, 3'000'000));
        std::filesystem::remove(b.dir / "out");
        if (::geteuid() != 0 || b.shell("unshare -m true").status != 0) {
            MESSAGE("skipped: no mount namespace of one's own without root");
            return;
        }
        b.write("line", get);
        const auto bare =
            b.shell("unshare -m sh -c 'mount -t tmpfs none /proc && . ./line' \"$0\" \"$1\"");
        CAPTURE(bare.err);
        CHECK(has(bare.out, "✅ standard output"));
        CHECK(b.read("out") == pattern(0, 3'000'000));
    }

    TEST_CASE("standard error gets the body, and standard output the summary") {
        bench b;
        const auto r = b.run({"-o", "/dev/stderr", b.url("/bytes/1000")});
        CHECK(r.status == 0);
        CHECK(r.err == pattern(0, 1000));
        CHECK(has(r.out, "✅ standard error: 1000 B"));
    }

    TEST_CASE("a download that fails before its body leaves standard output empty") {
        bench b;
        for (const std::string& url : {b.url("/status/404"), std::string("nonsense")}) {
            const auto r = b.run({"-o", "-", url});
            CHECK(r.status == 1);
            CHECK(r.out.empty());
            CHECK(has(r.err, "❌ " + url));
        }
    }

    TEST_CASE("no line of the summary gets into the body through another descriptor") {
        bench b;
        const auto r = b.shell("\"$0\" -o /dev/fd/3 $1/bytes/1000 3>&1 2> err");
        CHECK(r.out == pattern(0, 1000));
        CHECK(has(b.read("err"), "✅ /dev/fd/3: 1000 B"));
    }

    TEST_CASE("a report cannot go where the body goes") {
        bench b;
        const std::string url = b.url("/bytes/1000");
        for (const char* option : {"--json", "--jsonl", "--csv"}) {
            check_unusable(b, b.run({"-o", "-", option, "-", url}),
                           "--output and a report cannot both go to standard output");
            check_unusable(b, b.run({"-o", "-", option, "/dev/stdout", url}),
                           "/dev/stdout is where --output goes");
            check_unusable(b, b.run({"-o", "/dev/stdout", option, "/proc/self/fd/1", url}),
                           "is where --output goes");
        }
        check_unusable(b, b.run({"-o", "-", "--log-file", "/dev/stdout", url}),
                       "is where --output goes");
        check_unusable(b, b.shell("mkfifo p; \"$0\" -d. -o p --csv p $1/bytes/1000 3<> p"),
                       "p is where --output goes");
        check_unusable(b, b.shell("\"$0\" -o /dev/fd/3 --csv r $1/bytes/1000 3> r"),
                       "r is where --output goes");
    }

    TEST_CASE("a descriptor that cannot be written is refused before anything is asked") {
        bench b;
        check_unusable(b, b.shell("\"$0\" -o - $1/bytes/1000 >&-"), "standard output is closed");
        check_unusable(b, b.shell("\"$0\" -o /dev/fd/9 $1/bytes/1000 9>&-"), "/dev/fd/9 is closed");
        check_unusable(b, b.shell("\"$0\" -o /dev/fd/9 $1/bytes/1000 9< ."),
                       "/dev/fd/9 is not open for writing");
        check_unusable(b, b.shell("\"$0\" -o /dev/fd/0 $1/bytes/1000 < /dev/null"),
                       "standard input is not open for writing");
        CHECK(b.dir.names().empty());
    }

    TEST_CASE("--on-exists has no meaning beside a stream") {
        bench b;
        REQUIRE(::mkfifo((b.dir / "p").c_str(), 0600) == 0);
        std::filesystem::create_symlink("p", b.dir / "link");
        for (const std::string mode :
             {"update", "timestamp", "overwrite", "skip", "rename", "fail"}) {
            for (const std::string name :
                 {"-", "/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/1", "p", "link"}) {
                CAPTURE(mode);
                check_unusable(
                    b, b.run({"-d", ".", "-o", name, "--on-exists", mode, b.url("/bytes/1000")}),
                    "--on-exists has no meaning with --output " + name + ": the body is written ");
            }
        }
        CHECK(b.dir.names() == words{"link", "p"});
    }

    TEST_CASE("standard output gets the body each time, whatever an earlier run has left") {
        bench b;
        const remote_file file(100'000);
        b.server.on("/file", file);
        const std::string url = b.url("/file");
        REQUIRE(b.run({url}).status == 0);
        for (int run = 1; run <= 2; ++run) {
            for (const char* name : {"-", "/dev/stdout"}) {
                const auto r = b.run({"-o", name, url});
                CHECK(r.status == 0);
                CHECK(r.out == file.bytes());
                CHECK(has(steady(r.err), "✅ standard output: 97.7 KiB, TIME, SPEED\n"));
            }
        }
        for (const char* field : {"If-None-Match", "If-Modified-Since", "Range"}) {
            CHECK(asked_with(b.server, "/file", field) == words(5, "-"));
        }
        CHECK(b.dir.names() == words{"downloads", "downloads/file"});
    }

    TEST_CASE("what begins is continued with a range, or is a failure that says so") {
        bench b;
        remote_file file(300'000);
        b.server.on("/good", in_turn({file.cut(123), file}));
        const words common{"-q", "-o", "-", "--retry-delay", "0", "--json", "r"};
        words arguments = common;
        arguments.push_back(b.url("/good"));
        auto r = b.run(arguments);
        CHECK(r.status == 0);
        CHECK(r.out == file.bytes());

        file.etag.clear();
        file.last_modified.clear();
        b.server.on("/bad", file.cut(123));
        arguments.back() = b.url("/bad");
        r = b.run(arguments);
        CHECK(r.status == 1);
        CHECK(r.out == file.bytes(0, 123));
        CHECK(has(r.err, "; cannot start over: 123 bytes are already written\n"));
        const json::value result = json::parse(b.read("r")).at("results").at(0);
        CHECK(result.at("error_kind").as_string() == "truncated");
        CHECK(result.at("attempts").as_int64() == 1);
    }

    TEST_CASE("a body with another digest is a failure") {
        bench b;
        const std::string sum = "sha-256=" + std::string(64, '0');
        const auto r = b.run({"-q", "-o", "-", "--checksum", sum, "--fsync", b.url("/bytes/9")});
        CHECK(r.status == 1);
        CHECK(r.out == pattern(0, 9));
        CHECK(has(r.err, "the checksum is sha-256="));
    }

    TEST_CASE("a reader that has enough ends the download with one line") {
        bench b;
        const auto r = b.shell(
            "{ \"$0\" -q --retry-delay 0 -o - $1/bytes/9000000 2> err; echo $? > status; } |\n"
            "head -c 10 > out; cat err status");
        CHECK(r.out == "asyncdl: " + b.url("/bytes/9000000") +
                           ": cannot write to standard output: Broken pipe\n1\n");
        CHECK(b.read("out") == pattern(0, 10));
        CHECK(b.server.requests("/bytes/9000000") == 1);
    }
}
