// Headers that are read from a file, so that secrets stay out of the list of processes.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bench.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;

namespace {

// The fields that the program does not send by itself.
std::vector<field> own_fields(const bench& b) {
    std::vector<field> found;
    const request first = b.server.requests().at(0);
    for (const field& one : first.fields) {
        if (one.first.starts_with("X-") || one.first == "Authorization") {
            found.push_back(one);
        }
    }
    return found;
}

}  // namespace

TEST_SUITE("cli/header_file") {
    TEST_CASE("the lines of a file are sent behind those of the command line") {
        const bench b;
        b.write("one",
                "\xEF\xBB\xBF"
                "Authorization: Bearer s3cr3t\r\n\n \t\nX-B: 2\nUser-Agent:\n");
        b.write("two", "X-C;\nX-B: 3");
        const auto r = b.run({"-q", "-H", "@one", "-H", "X-A: 1", "-H@two", b.url("/bytes/1")});
        CHECK(r.status == 0);
        CHECK(r.err.empty());
        CHECK(own_fields(b) == std::vector<field>{{"X-A", "1"},
                                                  {"Authorization", "Bearer s3cr3t"},
                                                  {"X-B", "2"},
                                                  {"X-C", ""},
                                                  {"X-B", "3"}});
        CHECK(b.server.requests().at(0).count("User-Agent") == 0);
    }

    TEST_CASE("an empty file, standard input, a pipe and a descriptor are files too") {
        const bench b;
        b.write("empty", "");
        CHECK(b.run({"-q", "-H", "@empty", b.url("/bytes/1")}).status == 0);
        CHECK(own_fields(b).empty());
        for (const std::string line :
             {"printf 'X-A: 1\\n' | \"$0\" -q -H @- $1/bytes/2",
              "printf 'X-A: 1\\n' | \"$0\" -q --header=@/dev/stdin $1/bytes/2",
              "printf 'X-A: 1' > h; \"$0\" -q -H @/dev/fd/5 $1/bytes/2 5< h",
              "mkfifo f; printf 'X-A: 1' > f & \"$0\" -q -H @f $1/bytes/2"}) {
            CAPTURE(line);
            const bench each;
            CHECK(each.shell(line).status == 0);
            CHECK(own_fields(each) == std::vector<field>{{"X-A", "1"}});
        }
    }

    TEST_CASE("a file that cannot be used is told with its line, without its text, exit 2") {
        const bench b;
        b.write("name", "X-A: 1\n\ns3cr3t name: x\n");
        b.write("colon", "s3cr3t\n");
        b.write("comment", "# s3cr3t\n");
        b.write("folded", "X-A: 1\n s3cr3t: 2\n");
        b.write("range", "X-A: 1\r\nRange: s3cr3t\r\n");
        b.write("control", "X-A: s3cr3t\x1b\n");
        b.write("nested", "@name\n");
        b.write("long", "X-A: s3cr3t\n" + std::string(1 << 20, '\n'));
        const std::string form = "a header is 'NAME: VALUE', 'NAME:' or 'NAME;'";
        const std::vector<std::pair<std::string, std::string>> cases{
            {"@", "the name is empty"},
            {"@missing", "missing: No such file or directory"},
            {"@.", ".: Is a directory"},
            {"@name", "name:3: invalid header name"},
            {"@colon", "colon:1: " + form},
            {"@comment", "comment:1: " + form},
            {"@folded", "folded:2: invalid header name"},
            {"@range", "range:2: 'Range' is set by the program alone"},
            {"@control", "control:1: the value of 'X-A' holds a control character"},
            {"@nested", "nested:1: " + form},
            {"@long", "long is longer than 1 MiB"},
            {"@/dev/zero", "/dev/zero is longer than 1 MiB"},
        };
        for (const auto& [file, line] : cases) {
            CAPTURE(file);
            const auto r = b.run({"-H", file, b.url("/bytes/1")});
            CHECK(r.status == 2);
            CHECK(r.out.empty());
            CHECK(r.err == "asyncdl: --header: " + line + "\n");
        }
        CHECK(b.server.requests().empty());
        CHECK_FALSE(b.exists("downloads"));
    }

    TEST_CASE("standard input has one use") {
        const bench b;
        b.write("h", "X-A: 1\n");
        const std::string u = b.url("/bytes/1");
        for (const words& arguments :
             {words{"-H", "@-", "-i", "-"}, words{"-i", "-", "-H", "@-"},
              words{"-H", "@-", "--checksum-file", "-"}, words{"-H", "@-", "-H", "@-"}}) {
            words all = arguments;
            all.push_back(u);
            const auto r = b.run(all, "X-A: 1\n");
            CHECK(r.status == 2);
            CHECK(r.err == "asyncdl: --header: standard input has another use already\n");
        }
        CHECK(b.run({"-q", "-H", "@h", "-H", "@h", "-i", "-"}, u + "\n").status == 0);
    }

    TEST_CASE("no list reads a file by a header") {
        const bench b;
        b.write("h", "X-A: s3cr3t\n");
        const auto r = b.run({"-i", "-"}, b.url("/bytes/1") + "\n header=@h\n{\"url\": \"" +
                                              b.url("/bytes/2") + "\", \"headers\": [\"@h\"]}\n");
        CHECK(r.status == 1);
        CHECK(r.out.find("Downloads: 2, succeeded: 0, failed: 2") != std::string::npos);
        CHECK(b.server.requests().empty());
    }

    TEST_CASE("no download and no report takes the place of a header file") {
        const bench b;
        b.write("9", "X-A: 1\n");
        const auto r =
            b.run({"-q", "-d", ".", "-H", "@9", b.url("/bytes/9"), "9=" + b.url("/bytes/8")});
        CHECK(r.status == 1);
        CHECK(b.read("9") == "X-A: 1\n");
        CHECK(b.exists("9.1"));
        CHECK(r.err.find("9") != std::string::npos);
        for (const char* report : {"--json", "--jsonl", "--csv", "--log-file"}) {
            const auto refused = b.run({"-H", "@9", report, "9", b.url("/bytes/1")});
            CHECK(refused.status == 2);
            CHECK(refused.err == "asyncdl: 9 is read or written by this run already\n");
        }
        CHECK(b.read("9") == "X-A: 1\n");
    }
}
