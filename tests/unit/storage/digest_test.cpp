#include "storage/digest.hpp"

#include <doctest/doctest.h>

#include <string_view>

namespace {

using namespace asyncdl;
using core::digest_algorithm;

std::string digest_of(digest_algorithm algorithm, std::string_view text, std::size_t step) {
    storage::digest made(algorithm);
    for (auto rest = text; !rest.empty(); rest.remove_prefix(std::min(step, rest.size())))
        made.update(std::as_bytes(std::span(rest.substr(0, step))));
    return made.finish().text();
}

// Of "abc": RFC 1321 and FIPS 180-4 (examples).
struct example {
    digest_algorithm algorithm;
    std::string_view text;
};
constexpr example examples[] = {
    {digest_algorithm::md5, "md5=900150983cd24fb0d6963f7d28e17f72"},
    {digest_algorithm::sha_1, "sha-1=a9993e364706816aba3e25717850c26c9cd0d89d"},
    {digest_algorithm::sha_224, "sha-224=23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {digest_algorithm::sha_256,
     "sha-256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {digest_algorithm::sha_384,
     "sha-384=cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {digest_algorithm::sha_512,
     "sha-512=ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

}  // namespace

TEST_SUITE("unit/storage/digest") {
    TEST_CASE("each algorithm gives the digest of its standard, in one piece or byte by byte") {
        for (const auto& [algorithm, text] : examples) {
            CHECK(digest_of(algorithm, "abc", 3) == text);
            CHECK(digest_of(algorithm, "abc", 1) == text);
            CHECK(digest_of(algorithm, "abd", 3) != text);
        }
    }

    TEST_CASE("nothing has a digest as well") {
        CHECK(digest_of(digest_algorithm::sha_256, "", 1) ==
              "sha-256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
