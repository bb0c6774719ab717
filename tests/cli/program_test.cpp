#include <doctest/doctest.h>

#include <algorithm>
#include <asyncdl/version.hpp>
#include <atomic>
#include <filesystem>

#include "bench.hpp"
#include "support/event.hpp"
#include "support/pattern.hpp"
#include "support/skip.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;

namespace {

const std::string usage_hint = "asyncdl: no URL and no list is given; 'asyncdl --help' shows how\n";

}  // namespace

TEST_SUITE("cli/program") {
    TEST_CASE("a URL becomes a file in ./downloads, and the summary says so") {
        bench b;
        const auto r = b.run({b.url("/bytes/4096")});
        CHECK(r.status == 0);
        CHECK(steady(r.out) ==
              "✅ downloads/4096: 4.0 KiB, TIME, SPEED\n"
              "\n"
              "Downloads: 1, succeeded: 1, failed: 0, success rate: 100.0 %\n"
              "Received: 4.0 KiB in TIME, SPEED\n");
        CHECK(r.err.empty());
        CHECK(b.read("downloads/4096") == asyncdl::test::pattern(0, 4096));
        CHECK(b.dir.names() == words{"downloads", "downloads/4096"});
    }

    TEST_CASE("a failure is one line with its URL and reason, and exit status 1") {
        bench b;
        const auto r = b.run({b.url("/status/404"), b.url("/bytes/1"), "--retries", "0"});
        CHECK(r.status == 1);
        CHECK(r.out.find("❌ " + b.url("/status/404") + ": ") != std::string::npos);
        CHECK(r.out.find("404") != std::string::npos);
        CHECK(r.out.find("✅ downloads/1: 1 B, ") != std::string::npos);
        CHECK(r.out.find("Downloads: 2, succeeded: 1, failed: 1, success rate: 50.0 %") !=
              std::string::npos);
        CHECK(b.exists("downloads/1"));
        CHECK_FALSE(b.exists("downloads/404"));
    }

    TEST_CASE("NAME=URL names the file, folders in it are made") {
        bench b;
        const auto r = b.run({"a/b c=" + b.url("/bytes/10"), "-d", "d"});
        CHECK(r.status == 0);
        CHECK(b.read("d/a/b c").size() == 10);
    }

    TEST_CASE("an argument that is no URL is a failed result, never a crash") {
        bench b;
        const auto r = b.run({"nonsense", "ftp://user:secret@h/x", "", b.url("/bytes/1")});
        CHECK(r.status == 1);
        CHECK(r.out.find("❌ nonsense: not an http or https URL\n") != std::string::npos);
        CHECK(r.out.find("❌ ftp://h/x: not an http or https URL\n") != std::string::npos);
        CHECK(r.out.find("❌ : not an http or https URL\n") != std::string::npos);
        CHECK(r.out.find("Downloads: 4, succeeded: 1, failed: 3") != std::string::npos);
        CHECK(r.out.find("secret") == std::string::npos);
    }

    TEST_CASE("an argument after two dashes may begin with a dash") {
        bench b;
        const auto r = b.run({"-q", "--", "-k", "-n=" + b.url("/bytes/3")});
        CHECK(r.status == 1);
        CHECK(r.err == "asyncdl: -k: not an http or https URL\n");
        CHECK(b.read("downloads/-n").size() == 3);
    }

    TEST_CASE("names and errors cannot move a terminal's cursor") {
        bench b;
        const auto r = b.run({"bad\x1b[2J\x07"});
        CHECK(r.out.find('\x1b') == std::string::npos);
        CHECK(r.out.find('\x07') == std::string::npos);
    }

    TEST_CASE("without a URL and a list the program says how it is used") {
        const bench b;
        for (const words& arguments : {words{}, words{"-q"}, words{"--"}}) {
            const auto r = b.run(arguments);
            CHECK(r.status == 2);
            CHECK(r.out.empty());
            CHECK(r.err == usage_hint);
        }
    }

    TEST_CASE("a command line that cannot be used is exit 2, and nothing is downloaded") {
        bench b;
        b.write("file", "");
        const std::string u = b.url("/bytes/1");
        const auto check = [&](words arguments, const std::string& line) {
            CAPTURE(line);
            arguments.insert(arguments.begin(), u);
            const auto r = b.run(arguments);
            CHECK(r.status == 2);
            CHECK(r.out.empty());
            CHECK(r.err == "asyncdl: " + line + "\n");
        };
        check({"--nonsense"}, "unknown option --nonsense");
        check({"-j"}, "--max-concurrent needs an argument");
        check({"-j", "0"}, "--max-concurrent: '0' is not a whole number from 1 to 1000000");
        check({"--timeout", "inf"},
              "--timeout: 'inf' is not a number of seconds from 0.001 to 100000000");
        check({"-H", "nonsense"}, "--header: a header is 'NAME: VALUE', 'NAME:' or 'NAME;'");
        check({"-H", "Range: bytes=0-"}, "--header: 'Range' is set by the program alone");
        check({"--limit-rate", "1M"}, "--limit-rate is not supported yet");
        const std::string one =
            "--output needs exactly one URL and no list, unless it is a template ({name})";
        check({"-o", "a", "http://127.0.0.1:1/"}, one);
        check({"-o", "a", "-i", "file"}, one);
        check({"-d", "file"}, "--dir: file is not a directory");
        check({"-d", "file/x"}, "--dir: file/x is not a directory");
        std::filesystem::create_symlink("nowhere", b.dir / "dangling");
        std::filesystem::create_symlink("loop", b.dir / "loop");
        for (const std::string& d : words{"dangling", "dangling/", "dangling/x/y", "loop"}) {
            check({"-d", d}, "--dir: " + d + " is not a directory");
        }
        check({"-i", "missing"}, "--input-file: missing: No such file or directory");
        check({"-i", "."}, "--input-file: .: Is a directory");
        check({"--cacert", "missing"}, "--cacert: missing: No such file or directory");
        check({"--cacert", "file"}, "--cacert: file: holds no certificate in PEM form");
        check({"--json", "-", "--jsonl", "-"}, "only one report can go to standard output");
        check({"--json", "-", "--csv", "-"}, "only one report can go to standard output");
        check({"--json", "missing/x"}, "missing/x: No such file or directory");
        check({"--jsonl", "."}, ".: Is a directory");
        check({"--csv="}, ": No such file or directory");
        const std::string md5 = "md5=" + std::string(32, '0');
        check({"--checksum", md5, "http://127.0.0.1:1/"},
              "--checksum needs exactly one URL and no list");
        check({"--checksum", md5, "-i", "file"}, "--checksum needs exactly one URL and no list");
        check({"--checksum-file", "missing"},
              "--checksum-file: missing: No such file or directory");
        check({"--checksum-file", "."}, "--checksum-file: .: Is a directory");
        check({"--checksum-file", "file"}, "--checksum-file: file: holds no checksum");
        check({"--checksum-file", "-", "-i", "-"},
              "standard input is a list or a checksum file, not both");
        check({"--progress", "bar"}, "--progress: 'bar' is not supported yet");
        CHECK(b.run({u, "--log-file", "file/x"}).status == 2);
        CHECK(b.server.requests().empty());
        CHECK_FALSE(b.exists("downloads"));
        CHECK_FALSE(b.exists("nowhere"));
    }

    TEST_CASE("help and version are on stdout, exit 0") {
        const bench b;
        for (const char* flag : {"-V", "--version"}) {
            const auto r = b.run({flag});
            CHECK(r.status == 0);
            CHECK(r.out == "asyncdl " ASYNCDL_VERSION "\n");
            CHECK(r.err.empty());
        }
        for (const char* flag : {"-h", "--help"}) {
            const auto r = b.run({flag, "--nonsense"});
            CHECK(r.status == 0);
            CHECK(r.out.starts_with("Usage: asyncdl [OPTION]... [URL | NAME=URL]...\n"));
            CHECK(r.err.empty());
        }
    }

    TEST_CASE("-o names the one file; an absolute one goes where it says") {
        bench b;
        CHECK(b.run({"-o", "x/y", b.url("/bytes/5")}).status == 0);
        CHECK(b.read("downloads/x/y").size() == 5);
        CHECK(b.run({"-o", (b.dir / "elsewhere/z").string(), "n=" + b.url("/bytes/6")}).status ==
              0);
        CHECK(b.read("elsewhere/z").size() == 6);
    }

    TEST_CASE("a name that is empty or leaves the directory is no safe name") {
        bench b;
        for (const char* name : {"", "../x", "/", "/tmp/..", "a/../../x"}) {
            CAPTURE(name);
            const auto r = b.run({"-q", "--json", "r", "-o", name, b.url("/bytes/5")});
            CHECK(r.status == 1);
            CHECK(b.read("r").find("\"error_kind\": \"name\"") != std::string::npos);
        }
        CHECK(b.run({"=" + b.url("/bytes/5")}).status == 1);
    }

    TEST_CASE("a header is sent, another left out, and the URL beside it is not swallowed") {
        bench b;
        const auto r = b.run(
            {"-H", "X-One: a b", b.url("/bytes/1"), "-H", "X-Two;", "-H", "Accept:", "-A", "me/2"});
        CHECK(r.status == 0);
        const auto requests = b.server.requests();
        REQUIRE(requests.size() == 1);
        CHECK(requests[0].value("X-One") == "a b");
        CHECK(requests[0].value("X-Two") == "");
        CHECK_FALSE(requests[0].value("Accept").has_value());
        CHECK(requests[0].value("User-Agent") == "me/2");
    }

    TEST_CASE("the program names itself and its version") {
        bench b;
        CHECK(b.run({b.url("/bytes/1")}).status == 0);
        CHECK(b.server.requests()[0].value("User-Agent") == "asyncdl/" ASYNCDL_VERSION);
    }

    TEST_CASE("--on-exists says what becomes of a file that is there") {
        bench b;
        const std::string job = "f=" + b.url("/bytes/5");
        REQUIRE(b.run({job}).status == 0);
        b.write("downloads/f", "old");
        CHECK(b.run({job, "--on-exists", "skip"})
                  .out.starts_with("✅ downloads/f: 3 B, kept as it was\n"));
        CHECK(b.read("downloads/f") == "old");
        CHECK(b.run({job, "--on-exists", "fail"}).status == 1);
        CHECK(b.read("downloads/f") == "old");
        CHECK(b.run({job, "--on-exists", "rename"}).status == 0);
        CHECK(b.read("downloads/f") == "old");
        CHECK(b.read("downloads/f.1").size() == 5);
        CHECK(b.run({job}).status == 0);
        CHECK(b.read("downloads/f").size() == 5);
    }

    TEST_CASE("redirects are bounded as --max-redirs says") {
        bench b;
        CHECK(b.run({b.url("/redirect/3"), "--max-redirs", "2"}).status == 1);
        CHECK(b.run({b.url("/redirect/3"), "--max-redirs", "3"}).status == 0);
    }

    TEST_CASE("retries are spent as --retries says") {
        bench b;
        CHECK(b.run({b.url("/status/503"), "--retries", "2", "--retry-delay", "0.01"}).status == 1);
        CHECK(b.server.requests("/status/503") == 3);
    }

    TEST_CASE("-j bounds the downloads at once, over all threads") {
        bench b;
        std::atomic<int> now = 0;
        std::atomic<int> most = 0;
        b.server.on("/counted", [&](asyncdl::test::connection& peer, const auto&) {
            const int here = ++now;
            for (int seen = most; here > seen && !most.compare_exchange_weak(seen, here);) {
            }
            eventually([&] { return most >= 2; });
            peer.pause(std::chrono::milliseconds(50));
            --now;
            peer.send({.body = "x"});
        });
        words arguments{"-q", "-j", "2", "--threads", "3"};
        for (int i = 0; i < 8; ++i) {
            arguments.push_back(std::to_string(i) + "=" + b.url("/counted"));
        }
        CHECK(b.run(arguments).status == 0);
        CHECK(most == 2);
    }

    TEST_CASE("with threads for the disk, files come and go on as without") {
        for (const char* threads : {"1", "3"}) {
            bench b;
            const words disk{"--disk-threads", "2", "--threads", threads, "-q", "-j", "8"};
            words arguments = disk;
            for (int i = 0; i < 20; ++i) {
                arguments.push_back(std::to_string(i) + "=" + b.url("/bytes/300000"));
            }
            arguments.push_back("gone=" + b.url("/status/404"));
            CHECK(b.run(arguments).status == 1);
            for (int i = 0; i < 20; ++i) {
                CHECK(asyncdl::test::is_pattern(b.read("downloads/" + std::to_string(i))));
            }
            CHECK(b.dir.names().size() == 21);
        }
    }

    TEST_CASE("-x bounds the connections to a host") {
        bench b;
        words arguments{"-q", "-x", "2"};
        for (int i = 0; i < 6; ++i) {
            arguments.push_back(std::to_string(i) + "=" + b.url("/slow/5/100"));
        }
        CHECK(b.run(arguments).status == 0);
        CHECK(b.server.peak() == 2);
    }

    TEST_CASE("descriptors that are closed at the start do no harm") {
        bench b;
        const auto r = b.shell("\"$0\" -q \"$1/bytes/9\" <&- >&- 2>&-");
        CHECK(r.status == 0);
        CHECK(b.read("downloads/9").size() == 9);
        CHECK(b.shell("\"$0\" \"$1/bytes/9\" >&-").status == 1);
    }

    TEST_CASE("no report takes the place of a descriptor that is closed, without /dev neither") {
        const std::string closed = "\"$0\" --json j --csv c --log-level trace \"$1/bytes/9\" x ";
        const auto check = [](const bench& b) {
            CHECK(b.read("j").starts_with("{\"version\": 1"));
            CHECK(b.read("j").ends_with("]}\n"));
            CHECK(b.read("c").starts_with("index,url"));
            CHECK(b.read("c").ends_with("\r\n"));
            CHECK(b.read("downloads/9").size() == 9);
        };
        bench usual;
        // The summary cannot be written.
        CHECK(usual.shell(closed + "<&- >&- 2>&-").status == 1);
        check(usual);
        bench bare;
        if (bare.shell("exec unshare -rm mount -t tmpfs none /dev").status != 0) {
            MESSAGE("no file system may be mounted here: this test has shown less than it could");
            return;
        }
        const auto r =
            bare.shell("exec unshare -rm sh -c 'mount -t tmpfs none /dev || exit 9; exec " +
                       closed + "<&- >&- 2>&-' \"$0\" \"$1\"");
        CHECK(r.status == 1);
        check(bare);
    }

    TEST_CASE("a standard input that is closed is no list") {
        bench b;
        const auto r = b.shell("\"$0\" -i - \"$1/bytes/9\" <&-");
        CHECK(r.status == 2);
        CHECK(r.err == "asyncdl: --input-file: -: Bad file descriptor\n");
        CHECK(b.server.requests().empty());
    }

    TEST_CASE("a bound on the size of files is a full disk, not the end of the program") {
        bench b;
        const auto r = b.shell("ulimit -f 8; \"$0\" --json - \"$1/bytes/1000000\" \"$1/bytes/9\"");
        CHECK(r.status == 1);
        CHECK(r.out.find("\"error_kind\": \"disk_full\"") != std::string::npos);
        CHECK(b.read("downloads/9").size() == 9);
    }

    TEST_CASE("no usage error shows a password") {
        bench b;
        const std::string secret = "http://user:s3cr3t@h/";
        for (const char* flag : {"-i", "--json", "--log-file", "--cacert", "-j", "--on-exists",
                                 "--checksum", "--checksum-file"}) {
            CAPTURE(flag);
            const auto r = b.run({flag, secret, b.url("/bytes/1")});
            CHECK(r.status == 2);
            CHECK(r.err.find("s3cr3t") == std::string::npos);
        }
        b.write("u:s3cr3t@h", "");
        const auto r = b.run({"-d", "u:s3cr3t@h", b.url("/bytes/1")});
        CHECK(r.err == "asyncdl: --dir: ...@h is not a directory\n");
    }

    TEST_CASE("a progress line a second goes to stderr where it is asked for, and nowhere else") {
        bench b;
        event shown;
        b.server.on("/held", {.body = "x", .before_last = [&] { shown.wait(); }});
        auto program = b.start({b.url("/held"), "--progress", "plain"});
        CHECK(eventually([&] {
            return steady(program.err()).starts_with("asyncdl: 0 done, 0 failed, 1 active, ");
        }));
        shown.set();
        CHECK(program.wait(patience).out.find("active") == std::string::npos);
        const std::string slow = b.url("/slow/150/100");
        CHECK(b.run({slow}).err.empty());
        CHECK(b.run({slow, "--progress", "plain", "-q"}).err.empty());
    }

    TEST_CASE("on a terminal there is progress, unless it is not wanted") {
        bench b;
        if (!has(b.shell("script -qec true /dev/null").status == 0, "a pseudo-terminal")) {
            return;
        }
        event shown;
        b.server.on("/held", {.body = "x", .before_last = [&] { shown.wait(); }});
        auto program = b.start_shell("script -qec \"'$0' -d d $1/held\" /dev/null");
        CHECK(eventually([&] { return program.out().find("1 active") != std::string::npos; }));
        shown.set();
        CHECK(program.wait(patience).status == 0);
        const auto unwanted =
            b.shell("script -qec \"'$0' -d d $1/slow/150/100 --progress none\" /dev/null");
        CHECK(unwanted.status == 0);
        CHECK(unwanted.out.find("1 active") == std::string::npos);
    }
}
