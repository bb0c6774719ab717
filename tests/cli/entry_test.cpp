#include "cli/entry.hpp"

#include <doctest/doctest.h>

using namespace asyncdl;
using namespace asyncdl::cli;

TEST_SUITE("cli/entry") {
    TEST_CASE("what begins with http or https is a URL, in any case, whatever follows") {
        for (const char* text : {"http://h/", "HTTPS://h/", "hTTp://", "http://h/?u=http://i/",
                                 "https://u:p@h/a=https://b"}) {
            const auto request = parse_entry(text);
            CHECK(request.urls == std::vector<std::string>{text});
            CHECK(request.file_name.empty());
            CHECK_FALSE(request.rejection.failed());
        }
    }

    TEST_CASE("NAME=URL is split at the first URL after an equals sign") {
        const auto check = [](const char* text, const char* name, const char* url) {
            const auto request = parse_entry(text);
            CHECK(request.file_name == name);
            CHECK(request.urls == std::vector<std::string>{url});
        };
        check("a=http://h/", "a", "http://h/");
        check("a=b=https://h/=http://i/", "a=b", "https://h/=http://i/");
        check("a b/c=HTTP://h/", "a b/c", "HTTP://h/");
        check("ftp://x=http://h/", "ftp://x", "http://h/");
        check("-x=http://h/", "-x", "http://h/");
    }

    TEST_CASE("anything else is rejected as an invalid URL") {
        for (const char* text : {"", "-", "h/x", "http:/h", "ftp://h/", " http://h/", "a=ftp://h/",
                                 "http", "a:http://h/", "file:///etc/passwd"}) {
            CAPTURE(text);
            const auto request = parse_entry(text);
            CHECK(request.rejection == errc::invalid_url);
            CHECK(request.rejection_message == "not an http or https URL");
            CHECK(request.urls == std::vector<std::string>{text});
        }
    }

    TEST_CASE("an empty name is no safe name") {
        const auto request = parse_entry("=http://u:p@h/");
        CHECK(request.rejection == errc::name);
        CHECK(request.urls == std::vector<std::string>{"http://h/"});
    }

    TEST_CASE("what is shown of a rejected entry is short and holds no secret") {
        CHECK(parse_entry("ftp://u:secret@h/").urls[0] == "ftp://h/");
        CHECK(parse_entry(std::string(5000, 'x')).urls[0].size() == 256);
    }
}
