#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "bench.hpp"
#include "support/event.hpp"
#include "support/skip.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

TEST_SUITE("cli/report") {
    TEST_CASE("the document holds the summary and the results in input order") {
        bench b;
        const auto r = b.run({"--json", "-", b.url("/slow/20/100"), b.url("/status/404"), "x",
                              "n=" + b.url("/bytes/10")});
        CHECK(r.status == 1);
        const json::object document = json::parse(r.out).as_object();
        CHECK(document.at("version").as_int64() == 1);
        const json::object& summary = document.at("summary").as_object();
        CHECK(summary.size() == 8);
        CHECK(summary.at("total").as_int64() == 4);
        CHECK(summary.at("succeeded").as_int64() == 2);
        CHECK(summary.at("failed").as_int64() == 2);
        CHECK(summary.at("skipped").as_int64() == 0);
        CHECK(summary.at("cancelled").as_int64() == 0);
        CHECK(summary.at("bytes").as_int64() >= 110);
        CHECK(summary.at("elapsed").as_double() > 0);
        CHECK(summary.at("speed").as_double() > 0);
        const json::array& results = document.at("results").as_array();
        REQUIRE(results.size() == 4);
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(results[i].as_object().size() == 18);
            CHECK(results[i].at("index").as_int64() == static_cast<std::int64_t>(i));
        }
        CHECK(results[0].at("file_size").as_int64() == 100);
        CHECK(results[1].at("error_kind").as_string() == "http_status");
        CHECK(results[1].at("status").as_int64() == 404);
        CHECK(results[1].at("file_size").as_int64() == 0);
        CHECK(results[2].at("error_kind").as_string() == "invalid_url");
        CHECK(results[2].at("status").is_null());
        CHECK(results[2].at("http_version").is_null());
        CHECK(results[2].at("attempts").as_int64() == 0);
        const json::object& last = results[3].as_object();
        CHECK(last.at("url").as_string() == b.url("/bytes/10"));
        CHECK(last.at("final_url").as_string() == b.url("/bytes/10"));
        CHECK(last.at("file_name").as_string() == "n");
        CHECK(last.at("file_path").as_string() == "downloads/n");
        CHECK(last.at("success").as_bool());
        CHECK_FALSE(last.at("skipped").as_bool());
        CHECK(last.at("file_size").as_int64() == 10);
        CHECK(last.at("bytes_received").as_int64() == 10);
        CHECK(last.at("download_time").is_double());
        CHECK(last.at("speed").is_double());
        CHECK(last.at("error").is_null());
        CHECK(last.at("error_kind").is_null());
        CHECK(last.at("status").as_int64() == 200);
        CHECK(last.at("http_version").as_string() == "1.1");
        CHECK(last.at("attempts").as_int64() == 1);
        CHECK(last.at("resumed_from").as_int64() == 0);
        CHECK(last.at("checksum").is_null());
    }

    TEST_CASE("a report on stdout leaves no summary, failures go to stderr") {
        bench b;
        for (const char* report : {"--json", "--jsonl", "--csv"}) {
            const auto r = b.run({report, "-", "x", b.url("/bytes/1")});
            CHECK(r.status == 1);
            CHECK(r.out.find("Downloads:") == std::string::npos);
            CHECK(r.err == "asyncdl: x: not an http or https URL\n");
        }
    }

    TEST_CASE("with -q there is nothing but failures") {
        bench b;
        const auto r = b.run({"-q", "x", b.url("/bytes/1")});
        CHECK(r.status == 1);
        CHECK(r.out.empty());
        CHECK(r.err == "asyncdl: x: not an http or https URL\n");
        const auto silent = b.run({"-q", b.url("/bytes/1")});
        CHECK(silent.status == 0);
        CHECK(silent.out.empty());
        CHECK(silent.err.empty());
    }

    TEST_CASE("each line is one element of the results") {
        bench b;
        const auto r = b.run({"--jsonl", "l", "--json", "j", b.url("/bytes/1"), "x"});
        CHECK(r.out.find("Downloads: 2") != std::string::npos);
        const json::value document = json::parse(b.read("j"));
        const json::array& results = document.at("results").as_array();
        std::istringstream lines(b.read("l"));
        std::string line;
        std::size_t count = 0;
        while (std::getline(lines, line)) {
            ++count;
            const json::value element = json::parse(line);
            CHECK(element == results.at(static_cast<std::size_t>(element.at("index").as_int64())));
        }
        CHECK(count == 2);
    }

    TEST_CASE("a line is there soon after its download, not only at the end") {
        bench b;
        event seen;
        b.server.on("/held", response{.body = "x", .before_last = [&] { seen.wait(); }});
        const auto lines = [&] {
            const std::string text = b.read("l");
            return std::count(text.begin(), text.end(), '\n');
        };
        auto program = b.start({"--jsonl", "l", "-q", b.url("/bytes/1"), b.url("/held")});
        CHECK(eventually([&] { return lines() == 1; }));
        seen.set();
        CHECK(program.wait(patience).status == 0);
        CHECK(lines() == 2);
    }

    TEST_CASE("the table has a header and a row a download") {
        bench b;
        const auto r = b.run({"--csv", "-", "a,b"});
        CHECK(r.out.starts_with("index,url,final_url,file_name,file_path,success,"));
        CHECK(r.out.find("\r\n0,\"a,b\",\"a,b\",,,false,false,0,0,0.") != std::string::npos);
        CHECK(r.out.ends_with(",not an http or https URL,invalid_url,,,0,0,\r\n"));
    }

    TEST_CASE("a URL of broken bytes leaves the JSON valid") {
        bench b;
        const auto r = b.run({"--json", "-", "\xff\xfe\"\\."});
        CHECK(r.status == 1);
        CHECK(json::parse(r.out).at("results").at(0).at("url").as_string() ==
              "\xEF\xBF\xBD\xEF\xBF\xBD\"\\.");
    }

    TEST_CASE("no report shows the password of a URL") {
        bench b;
        std::string u = b.url("/status/404");
        u.insert(7, "user:secret@");
        const auto r = b.run({"--json", "j", "--jsonl", "l", "--csv", "c", "--log-level", "trace",
                              "--log-file", "log", u, "n=" + u});
        CHECK(r.status == 1);
        for (const std::string& text :
             {r.out, r.err, b.read("j"), b.read("l"), b.read("c"), b.read("log")}) {
            CHECK(text.find("secret") == std::string::npos);
        }
    }

    TEST_CASE("a report that would overwrite a list or another report is refused") {
        bench b;
        const std::string list = b.url("/bytes/1") + "\n";
        b.write("list", list);
        b.write("old", "an earlier report");
        const auto refused = [&](const std::string& arguments) {
            CAPTURE(arguments);
            const auto r = b.shell("ln -f list link; \"$0\" " + arguments);
            CHECK(r.status == 2);
            CHECK(r.err.find(" is read or written by this run already\n") != std::string::npos);
            CHECK(b.read("list") == list);
            CHECK(b.read("old") == "an earlier report");
        };
        for (const char* flag : {"--json", "--jsonl", "--csv", "--log-file"}) {
            const std::string begin(flag);
            refused("-i list " + begin + " list");
            refused("-i list " + begin + " ./link");
            refused("-i - " + begin + " list < list");
        }
        refused("-i list --json old --csv old");
        refused("-i list --json old --csv list");
        refused("-i list --jsonl old --log-file ./old");
        refused("-i list --jsonl - --csv old >> old");
        CHECK(b.server.requests().empty());
        CHECK(b.run({"-q", "-i", "list", "-i", "list", "--json", "/dev/null", "--csv", "/dev/null"})
                  .status == 0);
    }

    TEST_CASE("an earlier report is replaced") {
        bench b;
        b.write("j", std::string(100'000, 'x'));
        CHECK(b.run({"--json", "j", b.url("/bytes/1")}).status == 0);
        CHECK(json::parse(b.read("j")).is_object());
    }

    TEST_CASE("a report that cannot be written to its end is exit 1 with a line that says so") {
        if (!has(std::filesystem::exists("/dev/full"), "/dev/full")) {
            return;
        }
        bench b;
        for (const char* report : {"--json", "--jsonl", "--csv"}) {
            const auto r = b.run({report, "/dev/full", b.url("/bytes/1")});
            CHECK(r.status == 1);
            CHECK(r.err == "asyncdl: /dev/full: No space left on device\n");
        }
        const auto r = b.shell("\"$0\" --jsonl - \"$1/bytes/1\" > /dev/full");
        CHECK(r.status == 1);
        CHECK(r.err == "asyncdl: standard output: No space left on device\n");
        CHECK(b.exists("downloads/1"));
    }

    TEST_CASE("a reader that goes away is an error, not a signal") {
        bench b;
        event gone;
        b.server.on("/held", response{.body = "x", .before_last = [&] { gone.wait(); }});
        const std::string pipe = (b.dir / "pipe").string();
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(reader >= 0);
        auto program = b.start_shell("exec \"$0\" --jsonl - \"$1/held\" > pipe");
        REQUIRE(eventually([&] { return b.server.requests("/held") == 1; }));
        ::close(reader);
        gone.set();
        const auto r = program.wait(patience);
        CHECK(r.status == 1);
        CHECK(r.err == "asyncdl: standard output: Broken pipe\n");
    }

    TEST_CASE("the log goes to the file that is named") {
        bench b;
        b.write("list", b.url("/bytes/1") + "\n split=1\n");
        const auto r = b.run({"--log-file", "log", "-i", "list"});
        CHECK(r.err.empty());
        CHECK(b.read("log").find(" warning: list:2: 'split' is not known") != std::string::npos);
        CHECK(b.run({"--log-level", "off", "-i", "list"}).err.empty());
    }
}
