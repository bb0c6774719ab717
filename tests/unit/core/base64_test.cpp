#include "core/base64.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/basic_auth.hpp"

using namespace asyncdl::core;

namespace {

std::optional<std::string> decoded(std::string_view text) {
    const auto bytes = base64_decoded(text);
    if (!bytes) {
        return std::nullopt;
    }
    std::string result;
    for (const std::byte each : *bytes) {
        result += std::to_integer<char>(each);
    }
    return result;
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/base64");

TEST_CASE("the examples of RFC 4648, 10, are read") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"+/+/", "\xfb\xff\xbf"},
    };
    for (const auto& [text, wanted] : rows) {
        CAPTURE(text);
        CHECK(decoded(text) == wanted);
    }
}

TEST_CASE("padding may be missing, and bits that no byte needs may be set") {
    CHECK(decoded("Zg") == "f");
    CHECK(decoded("Zg=") == "f");
    CHECK(decoded("Zm8") == "fo");
    CHECK(decoded("Zh==") == "f");
    CHECK(decoded("Zv==") == "f");
    CHECK(decoded("Zm9=") == "fo");
}

TEST_CASE("what is no base64 is refused") {
    for (const char* text :
         {"=",       "==",     "====",  "Z",      "Z=",       "Z==",  "Z===", "Zm9vY",
          "Zg===",   "Zm8==",  "Zm9v=", "Zm9v==", "Zg==Zg==", "=Zg=", "Z=g=", "Zg=x",
          "Zg= =",   "Zg==\n", " Zg==", "Zm 9v",  "Zm9v\r\n", "Zm-_", "Zm9*", "Zm9\x80",
          "Zm9\xff", "Zm,v",   "Zm:v",  "Zm.v",   "Zm@v",     "Zm[v", "Zm`v", "Zm{v"}) {
        CAPTURE(text);
        CHECK_FALSE(decoded(text));
    }
    CHECK_FALSE(decoded(std::string_view("Zm9\0", 4)));
}

TEST_CASE("what was encoded is read back") {
    std::mt19937 dice(20240612);
    for (std::size_t size = 0; size < 100; ++size) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i) {
            bytes += static_cast<char>(dice() & 0xff);
        }
        const std::string credentials = basic_credentials(bytes, "");
        CHECK(decoded(credentials.substr(6)) == bytes + ':');
    }
}

TEST_SUITE_END();
