#include "cli/checksum_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace {

using asyncdl::cli::checksum_list;
using names = std::map<std::string, std::string>;
using namespace std::string_literals;

const std::string md5(32, 'a');
const std::string sha1(40, 'b');
const std::string sha224(56, 'c');
const std::string sha256(64, 'd');
const std::string sha384(96, 'e');
const std::string sha512(128, 'f');

names read(std::string_view text) {
    checksum_list list;
    CHECK(list.add(text).passed_over == 0);
    return list.by_name();
}

// The one name in a line.
std::string name_in(const std::string& line) {
    const names found = read(line);
    REQUIRE(found.size() == 1);
    CHECK(found.begin()->second == "sha-256=" + sha256);
    return found.begin()->first;
}

// Why the first line that is passed over is; nothing is used.
std::string refusal(std::string_view text) {
    checksum_list list;
    const checksum_list::reading lines = list.add(text);
    CHECK(lines.used == 0);
    CHECK(list.by_name().empty());
    return lines.first;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
}

}  // namespace

TEST_SUITE("cli/checksum_list") {
    TEST_CASE("GNU's form: the number of digits tells the algorithm") {
        CHECK(read(md5 + "  a\n" + sha1 + "  b\n" + sha224 + " *c\n" + sha256 + "  d\n" + sha384 +
                   "  e\n" + sha512 + "  f\n") == names{{"a", "md5=" + md5},
                                                        {"b", "sha-1=" + sha1},
                                                        {"c", "sha-224=" + sha224},
                                                        {"d", "sha-256=" + sha256},
                                                        {"e", "sha-384=" + sha384},
                                                        {"f", "sha-512=" + sha512}});
    }

    TEST_CASE("GNU's form: names are what is left of the line, whatever they hold") {
        CHECK(name_in(sha256 + "  a b ") == "a b ");
        CHECK(name_in(sha256 + " *a\\nb") == "a\\nb");
        CHECK(name_in(sha256 + "   a") == " a");
        CHECK(name_in(sha256 + "  *a") == "*a");
        CHECK(name_in(sha256 + " a") == "a");
        CHECK(name_in(sha256 + "\ta") == "a");
        CHECK(name_in(sha256 + "  d/e.tar.gz") == "d/e.tar.gz");
        CHECK(name_in(sha256 + "  SHA256 (x) = " + md5) == "SHA256 (x) = " + md5);
        CHECK(name_in("  " + sha256 + "  a") == "a");
        CHECK(name_in(upper(sha256) + "  A") == "A");
    }

    TEST_CASE("BSD's form: the tag tells the algorithm") {
        CHECK(read("MD5 (a) = " + md5 + "\nSHA1 (b) = " + sha1 + "\nSHA224 (c) = " + sha224 +
                   "\nSHA256(d)= " + sha256 + "\nsha-384 (e)=" + sha384 +
                   "\nSHA2-512(f)= " + upper(sha512) + " \n") == names{{"a", "md5=" + md5},
                                                                       {"b", "sha-1=" + sha1},
                                                                       {"c", "sha-224=" + sha224},
                                                                       {"d", "sha-256=" + sha256},
                                                                       {"e", "sha-384=" + sha384},
                                                                       {"f", "sha-512=" + sha512}});
        CHECK(name_in("SHA256 (a (1) = b) = " + sha256) == "a (1) = b");
    }

    TEST_CASE("a backslash before the checksum says that the name is escaped") {
        CHECK(name_in("\\" + sha256 + "  a\\\\b\\nc\\rd") == "a\\b\nc\rd");
        CHECK(name_in("\\SHA256 (a\\\\b\\nc) = " + sha256) == "a\\b\nc");
        CHECK(refusal("\\" + sha256 + "  a\\tb") == "line 1: the name holds a bad escape");
        CHECK(refusal("\\" + sha256 + "  a\\") == "line 1: the name holds a bad escape");
        CHECK(refusal("\\\\" + sha256 + "  a") ==
              "line 1: neither 'HEX  NAME' nor 'ALGO (NAME) = HEX'");
    }

    TEST_CASE("blank lines, comments, a BOM and CR before LF are passed over") {
        CHECK(name_in("\xEF\xBB\xBF# one\r\n\r\n \t\n  # two\n" + sha256 + "  a\r\n\n") == "a");
    }

    TEST_CASE("./ before a name is dropped") {
        for (const char* name : {"./a", "././a", ".//a", ".///./a"}) {
            CHECK(name_in(sha256 + "  " + name) == "a");
        }
        CHECK(name_in("SHA256 (./d/./a) = " + sha256) == "d/./a");
        CHECK(name_in(sha256 + "  ../a") == "../a");
        CHECK(name_in(sha256 + "  .a") == ".a");
        for (const char* name : {"./", ".//", "././"}) {
            CHECK(refusal(sha256 + "  " + name) == "line 1: the name is empty");
        }
    }

    TEST_CASE("what is no checksum is passed over with its line") {
        const auto neither = "line 2: neither 'HEX  NAME' nor 'ALGO (NAME) = HEX'";
        const auto refused = [](const std::string& line) { return refusal("# one\n" + line); };
        CHECK(refused("nonsense") == neither);
        CHECK(refused(sha256) == neither);
        CHECK(refused(sha256 + "x  a") == neither);
        CHECK(refused("-----BEGIN PGP SIGNED MESSAGE-----") == neither);
        CHECK(refused("SHA256 )a( = " + sha256) == neither);
        CHECK(refused("SHA256 (a = " + sha256) == neither);
        CHECK(refused(sha256.substr(1) + "  a") ==
              "line 2: 63 digits are no checksum of a known algorithm");
        CHECK(refused(md5 + sha512 + "  a") ==
              "line 2: 160 digits are no checksum of a known algorithm");
        CHECK(refused(sha256 + " ") == "line 2: the name is empty");
        CHECK(refused(sha256 + "  ") == "line 2: the name is empty");
        CHECK(refused("SHA256 () = " + sha256) == "line 2: the name is empty");
        CHECK(refused(sha256 + "  a\0b"s) == "line 2: the name holds a NUL");
        CHECK(refused("SHA256 (a)") == "line 2: 'ALGO (NAME)' without '= HEX'");
        CHECK(refused("SHA256 (a) " + sha256) == "line 2: 'ALGO (NAME)' without '= HEX'");
        CHECK(refused("SHA256 (a) = " + sha1) == "line 2: the value is not 64 hexadecimal digits");
        CHECK(refused("MD5 (a) = " + std::string(32, 'g')) ==
              "line 2: the value is not 32 hexadecimal digits");
        CHECK(refused("SHA1 (a) =") == "line 2: the value is not 40 hexadecimal digits");
        for (const char* tag : {"BLAKE2b", "SHA512/256", "SHA2-512/256", "SHA3-256", "", "SIZE"}) {
            CAPTURE(tag);
            CHECK(refused(std::string(tag) + " (a) = " + sha256) ==
                  "line 2: the algorithm is not known");
        }
    }

    TEST_CASE("a file without a single checksum has nothing that is used") {
        CHECK(refusal("") == "");
        CHECK(refusal("\n# nothing\n\n") == "");
    }

    TEST_CASE("lines that hold no checksum are counted, and the others are used") {
        checksum_list list;
        const auto lines = list.add("Hash: SHA256\n\n" + sha256 + "  a\n" + sha256.substr(1) +
                                    "  b\n" + md5 + "  c\nBLAKE2b (a) = " + sha256 + "\n");
        CHECK(lines.used == 2);
        CHECK(lines.passed_over == 3);
        CHECK(lines.first == "line 1: neither 'HEX  NAME' nor 'ALGO (NAME) = HEX'");
        CHECK(list.by_name() == names{{"a", "sha-256=" + sha256}, {"c", "md5=" + md5}});
    }

    TEST_CASE("a name may come several times, and every value of the strongest kind counts") {
        const std::string other(64, '0');
        CHECK(read(sha256 + "  a\n" + upper(sha256) + " *./a\nSHA256 (a) = " + sha256) ==
              names{{"a", "sha-256=" + sha256}});
        CHECK(read(sha256 + "  a\n" + sha256 + "  b\nSHA256 (./a) = " + other + "\n" + md5 +
                   "  a\n") ==
              names{{"a", "sha-256=" + sha256 + ",sha-256=" + other}, {"b", "sha-256=" + sha256}});
    }

    TEST_CASE("of several algorithms the strongest counts, in whatever order they come") {
        const names wanted{{"a", "sha-512=" + sha512}};
        CHECK(read(md5 + "  a\n" + sha512 + "  a\n" + sha256 + "  a\n") == wanted);
        CHECK(read(sha512 + "  a\n" + sha256 + "  a\n" + md5 + "  a\n") == wanted);
    }

    TEST_CASE("several files add up") {
        checksum_list list;
        CHECK(list.add(sha256 + "  a\n").used == 1);
        CHECK(list.add(sha256 + "  a\n" + md5 + "  b\n").used == 2);
        CHECK(list.add(std::string(64, '0') + "  a\n").used == 1);
        CHECK(list.add("").used == 0);
        CHECK(list.by_name() ==
              names{{"a", "sha-256=" + sha256 + ",sha-256=" + std::string(64, '0')},
                    {"b", "md5=" + md5}});
    }
}
