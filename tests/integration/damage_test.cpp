// What an earlier run left is not believed but proven: damaged bytes are fetched again, and they
// alone; a state that says nothing usable is as if there were none.

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

using texts = std::vector<std::string>;

constexpr std::uint64_t whole = 4 * mebibyte;
constexpr std::uint64_t kept = 7 * mebibyte / 2;

/// A stage where `file.part` holds a part of the file: 3.5 of 4 MiB, in pieces of 1 MiB, where
/// nothing else is asked for.
template <typename How>
class left_over : public stage_over<How> {
public:
    explicit left_over(std::uint64_t size = whole, std::uint64_t held = kept) : file(size) {
        leave_part(*this, file, held);
        this->server.on("/file", file);
        held_bytes = read_file(part());
        claims = read_file(state());
    }

    /// As it was at first, but for the state.
    void restore(const std::string& other_state) {
        std::filesystem::remove(this->dir / "out/file");
        write_file(part(), held_bytes);
        write_file(state(), other_state);
    }

    std::filesystem::path part() const { return this->dir / "out/file.part"; }
    std::filesystem::path state() const { return this->dir / "out/file.part.state"; }

    /// Writes over some bytes of the part file.
    void spoil(std::uint64_t offset, std::string_view bytes) {
        std::fstream out(part(), std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(static_cast<std::streamoff>(offset));
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        REQUIRE(out.flush());
    }

    void flip(std::uint64_t offset) {
        const char other = static_cast<char>(read_file(part())[offset] ^ 1);
        spoil(offset, std::string_view(&other, 1));
    }

    const remote_file file;
    std::string held_bytes;
    std::string claims;
};

TEST_SUITE_BEGIN("integration/damage");

TEST_CASE_TEMPLATE("of a part file with one flipped bit, one piece is fetched again", How, plain,
                   tls) {
    for (const file_io calls : {file_io::offload, file_io::in_place}) {
        left_over<How> on;
        on.options.file_calls = calls;
        on.flip(mebibyte + 4711);
        const download_result result = on.fetch("/file");
        check_resumed(on, result, on.file, kept - mebibyte);
        CHECK(result.attempts == 1);
        const texts ranges = asked_with(on.server, "/file", "Range");
        REQUIRE(ranges.size() == 3);
        CHECK(ranges[1] == "bytes=1048576-2097151");
        CHECK(ranges[2].starts_with("bytes=3670016-"));
        CHECK(asked_with(on.server, "/file", "If-Range")[2] == "\"v1\"");
    }
}

TEST_CASE("each piece is proven, from its first byte to its last") {
    const struct {
        std::uint64_t offset;
        std::uint64_t lost;
    } cases[] = {
        {0, mebibyte},
        {mebibyte - 1, mebibyte},
        {2 * mebibyte, mebibyte},
        {3 * mebibyte, mebibyte / 2},
        {kept - 1, mebibyte / 2},
    };
    for (const auto& one : cases) {
        CAPTURE(one.offset);
        left_over<plain> on;
        on.flip(one.offset);
        check_resumed(on, on.fetch("/file"), on.file, kept - one.lost);
    }
}

TEST_CASE("a region of zeros is never taken for data") {
    left_over<plain> on;
    on.spoil(mebibyte / 2, std::string(mebibyte, '\0'));
    check_resumed(on, on.fetch("/file"), on.file, kept - 2 * mebibyte);
}

TEST_CASE("a part file that is all zeros, though as long as the file, is worth nothing") {
    left_over<plain> on;
    write_file(on.part(), std::string(whole, '\0'));
    check_all_new(on, on.fetch("/file"), on.file);
}

TEST_CASE("of a part file that was cut, what is left is used") {
    left_over<plain> on;
    std::filesystem::resize_file(on.part(), 2 * mebibyte + 5000);
    check_resumed(on, on.fetch("/file"), on.file, 2 * mebibyte);
}

TEST_CASE("a part file that was cut to nothing, or is gone, is worth nothing") {
    for (const bool gone : {false, true}) {
        left_over<plain> on;
        if (gone) {
            std::filesystem::remove(on.part());
        } else {
            std::filesystem::resize_file(on.part(), 0);
        }
        check_all_new(on, on.fetch("/file"), on.file);
        CHECK(asked_with(on.server, "/file", "Range") == texts{"-", "-"});
    }
}

TEST_CASE("a part file that got longer is used as far as it was proven") {
    left_over<plain> on;
    std::filesystem::resize_file(on.part(), whole + 12'345);
    check_resumed(on, on.fetch("/file"), on.file, kept);
}

TEST_CASE("a part file of another download in the place of this one's is worth nothing") {
    left_over<plain> on;
    write_file(on.part(), remote_file(whole, 2).bytes(0, kept));
    check_all_new(on, on.fetch("/file"), on.file);
}

TEST_CASE("a state that is none is as if there were none") {
    left_over<plain> on(5000, 3000);
    const std::string& good = on.claims;
    on.restore(good);
    check_resumed(on, on.fetch("/file"), on.file, 3000);
    const std::string bad[] = {
        "",
        "x",
        "{\"version\": 1}",
        std::string(good.size(), '\0'),
        std::string(good.size(), '\xff'),
        std::string(100'000, 'x'),
        good.substr(1),
        good.substr(0, 16),
        "x" + good,
    };
    for (const std::string& one : bad) {
        CAPTURE(one.size());
        on.restore(one);
        check_all_new(on, on.fetch("/file"), on.file);
    }
}

TEST_CASE("a state with any one byte changed never gives a wrong file") {
    left_over<plain> on(5000, 3000);
    for (std::size_t at = 0; at < on.claims.size(); at += 13) {
        CAPTURE(at);
        std::string bad = on.claims;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        on.restore(bad);
        const download_result result = on.fetch("/file");
        check_stored(on, result, on.file.bytes());
        CHECK(result.resumed_from + result.bytes_received == 5000);
    }
}

TEST_CASE("a state that was cut gives what its whole records say") {
    left_over<plain> on;
    std::set<std::uint64_t> resumed;
    for (const std::size_t missing : {4000, 200, 128, 100, 97, 96, 80, 65, 64, 40, 33, 32, 1, 0}) {
        CAPTURE(missing);
        on.restore(on.claims.substr(0, on.claims.size() - missing));
        const download_result result = on.fetch("/file");
        check_stored(on, result, on.file.bytes());
        CHECK(result.resumed_from + result.bytes_received == whole);
        resumed.insert(result.resumed_from);
    }
    CHECK(resumed == std::set<std::uint64_t>{0, mebibyte, 2 * mebibyte, 3 * mebibyte, kept});
}

TEST_CASE("a state without its part file, and a part file without its state, start over") {
    left_over<plain> on;
    std::filesystem::remove(on.state());
    check_all_new(on, on.fetch("/file"), on.file);
}

TEST_CASE("leftovers under another name belong to another target") {
    left_over<plain> on;
    on.server.on("/other", on.file);
    download_request request = on.ask("/other", "other");
    CHECK(on.fetch(request).resumed_from == 0);
    std::filesystem::remove(on.dir / "out/other");
    std::filesystem::rename(on.part(), on.dir / "out/other.part");
    std::filesystem::rename(on.state(), on.dir / "out/other.part.state");
    const download_result result = on.fetch(request);
    CHECK(result.success);
    CHECK(result.resumed_from == 0);
    const bool same_bytes = on.content("other") == on.file.bytes();
    CHECK(same_bytes);
}

TEST_CASE("symlinks in the places of leftovers lead nowhere") {
    for (const char* name : {"file.part", "file.part.state"}) {
        CAPTURE(name);
        left_over<plain> on;
        const std::filesystem::path outside = on.dir / "outside";
        std::filesystem::rename(on.dir / "out" / name, outside);
        std::filesystem::create_symlink(outside, on.dir / "out" / name);
        const std::string before = read_file(outside);
        const download_result result = on.fetch("/file");
        CHECK(result.resumed_from == 0);
        CHECK((result.success || result.error == errc::file));
        const bool untouched = read_file(outside) == before;
        CHECK(untouched);
        if (result.success) {
            const bool same_bytes = on.content() == on.file.bytes();
            CHECK(same_bytes);
        }
    }
}

TEST_CASE("a file that changes while its gaps are filled is fetched anew") {
    left_over<plain> on;
    on.flip(0);
    on.flip(2 * mebibyte);
    const remote_file now(whole, 2);
    on.server.on("/file", in_turn({on.file, now}));
    const download_result result = on.fetch("/file");
    check_stored(on, result, now.bytes());
    CHECK(result.resumed_from == 0);
    CHECK(result.attempts == 1);
}

TEST_CASE("a connection that breaks while gaps are filled costs nothing that is there") {
    left_over<plain> on;
    on.options.retries = 2;
    on.options.retry_delay = std::chrono::milliseconds(0);
    on.flip(0);
    on.flip(2 * mebibyte);
    on.server.on("/file", in_turn({on.file.cut(500'000), on.file, on.file.cut(1000), on.file}));
    const download_result result = on.fetch("/file");
    check_resumed(on, result, on.file, kept - 2 * mebibyte);
    CHECK(result.attempts == 3);
}

TEST_SUITE_END();

}  // namespace
