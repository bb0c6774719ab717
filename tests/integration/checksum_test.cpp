// Checksums, given by the caller or by the server: a file whose digest is another never gets its
// name, and nothing is left of it.

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

using texts = std::vector<std::string>;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t kept = 200'000;

/// A stage with `/file`, and the digest of its bytes.
template <typename How>
class checked : public stage_over<How> {
public:
    checked() {
        this->options.retries = 3;
        this->options.retry_delay = 0ms;
        this->server.on("/file", file);
    }

    download_request ask_with(std::string checksum) const {
        download_request request = this->ask("/file");
        request.checksum = std::move(checksum);
        return request;
    }

    const remote_file file{whole};
    const std::string right = "sha-256=" + hex_digest("SHA256", file.bytes());
    const std::string wrong = "sha-256=" + hex_digest("SHA256", "other");
};

std::string upper(std::string text) {
    for (char& one : text) {
        one = one >= 'a' && one <= 'z' ? static_cast<char>(one - 32) : one;
    }
    return text;
}

TEST_SUITE_BEGIN("integration/checksum");

TEST_CASE_TEMPLATE("a file with the right digest is stored, and the result says so", How, plain,
                   tls) {
    const struct {
        std::string name;
        const char* algorithm;
    } algorithms[] = {
        {"md5", "MD5"},        {"sha-1", "SHA1"},     {"sha-224", "SHA224"},
        {"sha-256", "SHA256"}, {"sha-384", "SHA384"}, {"sha-512", "SHA512"},
    };
    checked<How> on;
    on.options.if_exists = on_exists::overwrite;
    for (const auto& one : algorithms) {
        CAPTURE(one.name);
        const std::string hex = hex_digest(one.algorithm, on.file.bytes());
        const std::string canonical = std::string(one.name) + '=' + hex;
        std::string no_dash = one.name;
        std::erase(no_dash, '-');
        for (const std::string& spelling :
             {canonical, no_dash + '=' + hex, upper(no_dash) + ':' + hex, upper(canonical)}) {
            CAPTURE(spelling);
            const download_result result = on.fetch(on.ask_with(spelling));
            check_stored(on, result, on.file.bytes());
            CHECK(result.checksum == canonical);
            CHECK(result.attempts == 1);
        }
    }
}

TEST_CASE_TEMPLATE("where nothing was verified, the result names no checksum", How, plain, tls) {
    checked<How> on;
    CHECK(on.fetch("/file").checksum.empty());
}

TEST_CASE_TEMPLATE("a file with another digest is a failure that leaves nothing", How, plain, tls) {
    for (const file_io calls : {file_io::offload, file_io::in_place}) {
        checked<How> on;
        on.options.file_calls = calls;
        const download_result result = on.fetch(on.ask_with(on.wrong));
        check_failed(on, result, errc::checksum);
        CHECK(error_kind(result.error) == "checksum");
        CHECK(result.attempts == 1);
        CHECK(result.checksum.empty());
        CHECK(on.server.requests("/file") == 1);
        CHECK(result.bytes_received == whole);
    }
}

TEST_CASE_TEMPLATE("an old file survives a download with the wrong digest", How, plain, tls) {
    checked<How> on;
    std::filesystem::create_directory(on.dir / "out");
    write_file(on.dir / "out/file", "old");
    check_failure(on.fetch(on.ask_with(on.wrong)), errc::checksum);
    CHECK(on.names() == texts{"file"});
    CHECK(on.content() == "old");
}

TEST_CASE_TEMPLATE("files of any size are verified", How, plain, tls) {
    checked<How> on;
    for (const std::uint64_t size : {0, 1, 1000, 65'536, 262'145, 1'048'576}) {
        CAPTURE(size);
        const remote_file file(size);
        on.server.on("/file", file);
        const std::string right = "sha-1=" + hex_digest("SHA1", file.bytes());
        const download_result result = on.fetch(on.ask_with(right));
        check_stored(on, result, file.bytes());
        CHECK(result.checksum == right);
        std::filesystem::remove_all(on.dir / "out");
        check_failed(on, on.fetch(on.ask_with(on.wrong)), errc::checksum);
    }
}

TEST_CASE_TEMPLATE("a chunked file, and one that was cut and retried, are verified as a whole", How,
                   plain, tls) {
    checked<How> on;
    remote_file chunked = on.file;
    chunked.chunked = true;
    for (const handler& answer : {handler(chunked), in_turn({on.file.cut(kept), on.file})}) {
        on.server.on("/file", answer);
        const download_result result = on.fetch(on.ask_with(on.right));
        check_stored(on, result, on.file.bytes());
        CHECK(result.checksum == on.right);
        std::filesystem::remove(on.dir / "out/file");
    }
    on.server.on("/file", in_turn({on.file.cut(kept), on.file}));
    check_failed(on, on.fetch(on.ask_with(on.wrong)), errc::checksum);
}

