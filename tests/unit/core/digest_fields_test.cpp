#include "core/digest_fields.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace asyncdl::core;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

// Of `{"hello": "world"}` and a line feed, the content of RFC 9530's examples.
const std::string md5 = "UFIauregE76D7gDe0/n0JA==";
const std::string sha = "yyTATouGJ50S3R4iWotz3qq6P9Y=";
const std::string sha_256 = "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=";
const std::string sha_512 =
    "YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==";

const std::string md5_hex = "md5=50521abab7a013be83ee00ded3f9f424";
const std::string sha_hex = "sha-1=cb24c04e8b86279d12dd1e225a8b73deaaba3fd6";
const std::string sha_256_hex =
    "sha-256=44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38";
const std::string sha_512_hex =
    "sha-512=60c01a9b9d49cff8ce0134faff3bc7acb5603984c6172d5de862623874e886ae"
    "323fea60938bdfd9a0acc9164eb70f0c8e433b8b0ef267f5a4a6998ce384f7aa";

std::string text_of(const std::optional<checksum>& digest) {
    return digest ? digest->text() : "";
}

fields fields_of(const lines& given) {
    fields result;
    for (const auto& [name, value] : given) {
        result.add(name, value);
    }
    return result;
}

std::string repr(const lines& given) {
    return text_of(repr_digest(fields_of(given)));
}

std::string content(const lines& given) {
    return text_of(content_digest(fields_of(given)));
}

