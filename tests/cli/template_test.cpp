// Names by a template: `--output` with placeholders, `--force-directories` and its companions.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bench.hpp"
#include "support/pattern.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;

namespace {

// The files below the directory of the test.
words files(const bench& b) {
    words found;
    for (std::string& name : b.dir.names()) {
        if (!std::filesystem::is_directory(b.dir / name)) {
            found.push_back(std::move(name));
        }
    }
    return found;
}

// Five files of one name in five folders; each has its own size, from 1001 on.
words mirrored(bench& b) {
    words urls;
    for (const char* folder : {"/", "/a/", "/a/b/", "/c/", "/d%20e/"}) {
        const std::string path = std::string(folder) + "data.bin";
        b.server.on(path, response{.pattern_size = 1001 + urls.size()});
        urls.push_back(b.url(path));
    }
    return urls;
}

words with(words arguments, const words& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

}  // namespace

TEST_SUITE("cli/template") {
    TEST_CASE("a mirrored tree of five files of one name comes down as a tree") {
        const words tree{"downloads/127.0.0.1/a/b/data.bin", "downloads/127.0.0.1/a/data.bin",
                         "downloads/127.0.0.1/c/data.bin", "downloads/127.0.0.1/d e/data.bin",
                         "downloads/127.0.0.1/data.bin"};
        for (const words& how :
             {words{"--force-directories"}, words{"--force-directories", "--threads", "2"},
              words{"--force-directories", "--disk-threads", "2"},
              words{"-o", "{host}/{path}/{name}"}}) {
            bench b;
            const auto r = b.run(with(mirrored(b), how));
            CAPTURE(r.err);
            CHECK(r.status == 0);
            CHECK(files(b) == tree);
            CHECK(b.read(tree[4]) == pattern(0, 1001));
            CHECK(b.read(tree[0]) == pattern(0, 1003));
            CHECK(b.read(tree[3]) == pattern(0, 1005));
            CHECK(r.out.find("✅ " + tree[3] + ": ") != std::string::npos);
            // The same command again comes to the same tree.
            CHECK(b.run(with(mirrored(b), how)).status == 0);
            CHECK(files(b) == tree);
        }
    }

    TEST_CASE("the host's folder may be left out, and the first folders of the path") {
        const auto run = [](const words& how) {
            bench b;
            CHECK(b.run(with(mirrored(b), how)).status == 0);
            return files(b);
        };
        CHECK(run({"--force-directories", "--no-host-directories"}) ==
              words{"downloads/a/b/data.bin", "downloads/a/data.bin", "downloads/c/data.bin",
                    "downloads/d e/data.bin", "downloads/data.bin"});
        CHECK(run({"--force-directories", "--cut-dirs", "1", "-d", "."}) ==
              words{"127.0.0.1/b/data.bin", "127.0.0.1/data.1.bin", "127.0.0.1/data.2.bin",
                    "127.0.0.1/data.3.bin", "127.0.0.1/data.bin"});
        CHECK(run({"--cut-dirs=1", "-o", "x/{path}/{index}"}) ==
              words{"downloads/x/0", "downloads/x/1", "downloads/x/3", "downloads/x/4",
                    "downloads/x/b/2"});
        // As in wget, both do nothing else.
        CHECK(run({"--no-host-directories", "--cut-dirs", "1"}) ==
              words{"downloads/data.1.bin", "downloads/data.2.bin", "downloads/data.3.bin",
                    "downloads/data.4.bin", "downloads/data.bin"});
    }

    TEST_CASE("a template takes any number of URLs, those of lists too, and leaves given names") {
        bench b;
        const words urls = mirrored(b);
        b.write("list", urls[1] + "\nmine.bin=" + urls[2] + "\n" + urls[3] + "\n\tout=a/out.bin\n" +
                            "{\"url\": \"" + urls[4] + "\", \"file_name\": \"json.bin\"}\n");
        const auto r =
            b.run({"-o", "{index}-{stem}.{ext}", "-i", "list", urls[0], "argument.bin=" + urls[0]});
        CHECK(r.status == 0);
        CHECK(files(b) == words{"downloads/0-data.bin", "downloads/2-data.bin",
                                "downloads/a/out.bin", "downloads/argument.bin",
                                "downloads/json.bin", "downloads/mine.bin", "list"});
    }

    TEST_CASE("an absolute template replaces the directory") {
        bench b;
        const words urls = mirrored(b);
        const auto r = b.run({"-d", "unused", "-o", (b.dir / "other").string() + "/{path}/{name}",
                              urls[0], urls[2]});
        CHECK(r.status == 0);
        CHECK(files(b) == words{"other/a/b/data.bin", "other/data.bin"});
        CHECK_FALSE(b.exists("unused"));
    }

    TEST_CASE("a name without placeholders may hold doubled braces, and is for one URL") {
        bench b;
        CHECK(b.run({"-o", "{{a}}/b}", b.url("/bytes/3")}).status == 0);
        CHECK(b.read("downloads/{a}/b}").size() == 3);
        CHECK(b.run({"-o", "plain", "--force-directories", b.url("/bytes/4")}).status == 0);
        CHECK(b.read("downloads/plain").size() == 4);
    }

    TEST_CASE("a template that cannot be used is exit 2, and nothing is downloaded") {
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
        const std::string expected =
            " is not a placeholder: expected {index}, {host}, {path}, {name}, {stem} or {ext}; {{ "
            "stands for a brace";
        check({"-o", "a{}"}, "--output: '{}'" + expected);
        check({"-o", "{name}{size}"}, "--output: '{size}'" + expected);
        check({"-o", "{name"}, "--output: '{name'" + expected);
        check({"-o", "../{name}"}, "--output: the template leads out of the directory");
        check({"-o", "a/../../{name}"}, "--output: the template leads out of the directory");
        check({"-o", "{host}/"}, "--output: the template names a directory");
        check({"-o", b.dir.string() + "/file/{name}"},
              "--output: " + b.dir.string() + "/file is not a directory");
        check({"-o", "{name}", "--force-directories"},
              "--output with a template and --force-directories cannot be combined: "
              "'{host}/{path}/{name}' in the template makes the same tree");
        check({"--cut-dirs", "-1"}, "--cut-dirs: '-1' is not a whole number from 0 to 1000000");
        check({"--cut-dirs", "x"}, "--cut-dirs: 'x' is not a whole number from 0 to 1000000");
        check({"-o", "{{a}}", u},
              "--output needs exactly one URL and no list, unless it is a template ({name})");
        CHECK(b.server.requests().empty());
        CHECK(files(b) == words{"file"});
    }

    TEST_CASE("a folder that is a symlink fails its downloads alone") {
        bench b;
        const words urls = mirrored(b);
        std::filesystem::create_directories(b.dir / "downloads/127.0.0.1");
        std::filesystem::create_directory(b.dir / "elsewhere");
        std::filesystem::create_directory_symlink("../../elsewhere",
                                                  b.dir / "downloads/127.0.0.1/a");
        const auto r = b.run({"--force-directories", urls[0], urls[1], urls[2]});
        CHECK(r.status == 1);
        CHECK(b.exists("downloads/127.0.0.1/data.bin"));
        CHECK(std::filesystem::is_empty(b.dir / "elsewhere"));
        CHECK(r.out.find("❌ " + urls[1] + ": cannot use folder downloads/127.0.0.1/a: ") !=
              std::string::npos);
        CHECK(r.out.find("succeeded: 1, failed: 2") != std::string::npos);
    }
}
