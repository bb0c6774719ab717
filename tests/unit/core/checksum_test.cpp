#include "core/checksum.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/core/outcomes.hpp"

using asyncdl::errc;
using namespace asyncdl::core;

namespace {

// of "abc"
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha_1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha_256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string read(const std::string& text) {
    const auto read = checksum::parse(text);
    return read ? read->text() : "";
}

void check_refused(const std::string& text, std::string_view why) {
    CAPTURE(text);
    const auto read = checksum::parse(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == errc::invalid_argument);
    CHECK(read.error().message() == why);
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/checksum");

TEST_CASE("every algorithm is known by its name, its size and its digits") {
    struct row {
        digest_algorithm algorithm;
        std::string name;
        std::size_t bits;
    };
    for (const row& each : std::vector<row>{{digest_algorithm::md5, "md5", 128},
                                            {digest_algorithm::sha_1, "sha-1", 160},
                                            {digest_algorithm::sha_224, "sha-224", 224},
                                            {digest_algorithm::sha_256, "sha-256", 256},
                                            {digest_algorithm::sha_384, "sha-384", 384},
                                            {digest_algorithm::sha_512, "sha-512", 512}}) {
        CAPTURE(each.name);
        CHECK(to_string(each.algorithm) == each.name);
        CHECK(digest_size(each.algorithm) * 8 == each.bits);
        CHECK(parse_digest_algorithm(each.name) == each.algorithm);
        const std::string text = each.name + '=' + std::string(each.bits / 4, 'a');
        CHECK(read(text) == text);
    }
}

TEST_CASE("strong is sha-256 and better") {
    using algorithm = digest_algorithm;
    for (const auto weak : {algorithm::md5, algorithm::sha_1, algorithm::sha_224}) {
        CHECK_FALSE(is_strong(weak));
    }
    for (const auto strong : {algorithm::sha_256, algorithm::sha_384, algorithm::sha_512}) {
        CHECK(is_strong(strong));
    }
}

TEST_CASE("a checksum is read in every spelling and written in one") {
    const std::string wanted = "sha-256=" + sha_256;
    CHECK(read("sha-256=" + sha_256) == wanted);
    CHECK(read("sha256=" + sha_256) == wanted);
    CHECK(read("SHA-256:" + sha_256) == wanted);
    CHECK(read("Sha256:" + sha_256) == wanted);
    CHECK(read(" SHA256: " + sha_256 + "\t") == wanted);
    CHECK(read("sha-256 = " + sha_256) == wanted);
    CHECK(read("sha-256=BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD") ==
          wanted);
    CHECK(read("MD5=" + md5) == "md5=" + md5);
    CHECK(read("sha1=" + sha_1) == "sha-1=" + sha_1);
}

TEST_CASE("the bytes of a checksum are those of its digits") {
    const auto read = checksum::parse("md5=000102030405060708090a0b0c0d0eff");
    REQUIRE(read);
    CHECK(read->algorithm == digest_algorithm::md5);
    REQUIRE(read->value.size() == 16);
    for (int i = 0; i < 15; ++i) {
        CHECK(std::to_integer<int>(read->value[static_cast<std::size_t>(i)]) == i);
    }
    CHECK(std::to_integer<int>(read->value[15]) == 255);
}

TEST_CASE("checksums are equal where algorithm and bytes are") {
    const auto one = checksum::parse("md5=" + md5);
    CHECK(*one == *checksum::parse("MD5:900150983CD24FB0D6963F7D28E17F72"));
    CHECK(*one != *checksum::parse("md5=900150983cd24fb0d6963f7d28e17f73"));
    checksum other = *one;
    other.algorithm = digest_algorithm::sha_1;
    CHECK(*one != other);
}

TEST_CASE("a checksum without an algorithm that is known is refused") {
    check_refused("", "the checksum names no algorithm");
    check_refused(sha_256, "the checksum names no algorithm");
    check_refused("sha-256 " + sha_256, "the checksum names no algorithm");
    for (const std::string name : {"", " ", "sha", "sha-2", "sha-255", "sha--256", "sha_256",
                                   "sha 256", "-sha256", "s-ha256", "md-5", "md4", "crc32",
                                   "adler32", "sha3-256", "sha-512/256", "sha-2560", "sha25"}) {
        check_refused(name + '=' + sha_256, "the checksum's algorithm is unknown");
        check_refused(name + ':' + sha_256, "the checksum's algorithm is unknown");
    }
    check_refused("=sha-256=" + sha_256, "the checksum's algorithm is unknown");
    check_refused(std::string("md5\0=", 5) + md5, "the checksum's algorithm is unknown");
}

TEST_CASE("a digest of another length is refused") {
    check_refused("sha-256=", "a checksum by sha-256 has 64 digits, not 0");
    check_refused("sha-256=" + sha_256.substr(1), "a checksum by sha-256 has 64 digits, not 63");
    check_refused("sha-256=" + sha_256 + '0', "a checksum by sha-256 has 64 digits, not 65");
    check_refused("sha256=" + md5, "a checksum by sha-256 has 64 digits, not 32");
    check_refused("MD5=" + sha_1, "a checksum by md5 has 32 digits, not 40");
    check_refused("md5=0x" + md5, "a checksum by md5 has 32 digits, not 34");
    check_refused("md5==" + md5, "a checksum by md5 has 32 digits, not 33");
}

TEST_CASE("a digest that is not hexadecimal is refused, wherever it is not") {
    for (std::size_t i = 0; i < md5.size(); ++i) {
        for (const char c : {'g', 'G', '/', ':', '@', '`', ' ', '-', '\0', '\xff'}) {
            if (c == ' ' && (i == 0 || i + 1 == md5.size())) {
                continue;  // at the ends it is passed over
            }
            std::string digits = md5;
            digits[i] = c;
            check_refused("md5=" + digits, "the checksum is not hexadecimal");
        }
    }
}

TEST_CASE("several checksums by one algorithm are separated by commas") {
    const std::string other(64, '0');
    const auto several = checksum::parse_any_of("sha-256=" + sha_256 + ",SHA256:" + other);
    REQUIRE(several.has_value());
    REQUIRE(several->size() == 2);
    CHECK(several->front().text() == "sha-256=" + sha_256);
    CHECK(several->back().text() == "sha-256=" + other);
    for (const std::string& bad :
         {std::string(), ",md5=" + md5, "md5=" + md5 + ",", "sha-256=" + sha_256 + ",md5=" + md5}) {
        CAPTURE(bad);
        const auto refused = checksum::parse_any_of(bad);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code() == errc::invalid_argument);
    }
}

TEST_SUITE_END();