TEST_CASE_TEMPLATE("a resumed file is verified as a whole", How, plain, tls) {
    checked<How> on;
    leave_part(on, on.file, kept);
    on.server.on("/file", on.file);
    const download_result result = on.fetch(on.ask_with(on.right));
    check_resumed(on, result, on.file, kept);
    CHECK(result.checksum == on.right);
    std::filesystem::remove(on.dir / "out/file");

    leave_part(on, on.file, kept);
    on.server.on("/file", on.file);
    check_failed(on, on.fetch(on.ask_with(on.wrong)), errc::checksum);
}

TEST_CASE_TEMPLATE("a server that changes bytes but not their validators is caught by the checksum",
                   How, plain, tls) {
    checked<How> on;
    leave_part(on, on.file, kept);
    remote_file liar(whole, 2);
    liar.etag = on.file.etag;
    on.server.on("/file", liar);
    check_failed(on, on.fetch(on.ask_with(on.right)), errc::checksum);

    // Nothing is left to go on from, so the next run gets it right.
    on.server.on("/file", on.file);
    check_all_new(on, on.fetch(on.ask_with(on.right)), on.file);
}

TEST_CASE_TEMPLATE("a checksum that is none is never asked for", How, plain, tls) {
    checked<How> on;
    const std::string hex = hex_digest("SHA256", "x");
    for (const std::string& bad :
         {std::string("x"), std::string("="), std::string("sha-256="), "sha-256=" + hex + "0",
          "sha-256=" + hex.substr(2), "md5=" + hex, "sha-257=" + hex, hex, "sha-256 " + hex,
          "sha-256=x" + hex.substr(1), "sha-256==" + hex, "sha-256=" + hex + "\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(check_checksum(bad).empty());
        const download_result result = on.fetch(on.ask_with(bad));
        check_failed(on, result, errc::invalid_argument);
        CHECK(result.attempts == 0);
    }
    CHECK(check_checksum(on.right).empty());
    CHECK(on.server.accepted() == 0);
}

TEST_CASE_TEMPLATE("checksums of a list go by the name, its last part, or the URL's", How, plain,
                   tls) {
    checked<How> on;
    on.options.checksums = {{"named", on.right},
                            {"folder/inner", on.right},
                            {"last", on.right},
                            {"file", on.right},
                            {"bad", on.wrong}};
    for (const std::string name : {"named", "folder/inner", "other/last", "renamed"}) {
        CAPTURE(name);
        download_request request = on.ask("/file", name);
        const download_result result = on.fetch(request);
        CHECK(result.success);
        CHECK(result.checksum == on.right);
    }
    const download_result bad = on.fetch(on.ask("/file", "bad"));
    check_failure(bad, errc::checksum);
    on.server.on("/missing", on.file);
    const download_result missing = on.fetch(on.ask("/missing", "nobody"));
    check_failure(missing, errc::checksum);
    CHECK(on.names() == texts{"folder", "folder/inner", "named", "other", "other/last", "renamed"});
}

TEST_CASE_TEMPLATE("any of several checksums of a list may be right, for a sink as well", How,
                   plain, tls) {
    checked<How> on;
    on.options.retries = 0;
    for (const bool right : {true, false}) {
        on.options.checksums = {{"file", on.wrong + "," + (right ? on.right : on.wrong)}};
        memory_sink sink(whole);
        download_request to_sink = on.ask("/file", "");
        to_sink.destination = &sink;
        for (const download_request& request : {on.ask("/file", ""), to_sink}) {
            const download_result result = on.fetch(request);
            CHECK(result.success == right);
            CHECK(result.checksum == (right ? on.right : ""));
        }
        CHECK(on.names().size() == (right ? 1 : 0));
        std::filesystem::remove(on.dir / "out/file");
    }
}

TEST_CASE_TEMPLATE("a body in memory is verified as well", How, plain, tls) {
    checked<How> on;
    on.options.retries = 0;
    for (const bool right : {true, false}) {
        memory_sink sink(whole);
        download_request request = on.ask_with(right ? on.right : on.wrong);
        request.destination = &sink;
        const download_result result = on.fetch(request);
        CHECK(result.success == right);
        CHECK(sink.bytes().size() == (right ? whole : 0));
    }
}

TEST_SUITE_END();

}  // namespace