std::string member(const std::string& key, const std::string& base64) {
    return key + "=:" + base64 + ':';
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/digest_fields");

TEST_CASE("the digests of RFC 9530's examples are read") {
    CHECK(repr({{"Repr-Digest", member("sha-256", sha_256)}}) == sha_256_hex);
    CHECK(repr({{"repr-digest", member("sha-512", sha_512)}}) == sha_512_hex);
    CHECK(content({{"Content-Digest", member("sha-256", sha_256)}}) == sha_256_hex);
    CHECK(content({{"Content-Digest", member("sha-256", sha_256) + ", " +
                                          member("sha-512", sha_512)}}) == sha_512_hex);
}

TEST_CASE("each field speaks for itself") {
    CHECK(repr({{"Content-Digest", member("sha-256", sha_256)}}) == "");
    CHECK(content({{"Repr-Digest", member("sha-256", sha_256)}}) == "");
    CHECK(content({{"Digest", "SHA-256=" + sha_256}}) == "");
    CHECK(repr({{"Want-Repr-Digest", "sha-256=1"}}) == "");
    CHECK(repr({}) == "");
    CHECK(content({}) == "");
}

TEST_CASE("the strongest algorithm that is known counts, in any order") {
    const std::string weak = member("md5", md5) + ", " + member("sha", sha);
    CHECK(repr({{"Repr-Digest", member("md5", md5)}}) == md5_hex);
    CHECK(repr({{"Repr-Digest", weak}}) == sha_hex);
    CHECK(repr({{"Repr-Digest", weak + ", " + member("sha-256", sha_256)}}) == sha_256_hex);
    CHECK(repr({{"Repr-Digest", member("sha-256", sha_256) + ", " + weak}}) == sha_256_hex);
    CHECK(repr({{"Repr-Digest", member("sha-512", sha_512) + ',' + weak}}) == sha_512_hex);
}

TEST_CASE("what is unknown or passed over takes nothing away") {
    CHECK(repr({{"Repr-Digest", "adler=:AAAAAA==:, crc32c, unixsum=1, x=(a b);y=\"z\", " +
                                    member("sha-256", sha_256) + ";p=1;q"}}) == sha_256_hex);
    CHECK(repr({{"Repr-Digest", "adler=:AAAAAA==:"}}) == "");
    CHECK(repr({{"Repr-Digest", member("sha-1", sha)}}) == "");
    CHECK(repr({{"Repr-Digest", ""}}) == "");
}

TEST_CASE("several lines are one dictionary") {
    const std::string one = member("sha-256", sha_256), other = member("sha-512", sha_512);
    CHECK(repr({{"Repr-Digest", one}, {"X", "y"}, {"repr-digest", other}}) == sha_512_hex);
    CHECK(repr({{"Repr-Digest", one}, {"Repr-Digest", ""}}) == sha_256_hex);
    CHECK(repr({{"Repr-Digest", one}, {"Repr-Digest", "!"}}) == "");
    CHECK(repr({{"Repr-Digest", "!"}, {"Repr-Digest", one}}) == "");
}

TEST_CASE("the last word on an algorithm counts") {
    const std::string zeros = std::string(43, 'A') + '=';
    const std::string zeros_hex = "sha-256=" + std::string(64, '0');
    const std::string one = member("sha-256", sha_256), other = member("sha-256", zeros);
    CHECK(repr({{"Repr-Digest", one + ", " + other}}) == zeros_hex);
    CHECK(repr({{"Repr-Digest", other}, {"Repr-Digest", one}}) == sha_256_hex);
    CHECK(repr({{"Repr-Digest", one + ", sha-256=1, " + member("md5", md5)}}) == md5_hex);
    CHECK(repr({{"Digest", "SHA-256=" + sha_256 + ",sha-256=" + zeros}}) == zeros_hex);
}

TEST_CASE("a value of another type or length is none") {
    const std::string fallback = ", " + member("md5", md5);
    for (const std::string& value :
         {std::string("::"), ':' + sha + ':', ':' + sha_512 + ':', ":AA" + sha_256 + ':',
          ':' + sha_256 + "=:", ':' + sha_256.substr(1) + ':', ":=" + sha_256 + ':',
          std::string("1"), std::string("?1"), std::string("(:") + sha_256 + ":)",
          '"' + sha_256 + '"'}) {
        CAPTURE(value);
        CHECK(repr({{"Repr-Digest", "sha-256=" + value + fallback}}) == md5_hex);
        CHECK(repr({{"Repr-Digest", "sha-256=" + value}}) == "");
    }
    CHECK(repr({{"Repr-Digest", "sha-256" + fallback}}) == md5_hex);
}

TEST_CASE("a field that breaks its grammar is as if absent") {
    const std::string good = member("sha-256", sha_256);
    for (const std::string& value :
         {good + ',', good + ", SHA-512=:" + sha_512 + ':', good + " x", "sha-256=" + sha_256,
          "SHA-256=:" + sha_256 + ':', "sha-256=:" + sha_256, "sha-256 = :" + sha_256 + ':',
          "sha-256=: " + sha_256 + ':', good + "; ", "sha-256=:-_" + sha_256.substr(2) + ':'}) {
        CAPTURE(value);
        CHECK(repr({{"Repr-Digest", value}}) == "");
        CHECK(content({{"Content-Digest", value}}) == "");
        CHECK(repr({{"Repr-Digest", value}, {"Digest", "MD5=" + md5}}) == md5_hex);
    }
}

TEST_CASE("the older Digest is read where there is no Repr-Digest to use") {
    CHECK(repr({{"Digest", "SHA-256=" + sha_256}}) == sha_256_hex);
    CHECK(repr({{"Digest", "sha-512=" + sha_512 + ",MD5=" + md5}}) == sha_512_hex);
    CHECK(repr({{"Digest", "MD5=" + md5}, {"digest", " SHA = " + sha + ' '}}) == sha_hex);
    CHECK(repr({{"Repr-Digest", member("md5", md5)}, {"Digest", "SHA-256=" + sha_256}}) == md5_hex);
    CHECK(repr({{"Repr-Digest", "unixsum=1"}, {"Digest", "SHA-256=" + sha_256}}) == sha_256_hex);
    // the examples of RFC 3230, 4.3.2; the second sets a bit that no byte needs
    CHECK(repr({{"Digest", "md5=HUXZLQLMuI/KZ5KDcJPcOA=="}}) ==
          "md5=1d45d92d02ccb88fca6792837093dc38");
    CHECK(repr({{"Digest", "SHA=thvDyvhfIqlvFe+A9MYgxAfm1q5=,unixsum=30637"}}) ==
          "sha-1=b61bc3caf85f22a96f15ef80f4c620c407e6d6ae");
}

TEST_CASE("elements of Digest that cannot be read are passed over") {
    const std::vector<std::string> unusable{
        "unixsum=30637",
        "ADLER32=03da0195",
        "SHA-256",
        "SHA-256=",
        "SHA-256=:" + sha_256 + ':',
        "SHA-256=\"" + sha_256 + '"',
        "SHA-256=" + sha,
        "SHA-256=" + sha_256 + ";q=1",
        "SHA-256=x y",
        "=",
        "==",
        "",
        " ",
        "id-sha-256=" + sha_256,
        "SHA-256=44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38",
    };
    for (const std::string& element : unusable) {
        CAPTURE(element);
        CHECK(repr({{"Digest", element}}) == "");
        CHECK(repr({{"Digest", element + ",MD5=" + md5}}) == md5_hex);
        CHECK(repr({{"Digest", "MD5=" + md5 + ',' + element}}) == md5_hex);
    }
}

TEST_SUITE_END();
