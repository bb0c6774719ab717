#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/url.hpp"

using asyncdl::core::for_log;
using asyncdl::core::without_userinfo;

TEST_SUITE_BEGIN("unit/core/url_report");

TEST_CASE("reports show a URL as it was given, less its userinfo") {
    struct row {
        std::string given, shown;
    };
    const std::vector<row> rows{
        {"", ""},
        {"http://h/x?y#z", "http://h/x?y#z"},
        {"http://u:p@h/x", "http://h/x"},
        {"HTTP://u@h", "HTTP://h"},
        {"ftp://u:p@h/x", "ftp://h/x"},
        {"http://a@b:c@h/x@y", "http://h/x@y"},
        {"http://h/@scope/x", "http://h/@scope/x"},
        {"http://h:80/?mail=a@b", "http://h:80/?mail=a@b"},
        {"http://[::1]/@x", "http://[::1]/@x"},
        {"http://[::1]:8080/@x", "http://[::1]:8080/@x"},
        {"http://u:p@h?a@b", "http://h?a@b"},
        {"http://u:p@h#a@b", "http://h#a@b"},
        {"http://u:p@", "http://"},
        {"http://@h", "http://h"},
        {"not a url", "not a url"},
        {"http://h/\x1b[31m\n", "http://h/[31m"},
        {"http://h/\xff", "http://h/\xef\xbf\xbd"},
        {"http://h/\xc2\x9b", "http://h/"},
        // a separator that was not encoded in the password
        {"http://u:p/w@h/", "http://h/"},
        {"http://u:p?w@h/", "http://h/"},
        {"http://u:p#w@h/", "http://h/"},
        {"http://u:p:/w@h/", "http://h/"},
        {"http://u:p:80/w@h/", "http://h/"},
        {"http://u:p@w:x/y@h/", "http://h/"},
        {"http://u:p]/w@h/", "http://h/"},
        {"http://[u:p/w@h/", "http://h/"},
        // what stands between brackets is a literal address, or part of a password
        {"http://u:p@[::1]:80/a@b", "http://[::1]:80/a@b"},
        {"http://u@[x:p]/w@h/", "http://h/"},
        {"http://u@[:p@h/", "http://h/"},
        // no authority at all
        {"u:p@h/x", "u:@h/x"},
        {"http:/u:p@h/x", "http:@h/x"},
        {"u:p@h/?to=http://g/", "u:@h/?to=http://g/"},
        {"joe@h", "joe@h"},
        {"joe@h:80", "joe@h:80"},
        // control characters that hide a separator
        {"http:\x01//u:p@h/", "http://h/"},
    };
    for (const row& each : rows) {
        CAPTURE(each.given);
        CHECK(without_userinfo(each.given) == each.shown);
    }
}

TEST_CASE("a report shows all of a long URL, a log line its first 4 KiB, cut between characters") {
    const std::string begin = "http://h/" + std::string(4086, 'x');
    const std::string given = begin + "\xc3\xa4tail";
    CHECK(without_userinfo(given) == given);
    CHECK(for_log(given) == begin);
    CHECK(for_log("http://h/?" + std::string(4000, '&')).size() <= 4096);
    CHECK(without_userinfo("http://u:" + std::string(10000, 'p') + "@h/") == "http://h/");
}

TEST_CASE("log lines show no value of a query and no fragment") {
    CHECK(for_log("http://h/x") == "http://h/x");
    CHECK(for_log("http://u:p@h/x?a=1&b=2") == "http://h/x?a=...&b=...");
    CHECK(for_log("http://h/?token") == "http://h/?...");
    CHECK(for_log("http://h/?a=1=2&t0ken&=s") == "http://h/?a=...&...&=...");
    CHECK(for_log("http://h/?a=1#access_token=s") == "http://h/?a=...#...");
    CHECK(for_log("http://h/#a?b=c&d=e").find('c') == std::string::npos);
    CHECK(for_log("http://h/?") == "http://h/?...");
}

TEST_SUITE_END();
