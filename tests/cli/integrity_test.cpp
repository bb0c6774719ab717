// Checksums, mirrors and resuming, as a script sees them.

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <csignal>

#include "bench.hpp"
#include "support/pattern.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

namespace {

// What `sha256sum` or the like says of the pattern's first bytes.
std::string sum(const std::string& tool, std::size_t size) {
    process_options options;
    options.input = pattern(0, size);
    const std::string line = run_process({tool}, options).out;
    return line.substr(0, line.find(' '));
}

std::string sha256_of(std::size_t size) {
    return sum("sha256sum", size);
}

json::array results_of(const process_result& run) {
    return json::parse(run.out).at("results").as_array();
}

// The one result of a run with `--json -`.
json::object result_of(const process_result& run) {
    const json::array results = results_of(run);
    REQUIRE(results.size() == 1);
    return results[0].as_object();
}

constexpr std::size_t big = 4 * 1024 * 1024;
constexpr std::size_t first_part = 3 * 1024 * 1024;

// A file of `big` bytes: without a range 3 MiB of it, and then nothing more.
handler stalls_without_range(std::string validator) {
    return [validator = std::move(validator)](connection& peer, const request& asked) {
        const std::string range = asked.value("Range").value_or("");
        std::uint64_t from = 0;
        std::from_chars(range.data() + std::min<std::size_t>(range.size(), 6),
                        range.data() + range.size(), from);
        response answer;
        answer.fields = {{"Content-Length", std::to_string(big - from)}};
        if (!validator.empty()) {
            answer.fields.emplace_back("ETag", validator);
        }
        if (range.empty()) {
            peer.send_raw(head_of(answer) + pattern(0, first_part));
            peer.stall();
            return;
        }
        answer.status = 206;
        answer.fields.emplace_back("Content-Range", "bytes " + std::to_string(from) + "-" +
                                                        std::to_string(big - 1) + "/" +
                                                        std::to_string(big));
        peer.send_raw(head_of(answer) + pattern(from, big - from));
    };
}

process_options in_its_directory(const bench& b) {
    process_options options;
    options.directory = b.dir.string();
    return options;
}

// Waits until a program has all that the server gives without a range.
void wait_for_first_part(const bench& b) {
    REQUIRE(eventually([&] {
        const std::string part = b.read("downloads/big.part");
        return part.size() >= first_part &&
               is_pattern(std::string_view(part).substr(0, first_part));
    }));
}

// Runs the program until then, and interrupts it.
void interrupt_download(const bench& b, words more = {}) {
    more.insert(more.end(), {"-q", "--json", "first", b.url("/big")});
    process program(b.command(std::move(more)), in_its_directory(b));
    wait_for_first_part(b);
    program.signal(SIGINT);
    CHECK(program.wait(patience).status == 130);
    CHECK(b.read("first").find("\"error_kind\": \"cancelled\"") != std::string::npos);
}

}  // namespace

