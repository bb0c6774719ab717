#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <filesystem>

#include "bench.hpp"
#include "named_pipe.hpp"
#include "support/skip.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

TEST_SUITE("cli/list") {
    TEST_CASE("an option that comes late on a pipe is a line and exit status 1") {
        bench b;
        REQUIRE(::mkfifo((b.dir / "list").c_str(), 0600) == 0);
        // The file appears once the entry was given out without its option.
        const auto r = b.shell(
            "exec 3<>list; \"$0\" -q --json r -i list 3>&- & a=$!\n"
            "echo \"$1/bytes/9\" >&3; n=0\n"
            "until [ -e downloads/9 ] || [ $n = 200 ]; do n=$((n+1)); sleep 0.1; done\n"
            "printf ' out=x\\n checksum=md5=00\\n%s\\n' \"$1/bytes/8\" >&3; exec 3>&-\n"
            "wait $a; echo $?");
        CHECK(r.out == "1\n");
        CHECK(r.err ==
              "asyncdl: list:2: 'out' came more than a second after its entry, which was "
              "downloaded without it\n");
        CHECK(b.read("downloads/9").size() == 9);
        CHECK(b.read("downloads/8").size() == 8);
        const json::value document = json::parse(b.read("r"));
        CHECK(document.at("summary").at("total").as_int64() == 2);
        CHECK(document.at("summary").at("succeeded").as_int64() == 2);
    }

    TEST_CASE("arguments come first, then the lists in their order, and stdin is one") {
        bench b;
        b.write("one", "1=" + b.url("/bytes/1") + "\n");
        b.write("two", "2=" + b.url("/bytes/2"));
        const auto r =
            b.run({"-q", "--json", "r", "-i", "two", "0=" + b.url("/bytes/0"), "-i-", "-i", "one"},
                  "s=" + b.url("/bytes/3") + "\n");
        CHECK(r.status == 0);
        const std::string report = b.read("r");
        const auto place = [&](const char* name) {
            return report.find(std::string("\"file_name\": \"") + name + "\"");
        };
        CHECK(place("0") < place("2"));
        CHECK(place("2") < place("s"));
        CHECK(place("s") < place("1"));
        CHECK(place("1") != std::string::npos);
    }

    TEST_CASE("a list that is compressed or UTF-16 is one line, and nothing is downloaded") {
        bench b;
        const std::string utf16("\xff\xfeh\0t\0", 6);
        const std::pair<std::string, std::string> rows[] = {
            {"\x1f\x8b\x08", "compressed with gzip"},
            {"\xfd"
             "7zX",
             "compressed with xz"},
            {"\x28\xb5\x2f\xfd", "compressed with zstd"},
            {"PK\x03\x04", "a zip archive"},
            {utf16, "UTF-16"},
            {"\xfe\xff" + utf16, "UTF-16"}};
        for (const auto& [text, name] : rows) {
            CAPTURE(text);
            b.write("list", text + b.url("/bytes/1") + "\n");
            const auto file = b.run({"-i", "list", b.url("/bytes/1")});
            CHECK(file.status == 2);
            CHECK(file.err.starts_with("asyncdl: --input-file: list is " + name));
            CHECK(file.err.find('\n') + 1 == file.err.size());
            const auto from_pipe = b.shell("cat list | \"$0\" -q -i -");
            CHECK(from_pipe.status == 2);
            CHECK(from_pipe.err.starts_with("asyncdl: standard input is " + name));
        }
        CHECK(b.server.requests().empty());
    }

    TEST_CASE("all forms of an entry arrive under their names") {
        bench b;
        b.write("list", "\xEF\xBB\xBF# a comment\r\n\r\n" + b.url("/bytes/1") +
                            "\r\nn=" + b.url("/bytes/2") + "\r\n" + b.url("/bytes/3") +
                            "\r\n  out=o/p\r\n  dir=other\r\n  header=X-A: b\r\n{\"url\": \"" +
                            b.url("/bytes/4") +
                            "\", \"file_name\": \"j\", \"headers\": [\"X-B: c\"]}");
        const auto r = b.run({"-q", "-i", "list"});
        CHECK(r.err.empty());
        CHECK(r.status == 0);
        CHECK(b.dir.names() == words{"downloads", "downloads/1", "downloads/j", "downloads/n",
                                     "list", "other", "other/o", "other/o/p"});
        for (const auto& request : b.server.requests()) {
            CHECK(request.count("X-A") == (request.target == "/bytes/3" ? 1 : 0));
            CHECK(request.count("X-B") == (request.target == "/bytes/4" ? 1 : 0));
        }
    }

    TEST_CASE("a JSON array is a list, in one line or in many, and its bad entries fail alone") {
        bench b;
        const auto object = [&](int size, const std::string& more = "") {
            return "{\"url\": \"" + b.url("/bytes/" + std::to_string(size)) + "\"" + more + "}";
        };
        for (const std::string between : {", ", ",\n  "}) {
            b.write("list", "\xEF\xBB\xBF[" + object(1) + between + object(2, ", \"x\": [NaN]") +
                                between + "{\"url\": 3}" + between +
                                object(4, ", \"out\": \"o/p\"") + "]\n" + b.url("/bytes/5") + "\n");
            const auto r = b.run({"-d", "d", "-i", "list", "--json", "r"});
            CHECK(r.status == 1);
            const std::string place = between == ", " ? "list:1:" : "list:3:3: ";
            CHECK(r.err.find("warning: list:") != std::string::npos);
            const json::value document = json::parse(b.read("r"));
            const json::array& results = document.at("results").as_array();
            REQUIRE(results.size() == 5);
            CHECK(document.at("summary").at("succeeded").as_int64() == 4);
            CHECK(results[2].at("error_kind") == "invalid_url");
            CHECK(results[2].at("error").as_string().starts_with(place));
            CHECK(results[2].at("error").as_string().ends_with("the object has no string 'url'"));
            CHECK(results[3].at("file_path") == "d/o/p");
            CHECK(b.read("d/5").size() == 5);
            std::filesystem::remove_all(b.dir / "d");
        }
    }

    TEST_CASE("a JSON array that ends early is one failed result, what came before is downloaded") {
        bench b;
        b.write("list",
                "[\n{\"url\": \"" + b.url("/bytes/1") + "\"},\n{\"url\": \"" + b.url("/bytes/2"));
        const auto r = b.run({"-q", "-i", "list"});
        CHECK(r.status == 1);
        CHECK(r.err == "asyncdl: list:3:1: the list ends within its JSON array\n");
        CHECK(b.dir.names() == words{"downloads", "downloads/1", "list"});
        b.write("empty", "[]\n");
        CHECK(b.run({"-q", "-i", "empty"}).status == 0);
    }

    TEST_CASE("an entry of a JSON array on a pipe is downloaded before the next one comes") {
        bench b;
        named_pipe list((b.dir / "pipe").string());
        auto program = b.start({"-q", "-i", "pipe"});
        list.write("[{\"url\": \"" + b.url("/bytes/1") + "\"}");
        CHECK(eventually([&] { return b.exists("downloads/1"); }));
        list.write(", {\"url\": \"" + b.url("/bytes/2") + "\"}");
        CHECK(eventually([&] { return b.exists("downloads/2"); }));
        list.write("]\n");
        list.close();
        CHECK(program.wait(patience).status == 0);
    }

    TEST_CASE("a bad line fails alone") {
        bench b;
        b.write("list", b.url("/bytes/1") + "\nnonsense\n" + std::string(70'000, 'x') +
                            "\n{\"url\": 1}\n" + b.url("/bytes/2") + "\n header=Range: x\n" +
                            b.url("/bytes/3") + "\n");
        const auto r = b.run({"-q", "-j1", "-i", "list"});
        CHECK(r.status == 1);
        CHECK(r.err ==
              "asyncdl: nonsense: list:2: not an http or https URL\n"
              "asyncdl: list:3: the line is longer than 64 KiB\n"
              "asyncdl: list:4: the object has no string 'url'\n"
              "asyncdl: " +
                  b.url("/bytes/2") + ": list:6: 'Range' is set by the program alone\n");
        CHECK(b.dir.names() == words{"downloads", "downloads/1", "downloads/3", "list"});
    }

    TEST_CASE("a malformed checksum is one failed result") {
        bench b;
        b.write("list", b.url("/bytes/1") + "\n checksum=md5=00\n{\"url\": \"" + b.url("/bytes/2") +
                            "\", \"checksum\": \"crc32=00000000\"}\n" + b.url("/bytes/3") + "\n");
        const auto r = b.run({"-q", "-i", "list"});
        CHECK(r.status == 1);
        CHECK(r.err.starts_with("asyncdl: " + b.url("/bytes/1") + ": list:2: "));
        CHECK(r.err.find("\nasyncdl: " + b.url("/bytes/2") + ": list:3: ") != std::string::npos);
        CHECK(b.dir.names() == words{"downloads", "downloads/3", "list"});
    }

    TEST_CASE("an unknown key warns once on stderr, and not at all with -q") {
        bench b;
        b.write("list", b.url("/bytes/1") + "\n split=4\n" + b.url("/bytes/2") + "\n split=4\n");
        const auto r = b.run({"-i", "list"});
        CHECK(r.status == 0);
        CHECK(r.err == "asyncdl: warning: list:2: 'split' is not known and has no effect\n");
        CHECK(b.run({"-q", "-i", "list"}).err.empty());
    }

    TEST_CASE("an empty list is an empty success") {
        bench b;
        b.write("empty", "# nothing\n\n");
        const auto r = b.run({"-i", "empty", "-i", "/dev/null"});
        CHECK(r.status == 0);
        CHECK(r.out.find("Downloads: 0, succeeded: 0, failed: 0, success rate: 100.0 %") !=
              std::string::npos);
        CHECK(b.run({"-i", "-"}).status == 0);
    }

    TEST_CASE("one list that is unreadable stops everything before it starts") {
        bench b;
        b.write("list", b.url("/bytes/1"));
        const auto r = b.run({"-i", "list", "-i", "missing", "--json", "r", b.url("/bytes/2")});
        CHECK(r.status == 2);
        CHECK(r.err == "asyncdl: --input-file: missing: No such file or directory\n");
        CHECK(b.server.requests().empty());
        CHECK_FALSE(b.exists("r"));
    }

    TEST_CASE("a list that cannot be read to its end is exit 1, what was read is downloaded") {
        if (!has(std::filesystem::exists("/proc/self/mem"), "/proc")) {
            return;
        }
        bench b;
        b.write("list", b.url("/bytes/1"));
        // Reading the memory of a process at address 0 is an error.
        const auto r = b.run({"-q", "-i", "list", "-i", "/proc/self/mem"});
        CHECK(r.status == 1);
        CHECK(r.err == "asyncdl: /proc/self/mem: Input/output error\n");
        CHECK(b.exists("downloads/1"));
    }

    TEST_CASE("a pipe that stays open holds up no download, options written a little later count") {
        bench b;
        named_pipe list((b.dir / "pipe").string());
        auto program = b.start({"-q", "-i", "pipe"});
        list.write("a=" + b.url("/bytes/1") + "\n");
        REQUIRE(list.is_read());
        list.write(" out=b\n");
        CHECK(eventually([&] { return b.exists("downloads/b"); }));
        list.write("c=" + b.url("/bytes/2"));
        list.close();
        CHECK(program.wait(patience).status == 0);
        CHECK(b.dir.names() == words{"downloads", "downloads/b", "downloads/c", "pipe"});
    }

    TEST_CASE("a pipe on stdin keeps its mode for whoever shares it") {
        if (!has(std::filesystem::exists("/proc/self/fdinfo"), "/proc")) {
            return;
        }
        bench b;
        // 04000 is O_NONBLOCK. The pause makes it wait for the pipe; whether it has to is the same
        // to the test.
        const auto r = b.shell(
            "{ sleep 0.3; echo \"$1/bytes/1\"; } | { \"$0\" -q -i -; grep flags "
            "/proc/self/fdinfo/0; }");
        CHECK(r.status == 0);
        CHECK(r.out.find("flags:") != std::string::npos);
        CHECK(r.out.find("04000") == std::string::npos);
    }

    TEST_CASE("a named pipe is a list") {
        bench b;
        const auto r = b.shell(
            "mkfifo p && { printf '%s\\n%s' \"$1/bytes/1\" \"$1/bytes/2\" > p & \"$0\" -q -i p; "
            "}");
        CHECK(r.status == 0);
        CHECK(b.exists("downloads/1"));
        CHECK(b.exists("downloads/2"));
    }

// Sanitizers keep what is freed.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    TEST_CASE("memory does not grow with the list") {
        if (!has(std::filesystem::exists("/proc/self/status"), "/proc")) {
            return;
        }
        bench b;
        const auto peak = [&](int entries, const std::string& begin, const std::string& entry) {
            std::string list = begin;
            for (int i = 0; i < entries; ++i) {
                list += entry;
            }
            b.write("list", list);
            return b.run({"-i", "list", "--jsonl", "l", "--csv", "c"}).peak_kib;
        };
        // With what each result of 600 bytes would take, it would grow by 18 MiB.
        CHECK(peak(30'000, "", "nonsense\n") < peak(1'000, "", "nonsense\n") + 4096);
        const std::string in_array = "{\"url\": \"nonsense\"}, ";
        CHECK(peak(30'000, "[", in_array) < peak(1'000, "[", in_array) + 4096);
    }
#endif
}
