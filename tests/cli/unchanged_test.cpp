// Files that are kept because nothing has changed, as a person and a script see them.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "bench.hpp"
#include "support/attribute.hpp"
#include "support/remote_file.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

namespace {

constexpr std::uint64_t whole = 4 * mebibyte;
constexpr std::uint64_t first_part = 3 * mebibyte;

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// A directory in which files can be kept by their attribute: those that a group may write are not.
class keeping_bench : public bench {
public:
    keeping_bench() : mask_(::umask(0022)) {}
    ~keeping_bench() { ::umask(mask_); }

    bool can_keep() const { return takes_attributes(dir.path()); }

private:
    ::mode_t mask_;
};

json::object result_in(const std::string& document) {
    return json::parse(document).at("results").at(0).as_object();
}

}  // namespace

TEST_SUITE("cli/unchanged") {
    TEST_CASE("an unchanged file is a line of its own, and counted") {
        keeping_bench b;
        if (!b.can_keep()) {
            return;
        }
        b.server.on("/file", remote_file(100'000));
        REQUIRE(b.run({"-q", b.url("/file")}).status == 0);
        const auto r = b.run({b.url("/file")});
        CHECK(r.status == 0);
        CHECK(r.err.empty());
        CHECK(steady(r.out) ==
              "✅ downloads/file: 97.7 KiB, unchanged\n"
              "\n"
              "Downloads: 1, succeeded: 1 (unchanged: 1), failed: 0, success rate: 100.0 %\n"
              "Received: 0 B in TIME, SPEED\n");
        const auto quiet = b.run({"-q", "--json", "r", b.url("/file")});
        CHECK(quiet.status == 0);
        CHECK(quiet.out.empty());
        CHECK(quiet.err.empty());
        const json::object result = result_in(b.read("r"));
        CHECK(result.at("success").as_bool());
        CHECK(result.at("skipped").as_bool());
        CHECK(result.at("file_path").as_string() == "downloads/file");
        CHECK(result.at("file_size").as_int64() == 100'000);
        CHECK(result.at("bytes_received").as_int64() == 0);
        CHECK(result.at("status").as_int64() == 304);
        CHECK(result.at("http_version").as_string() == "1.1");
        CHECK(result.at("attempts").as_int64() == 1);
        CHECK(result.at("error").is_null());
        CHECK(json::parse(b.read("r")).at("summary").at("skipped").as_int64() == 1);
        CHECK(asked_with(b.server, "/file", "If-None-Match") == words{"-", "\"v1\"", "\"v1\""});
    }

    TEST_CASE("a file that fits by date and size is unchanged with `timestamp`") {
        bench b;
        b.server.on("/file", remote_file(100'000));
        const words command{"--on-exists", "timestamp", b.url("/file")};
        REQUIRE(b.run(command).status == 0);
        // Nothing but its time and size tells where it came from.
        if (attribute_of(b.dir / "downloads/file")) {
            remove_attribute(b.dir / "downloads/file");
        }
        const auto r = b.run(command);
        CHECK(r.status == 0);
        CHECK(r.out.starts_with("✅ downloads/file: 97.7 KiB, unchanged\n"));
        CHECK(contains(r.out, "succeeded: 1 (unchanged: 1)"));
    }

    TEST_CASE("a list that was broken off goes on: kept, resumed and fetched") {
        keeping_bench b;
        if (!b.can_keep()) {
            return;
        }
        std::string list;
        for (const char* name : {"a", "b", "c", "d"}) {
            b.server.on("/" + std::string(name), remote_file(100'000));
            list += b.url("/" + std::string(name)) + "\n";
        }
        const remote_file big(whole);
        b.server.on("/big", big.cut(first_part, ending::stall));
        b.write("list", list + b.url("/big") + "\n" + b.url("/last") + "\n");
        b.server.on("/last", remote_file(50'000));
        const words command{"-j", "1", "-i", "list"};
        auto program = b.start(command);
        const std::string bytes = big.bytes(0, first_part);
        REQUIRE(eventually([&] { return b.read("downloads/big.part").starts_with(bytes); }));
        program.signal(SIGINT);
        const auto first = program.wait(patience);
        CHECK(first.status == 130);
        CHECK(first.out.ends_with(
            "Kept: 3.0 MiB of 1 unfinished file; the same command resumes it\n"));

        b.server.on("/big", big);
        const auto second = b.run(command);
        CHECK(second.status == 0);
        CHECK(steady(second.out) ==
              "✅ downloads/a: 97.7 KiB, unchanged\n"
              "✅ downloads/b: 97.7 KiB, unchanged\n"
              "✅ downloads/c: 97.7 KiB, unchanged\n"
              "✅ downloads/d: 97.7 KiB, unchanged\n"
              "✅ downloads/big: 4.0 MiB, resumed at 3.0 MiB, TIME, SPEED\n"
              "✅ downloads/last: 48.8 KiB, TIME, SPEED\n"
              "\n"
              "Downloads: 6, succeeded: 6 (unchanged: 4), failed: 0, success rate: 100.0 %\n"
              "Received: 1.0 MiB in TIME, SPEED\n");
        CHECK(b.read("downloads/big") == big.bytes());
    }

    TEST_CASE("a stored file that has the checksum is unchanged, and nothing is asked") {
        bench b;
        b.server.on("/file", remote_file(100'000));
        REQUIRE(b.run({"-q", b.url("/file")}).status == 0);
        const auto sum = run_process({"sha256sum", (b.dir / "downloads/file").string()});
        const std::string hex = sum.out.substr(0, 64);
        const auto r = b.run({"--checksum", "sha-256=" + hex, "--json", "r", b.url("/file")});
        CHECK(r.status == 0);
        CHECK(r.out.starts_with("✅ downloads/file: 97.7 KiB, unchanged\n"));
        const json::object result = result_in(b.read("r"));
        CHECK(result.at("skipped").as_bool());
        CHECK(result.at("status").is_null());
        CHECK(result.at("http_version").is_null());
        CHECK(result.at("attempts").as_int64() == 0);
        CHECK(result.at("checksum").as_string() == "sha-256=" + hex);
        CHECK(b.server.requests("/file") == 1);
    }

    TEST_CASE("304 to a condition of the caller's own is a success, with or without a file") {
        for (const char* mode : {"update", "timestamp", "overwrite", "rename", "fail", "skip"}) {
            CAPTURE(mode);
            bench b;
            b.server.on("/file", remote_file(100'000));
            const words command{"--on-exists", mode,    "-H", "If-None-Match: \"v1\"", "--json",
                                "r",           "--csv", "c",  b.url("/file")};
            const auto r = b.run(command);
            CHECK(r.status == 0);
            CHECK(r.out.starts_with("✅ " + b.url("/file") + ": not modified\n"));
            const json::object result = result_in(b.read("r"));
            CHECK(result.at("success").as_bool());
            CHECK(result.at("skipped").as_bool());
            CHECK(result.at("file_path").is_null());
            CHECK(result.at("file_name").as_string() == "file");
            CHECK(result.at("file_size").as_int64() == 0);
            CHECK(result.at("status").as_int64() == 304);
            CHECK(result.at("http_version").as_string() == "1.1");
            CHECK(result.at("attempts").as_int64() == 1);
            CHECK(contains(b.read("c"), "\r\n0," + b.url("/file") + "," + b.url("/file") +
                                            ",file,,true,true,0,0,"));
            CHECK_FALSE(b.exists("downloads/file"));
        }
        for (const char* mode : {"update", "timestamp", "overwrite"}) {
            CAPTURE(mode);
            bench b;
            b.server.on("/file", remote_file(100'000));
            REQUIRE(b.run({"-q", b.url("/file")}).status == 0);
            const auto r =
                b.run({"--on-exists", mode, "-H", "If-None-Match: \"v1\"", b.url("/file")});
            CHECK(r.status == 0);
            CHECK(r.out.starts_with("✅ downloads/file: 97.7 KiB, unchanged\n"));
        }
    }

    TEST_CASE("304 to a condition of the caller's own writes nothing into a stream") {
        bench b;
        b.server.on("/file", remote_file(100'000));
        const auto r = b.run({"-o", "-", "-H", "If-None-Match: \"v1\"", b.url("/file")});
        CHECK(r.status == 0);
        CHECK(r.out.empty());
        CHECK(r.err.starts_with("✅ " + b.url("/file") + ": not modified\n"));
    }
}