TEST_SUITE("cli/integrity") {
    TEST_CASE("a file with the right checksum arrives, and the report has what was verified") {
        bench b;
        const std::string hex = sha256_of(5000);
        const json::object result =
            result_of(b.run({"--json", "-", "--checksum", "SHA256:" + hex, b.url("/bytes/5000")}));
        CHECK(result.at("success").as_bool());
        CHECK(result.at("checksum").as_string() == "sha-256=" + hex);
        CHECK(is_pattern(b.read("downloads/5000")));
    }

    TEST_CASE("a file with a wrong checksum is a failure that leaves nothing") {
        bench b;
        const auto run = b.run(
            {"--json", "-", "--checksum", "sha-256=" + sha256_of(4999), b.url("/bytes/5000")});
        CHECK(run.status == 1);
        const json::object result = result_of(run);
        CHECK_FALSE(result.at("success").as_bool());
        CHECK(result.at("error_kind").as_string() == "checksum");
        CHECK(result.at("checksum").is_null());
        CHECK(result.at("file_size").as_int64() == 0);
        CHECK(b.server.requests("/bytes/5000") == 1);
        CHECK(b.dir.names() == words{"downloads"});
    }

    TEST_CASE("the checksums of a list hold for their entries alone") {
        bench b;
        b.write("list", b.url("/bytes/5") + "\n checksum=sha-256=" + sha256_of(5) + "\n" +
                            b.url("/bytes/6") + "\n checksum=sha-256=" + sha256_of(5) + "\n" +
                            b.url("/bytes/7") + "\n{\"url\": \"" + b.url("/bytes/8") +
                            "\", \"checksum\": \"md5=" + sum("md5sum", 8) + "\"}\n");
        const auto run = b.run({"--json", "-", "-i", "list"});
        CHECK(run.status == 1);
        const json::array results = results_of(run);
        REQUIRE(results.size() == 4);
        CHECK(results[1].at("error_kind").as_string() == "checksum");
        CHECK(results[2].at("checksum").is_null());
        CHECK(results[3].at("checksum").as_string().starts_with("md5="));
        CHECK(b.dir.names() ==
              words{"downloads", "downloads/5", "downloads/7", "downloads/8", "list"});
    }

    TEST_CASE("every file is verified by its name in a checksum file, in GNU's and in BSD's form") {
        for (const char* form : {"", "--tag", "--binary"}) {
            bench b;
            b.write("5", pattern(0, 5));
            b.write("named", pattern(0, 6));
            b.write("7", pattern(0, 70));
            REQUIRE(b.shell("{ echo '# sums'; sha256sum " + std::string(form) +
                            " ./5 named 7; } > SUMS && rm 5 named 7")
                        .status == 0);
            const auto run =
                b.run({"--json", "-", "--checksum-file", "SUMS", b.url("/bytes/5"),
                       "named=" + b.url("/bytes/6"), b.url("/bytes/7"), b.url("/bytes/8")});
            CHECK(run.status == 1);
            const json::array results = results_of(run);
            REQUIRE(results.size() == 4);
            CHECK(results[0].at("checksum").as_string() == "sha-256=" + sha256_of(5));
            CHECK(results[1].at("success").as_bool());
            CHECK(results[2].at("error_kind").as_string() == "checksum");
            CHECK(results[3].at("error_kind").as_string() == "checksum");
            CHECK(b.dir.names() == words{"SUMS", "downloads", "downloads/5", "downloads/named"});
        }
    }

    TEST_CASE("a checksum file may come from a pipe, and several add up") {
        bench b;
        b.write("SUMS", sha256_of(6) + "  6\n");
        const auto run = b.run({"-q", "--checksum-file", "-", "--checksum-file", "SUMS",
                                b.url("/bytes/5"), b.url("/bytes/6")},
                               sha256_of(5) + "  5\n");
        CHECK(run.err.empty());
        CHECK(run.status == 0);
    }

    TEST_CASE("lines of a checksum file that hold no checksum are passed over with one warning") {
        bench b;
        b.write("SUMS", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + sha256_of(1) +
                            "  1\nBLAKE2b (1) = 00\n" + sha256_of(2) + "  1\n");
        const auto run = b.run({"--checksum-file", "SUMS", b.url("/bytes/1"), b.url("/bytes/3")});
        CHECK(run.status == 1);
        CHECK(run.err.find("SUMS: lines without a usable checksum: 3; the first is line 1: neither "
                           "'HEX  NAME' nor 'ALGO (NAME) = HEX'\n") != std::string::npos);
        CHECK(run.err.find("usable") == run.err.rfind("usable"));
        CHECK(b.dir.names() == words{"SUMS", "downloads", "downloads/1"});
    }

    TEST_CASE("any of several values for a name in a checksum file may be right") {
        bench b;
        b.write("SUMS", sha256_of(2) + "  1\n" + sha256_of(1) + "  1\n" + sha256_of(3) + "  2\n" +
                            sha256_of(4) + "  2\n");
        const auto run =
            b.run({"--json", "-", "--checksum-file", "SUMS", b.url("/bytes/1"), b.url("/bytes/2")});
        const json::array results = results_of(run);
        REQUIRE(results.size() == 2);
        CHECK(results[0].at("checksum").as_string() == "sha-256=" + sha256_of(1));
        CHECK(results[1].at("error_kind").as_string() == "checksum");
        CHECK(results[1].at("error").as_string() == "the checksum is sha-256=" + sha256_of(2) +
                                                        ", not sha-256=" + sha256_of(3) +
                                                        " or another of 2");
    }

    TEST_CASE("names in a checksum file match by the longest tail of the URL's path") {
        bench b;
        b.write("SUMS", sha256_of(1) + "  pool/bytes/1\n" + sha256_of(9) + "  other/1\n" +
                            sha256_of(2) + "  a/2\n" + sha256_of(2) + "  b/2\n");
        const auto run =
            b.run({"--json", "-", "--checksum-file", "SUMS", b.url("/bytes/1"), b.url("/bytes/2")});
        const json::array results = results_of(run);
        REQUIRE(results.size() == 2);
        CHECK(results[0].at("success").as_bool());
        CHECK(results[1].at("error_kind").as_string() == "checksum");
        CHECK(results[1].at("error").as_string() == "no checksum, or more than one, fits 2");
    }

    TEST_CASE("a checksum file without a usable line is exit 2, and nothing is downloaded") {
        bench b;
        const auto refused = [&](const std::string& text, const std::string& message) {
            b.write("SUMS", text);
            const auto run = b.run({"--checksum-file", "SUMS", b.url("/bytes/1")});
            CHECK(run.status == 2);
            CHECK(run.err == "asyncdl: --checksum-file: SUMS:" + message + "\n");
        };
        refused("\nnonsense\n",
                " holds no checksum; line 2: neither 'HEX  NAME' nor 'ALGO (NAME) = HEX'");
        refused("# nothing\n", " holds no checksum");
        const auto long_file = b.shell(
            "head -c 67108865 /dev/zero | tr '\\0' '\\n' |\n"
            "\"$0\" --checksum-file - \"$1/bytes/1\"");
        CHECK(long_file.status == 2);
        CHECK(long_file.err == "asyncdl: --checksum-file: standard input is longer than 64 MiB\n");
        CHECK(b.server.requests().empty());
        CHECK(b.dir.names() == words{"SUMS"});
    }

    TEST_CASE("the checksums are held once, however many threads there are") {
        bench b;
        std::string text = sha256_of(1) + "  1\n";
        for (int i = 2; i < 40'000; ++i) {
            text += std::string(64, '0') + "  a-name-" + std::to_string(i) + "\n";
        }
        b.write("SUMS", text);
        const auto peak = [&](const char* threads) {
            const auto r = b.run({"-q", "--checksum-file", "SUMS", "--threads", threads,
                                  "--on-exists", "overwrite", b.url("/slow/20/1")});
            CHECK(r.status == 0);
            return r.peak_kib;
        };
        // 8 MiB a time.
        CHECK(peak("8") < peak("1") + 24 * 1024);
    }

    TEST_CASE("no report goes over the checksum file") {
        bench b;
        const std::string text = sha256_of(1) + "  1\n";
        b.write("SUMS", text);
        for (const char* report : {"--json", "--jsonl", "--csv", "--log-file"}) {
            CHECK(b.run({"--checksum-file", "SUMS", report, "./SUMS", b.url("/bytes/1")}).status ==
                  2);
            CHECK(b.read("SUMS") == text);
        }
        CHECK(b.server.requests().empty());
    }

    TEST_CASE("where a mirror fails the next one is asked") {
        bench b;
        b.write("list", b.url("/status/404") + "\t" + b.url("/bytes/1000") +
                            "\n out=file\n{\"url\": \"" + b.url("/status/403") +
                            "\", \"mirrors\": [\"" + b.url("/status/410") +
                            "\"], \"file_name\": \"none\"}\n");
        const auto run = b.run({"--json", "-", "-i", "list"});
        CHECK(run.status == 1);
        const json::array results = results_of(run);
        REQUIRE(results.size() == 2);
        CHECK(results[0].at("success").as_bool());
        CHECK(results[0].at("attempts").as_int64() == 2);
        CHECK(results[0].at("url").as_string() == b.url("/status/404"));
        CHECK(results[0].at("final_url").as_string() == b.url("/bytes/1000"));
        CHECK(results[1].at("error_kind").as_string() == "http_status");
        CHECK(results[1].at("attempts").as_int64() == 2);
        CHECK(b.read("downloads/file") == pattern(0, 1000));
        CHECK(b.dir.names() == words{"downloads", "downloads/file", "list"});
    }

    TEST_CASE("a mirror with other bytes is passed over where there is a checksum") {
        bench b;
        b.write("list", b.url("/bytes/999") + "\t" + b.url("/bytes/1000") +
                            "\n out=file\n checksum=sha-256=" + sha256_of(1000) + "\n");
        const json::object result = result_of(b.run({"--json", "-", "-i", "list"}));
        CHECK(result.at("success").as_bool());
        CHECK(result.at("attempts").as_int64() == 2);
        CHECK(b.read("downloads/file") == pattern(0, 1000));
    }

    TEST_CASE("a download that was interrupted goes on where it was") {
        bench b;
        b.server.on("/big", stalls_without_range("\"v1\""));
        interrupt_download(b);
        CHECK(b.dir.names() ==
              words{"downloads", "downloads/big.part", "downloads/big.part.state", "first"});
        const auto run =
            b.run({"--json", "-", b.url("/big"), "--checksum", "sha-256=" + sha256_of(big)});
        CHECK(run.status == 0);
        const json::object result = result_of(run);
        CHECK(result.at("resumed_from").as_int64() == first_part);
        CHECK(result.at("bytes_received").as_int64() == big - first_part);
        CHECK(result.at("file_size").as_int64() == big);
        CHECK(result.at("attempts").as_int64() == 1);
        CHECK(b.read("downloads/big") == pattern(0, big));
        CHECK(b.dir.names() == words{"downloads", "downloads/big", "first"});
        CHECK(b.server.requests().back().value("If-Range") == "\"v1\"");
    }

    TEST_CASE("of two programs with one target the second is told so and disturbs nothing") {
        bench b;
        b.server.on("/big", stalls_without_range("\"v1\""));
        process first(b.command({"-q", "--json", "first", b.url("/big")}), in_its_directory(b));
        wait_for_first_part(b);
        const std::string part = b.read("downloads/big.part");
        for (const char* how : {"--on-exists=overwrite", "--no-continue"}) {
            CAPTURE(how);
            const auto second = b.run({"--json", "-", "--retries", "1", how, b.url("/big")});
            CHECK(second.status == 1);
            const json::object result = result_of(second);
            CHECK(result.at("error_kind").as_string() == "file");
            CHECK(result.at("error").as_string().find("in use by another download") !=
                  std::string::npos);
            CHECK(b.read("downloads/big.part") == part);
        }
        first.signal(SIGINT);
        CHECK(first.wait(patience).status == 130);
        CHECK(b.run({"-q", b.url("/big")}).status == 0);
        CHECK(b.read("downloads/big") == pattern(0, big));
    }

    TEST_CASE("with --no-continue it starts over") {
        bench b;
        b.server.on("/big", stalls_without_range("\"v1\""));
        interrupt_download(b);
        b.server.on("/big", response{.fields = {{"ETag", "\"v1\""}}, .pattern_size = big});
        const auto run = b.run({"--json", "-", "--no-continue", b.url("/big")});
        CHECK(run.status == 0);
        CHECK(result_of(run).at("resumed_from").as_int64() == 0);
        CHECK_FALSE(b.server.requests().back().value("Range").has_value());
        CHECK(b.read("downloads/big") == pattern(0, big));
        CHECK(b.dir.names() == words{"downloads", "downloads/big", "first"});
    }

    TEST_CASE("without validators it goes on only where that is asked for") {
        bench b;
        b.server.on("/big", stalls_without_range(""));
        interrupt_download(b);
        CHECK(b.dir.names() == words{"downloads", "first"});
        interrupt_download(b, {"--resume-unvalidated"});
        const auto run = b.run({"--json", "-", "--resume-unvalidated", b.url("/big")});
        CHECK(run.status == 0);
        CHECK(result_of(run).at("resumed_from").as_int64() > 0);
        CHECK(b.read("downloads/big") == pattern(0, big));
    }

    TEST_CASE("a file that is to be durable arrives like any other") {
        bench b;
        CHECK(b.run({"-q", "--fsync", "a/b=" + b.url("/bytes/5000")}).status == 0);
        CHECK(is_pattern(b.read("downloads/a/b")));
        CHECK(b.dir.names() == words{"downloads", "downloads/a", "downloads/a/b"});
    }
}
