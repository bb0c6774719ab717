#include "core/file_name.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/utf8.hpp"
#include "unit/core/outcomes.hpp"

using asyncdl::errc;
using namespace asyncdl::core;

namespace {

struct row {
    std::string given, wanted;
};

std::string derived(const std::string& text) {
    return derived_name(*url::parse(text));
}

std::string given_or_derived(std::string_view disposition) {
    return served_name(disposition, *url::parse("http://h/a/from-url"), false);
}

bool is_safe(const std::string& name) {
    const bool separated = name.find_first_of("/\\") != std::string::npos;
    const bool controlled = std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    return !separated && !controlled && name != "." && name != ".." &&
           name.size() <= max_name_bytes && utf8::valid(name);
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/file_name");

TEST_CASE("a given name is resolved below the directory") {
    const std::vector<row> rows{
        {"a", "a"},
        {"a/b.txt", "a/b.txt"},
        {"./a", "a"},
        {"a/./b", "a/b"},
        {"a//b///c", "a/b/c"},
        {"a/../b", "b"},
        {"a/b/../../c", "c"},
        {"..a/b..", "..a/b.."},
        {"...", "..."},
        {"a\\b", "a\\b"},
        {" a ", " a "},
        {"\xff", "\xff"},
        {std::string(244, 'x'), std::string(244, 'x')},
        {std::string(255, 'x') + "/a", std::string(255, 'x') + "/a"},
    };
    for (const auto& [given, wanted] : rows) {
        CAPTURE(given);
        const auto name = checked_name(given);
        REQUIRE(name);
        CHECK(*name == wanted);
    }
}

TEST_CASE("a given name that is none, or leads elsewhere, is refused") {
    const std::vector<std::string> bad{
        "",
        "/",
        "/a",
        "//a",
        "a/",
        ".",
        "..",
        "./",
        "a/.",
        "a/..",
        "a/b/..",
        "../a",
        "./../a",
        "a/../../b",
        "a/../../a/b",
        "a/../..",
        std::string("a\0b", 3),
        std::string("\0", 1),
        std::string(245, 'x'),
        "d/" + std::string(245, 'x'),
        std::string(256, 'x') + "/a",
    };
    for (const std::string& given : bad) {
        CAPTURE(given);
        const auto name = checked_name(given);
        REQUIRE_FALSE(name);
        CHECK(name.error().code() == errc::name);
    }
}

TEST_CASE("a URL gives the last segment of its path, decoded where that is UTF-8") {
    const std::vector<row> rows{
        {"http://h/a/b.txt", "b.txt"},
        {"http://h/a/b.txt?c=d/e", "b.txt"},
        {"http://h", "index.html"},
        {"http://h/a/", "index.html"},
        {"http://h/a/?x", "index.html"},
        {"http://h/a%20b", "a b"},
        {"http://h/%20", "index.html"},
        {"http://h/%C3%A4.txt", "\xc3\xa4.txt"},
        {"http://h/%E4.txt", "%E4.txt"},
        {"http://h/100%", "100%"},
        {"http://h/%2541", "%41"},
        {"http://h/a%00b", "a_b"},
        {"http://h/a%2Fb", "a_b"},
        {"http://h/..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd"},
        {"http://h/..%5C..%5Cx", ".._.._x"},
        {"http://h/..\\..\\x", ".._.._x"},
        {"http://h/%2e%2e", "index.html"},
        {"http://h/%2e", "index.html"},
        {"http://h/C%3Ax", "C_x"},
        {"http://h/%1b%5B31mred", "_[31mred"},
        {"http://h/x%0A", "x_"},
        {"http://h/.htaccess", ".htaccess"},
    };
    for (const auto& [given, wanted] : rows) {
        CAPTURE(given);
        CHECK(derived(given) == wanted);
    }
}

TEST_CASE("a response's name counts before the URL's") {
    const std::vector<row> rows{
        {"attachment; filename=a.txt", "a.txt"},
        {"attachment; filename=\"a b.txt\"", "a b.txt"},
        {"attachment; filename=a; filename*=UTF-8''%c3%a4", "\xc3\xa4"},
        {"inline; filename=\"a%20b\"", "a b"},
        {"filename=\" a \"", "a"},
        {"filename=C:x", "C_x"},
        {"filename=\"a\x01\x7f\"", "a__"},
        {"filename*=UTF-8''a%0d%0ab%00", "a__b_"},
        {"filename*=ISO-8859-1''a%85", "a_"},
        {"filename=" + std::string(300, 'x') + ".gz", std::string(241, 'x') + ".gz"},
        {"filename=.htaccess", "_htaccess"},
    };
    for (const auto& [given, wanted] : rows) {
        CAPTURE(given);
        CHECK(given_or_derived(given) == wanted);
    }
}

TEST_CASE("only the last part of a response's name is taken") {
    const std::vector<row> rows{
        {"filename=/etc/passwd", "passwd"},
        {"filename=../../x", "x"},
        {"filename=..\\..\\x", "x"},
        {"filename=\"C:\\\\dir\\\\x\"", "x"},
        {"filename=\"..%2f..%2Fx\"", "x"},
        {"filename*=UTF-8''..%2f..%5Cx", "x"},
        {"filename=a/b\\c", "c"},
        {"filename=a\\b/c", "c"},
        {"filename=//x", "x"},
        {"filename=dir/C:x", "C_x"},
    };
    for (const auto& [given, wanted] : rows) {
        CAPTURE(given);
        CHECK(given_or_derived(given) == wanted);
    }
}

TEST_CASE("where a response gives no usable name the URL does") {
    for (const char* given :
         {"", "attachment", "filename=", "filename=\"\"", "filename=\" \"", "filename=.",
          "filename=..", "filename=\" .. \"", "filename=/", "filename=a/", "filename=\"a\\\\\"",
          "filename=a/..", "filename=../.", "filename=%2e%2e", "filename*=UTF-8''%2e%2e%2f",
          "filename*=UTF-16''x", "name=x"}) {
        CAPTURE(given);
        CHECK(given_or_derived(given) == "from-url");
    }
    CHECK(served_name("attachment", *url::parse("http://h/"), false) == "index.html");
}

TEST_CASE("a name that the server chose is no hidden file and no option") {
    const std::vector<row> rows{
        {"filename=.bashrc", "_bashrc"},
        {"filename=-rf", "_rf"},
        {"filename=\"--x y\"", "_-x y"},
        {"filename=...", "_.."},
        {"filename=a/.b", "_b"},
        {"filename*=UTF-8''%2Ehidden", "_hidden"},
        {"filename*=UTF-8''%2D%2Dall", "_-all"},
        {"filename=a.-b", "a.-b"},
        {"filename=_.x", "_.x"},
    };
    for (const auto& [given, wanted] : rows) {
        CAPTURE(given);
        CHECK(given_or_derived(given) == wanted);
    }
    const url hidden = *url::parse("http://h/a/.hidden");
    CHECK(derived_name(hidden) == ".hidden");
    CHECK(served_name("attachment", hidden, false) == ".hidden");
    CHECK(served_name("attachment", hidden, true) == "_hidden");
    CHECK(served_name(hidden) == "_hidden");
    CHECK(served_name(*url::parse("http://h/-")) == "_");
}

TEST_CASE("any text is made a safe name") {
    const std::vector<row> rows{
        {"", ""},
        {" \t ", ""},
        {".", ""},
        {"..", ""},
        {" .. ", ""},
        {"...", "..."},
        {"/", "_"},
        {"../../etc/passwd", ".._.._etc_passwd"},
        {"\\\\host\\share", "__host_share"},
        {"C:\\x", "C__x"},
        {"c:x", "c_x"},
        {"C:", "C_"},
        {"1:x", "1:x"},
        {"ab:c", "ab:c"},
        {"a\x7f\x1f\nb", "a___b"},
        {"a\xc2\x80\xc2\x9f\xc2\xa0z", "a__\xc2\xa0z"},
        {"a\xff\xc3(\xe2\x82", "a__(__"},
        {"\xc0\xae\xc0\xae\xc0\xaf", "______"},
        {"  a  b  ", "a  b"},
        {std::string("a\0b", 3), "a_b"},
    };
    for (const auto& [given, wanted] : rows) {
        CAPTURE(given);
        CHECK(safe_name(given) == wanted);
    }
}

TEST_CASE("a long name is cut between characters and keeps its extension") {
    CHECK(safe_name(std::string(244, 'x')) == std::string(244, 'x'));
    CHECK(safe_name(std::string(300, 'x')) == std::string(244, 'x'));
    CHECK(safe_name(std::string(300, 'x') + ".tar.gz") == std::string(241, 'x') + ".gz");
    const std::string longest_extension = "." + std::string(19, 'e');
    CHECK(safe_name(std::string(300, 'x') + longest_extension) ==
          std::string(224, 'x') + longest_extension);
    CHECK(safe_name(std::string(300, 'x') + longest_extension + "e") == std::string(244, 'x'));
    CHECK(safe_name("." + std::string(300, 'x')) == "." + std::string(243, 'x'));

    std::string umlauts;
    for (int i = 0; i < 200; ++i) {
        umlauts += "\xc3\xa4";
    }
    CHECK(safe_name(umlauts) == umlauts.substr(0, 244));
    CHECK(safe_name("x" + umlauts) == "x" + umlauts.substr(0, 242));
    CHECK(safe_name(umlauts + ".gz") == umlauts.substr(0, 240) + ".gz");
}

TEST_CASE("a name is cut to what a file system takes, between characters, with its extension") {
    const std::string long_name = std::string(200, 'x') + ".tar.gz";
    CHECK(shortened_name(long_name, 244) == long_name);
    CHECK(shortened_name(long_name, 207) == long_name);
    CHECK(shortened_name(long_name, 206) == std::string(200, 'x') + ".ta.gz");
    CHECK(shortened_name(long_name, 132) == std::string(129, 'x') + ".gz");
    CHECK(shortened_name(long_name, 6) == "xxx.gz");
    CHECK(shortened_name(long_name, 5) == "xxxxx");
    CHECK(shortened_name(long_name, 1) == "x");
    CHECK(shortened_name("\xc3\xa4\xc3\xa4.gz", 6) == "\xc3\xa4.gz");
    CHECK(shortened_name("\xf0\x9f\x98\x80.gz", 3) == "_");
    CHECK(shortened_name("." + std::string(200, ' ') + "x", 132) == "_");
    CHECK(shortened_name("a" + std::string(200, ' ') + "x", 132) == "a");
    CHECK(shortened_name(std::string(10, 'x') + ".part" + std::string(200, 'y'), 15) ==
          std::string(10, 'x') + ".par_");
    CHECK(shortened_name("a/" + std::string(200, 'f') + "/" + long_name, 132) ==
          "a/" + std::string(200, 'f') + "/" + std::string(129, 'x') + ".gz");
    CHECK(shortened_name("a/" + long_name, 207) == "a/" + long_name);
    CHECK(shortened_name("a/", 132) == "a/_");
    // What was cut before, to another length, makes no difference.
    CHECK(shortened_name(safe_name(std::string(300, 'x') + ".gz"), 132) ==
          shortened_name(std::string(300, 'x') + ".gz", 132));
}

TEST_CASE("a cut bares neither blanks nor dot names") {
    CHECK(safe_name("." + std::string(300, ' ') + "x") == "");
    CHECK(safe_name(".." + std::string(300, ' ') + "x") == "");
    CHECK(safe_name("a" + std::string(300, ' ') + "x") == "a");
}

TEST_CASE("no text makes an unsafe name") {
    std::mt19937 dice(20240607);
    const std::vector<std::string> pieces{"/",
                                          "\\",
                                          ".",
                                          "..",
                                          " ",
                                          "\t",
                                          ":",
                                          "C:",
                                          "a",
                                          "\xc3\xa4",
                                          "\xe2\x82\xac",
                                          "\xf0\x9f\x98\x80",
                                          "\xc2\x85",
                                          "\xff",
                                          "\x80",
                                          "\xc3",
                                          "\xe2\x82",
                                          "\n",
                                          std::string(1, '\0'),
                                          "\x7f",
                                          ".gz",
                                          std::string(60, 'x'),
                                          std::string(60, ' '),
                                          "%2f"};
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        for (std::size_t left = dice() % 16; left > 0; --left) {
            text += pieces[dice() % pieces.size()];
        }
        const std::string name = safe_name(text);
        if (!is_safe(name)) {
            FAIL("unsafe: " << name);
        }
        CHECK(safe_name(name) == name);
        if (!name.empty()) {
            const auto checked = checked_name(name);
            REQUIRE(checked);
            CHECK(*checked == name);
            CHECK(is_safe(numbered_name(name, 4294967295)));
        }
    }
}

TEST_CASE("a number goes before the last extension of the last part") {
    CHECK(numbered_name("a.txt", 1) == "a.1.txt");
    CHECK(numbered_name("a", 12) == "a.12");
    CHECK(numbered_name("a.tar.gz", 1) == "a.tar.1.gz");
    CHECK(numbered_name(".x", 1) == ".x.1");
    CHECK(numbered_name(".x.y", 1) == ".x.1.y");
    CHECK(numbered_name("d.e/a", 2) == "d.e/a.2");
    CHECK(numbered_name("d/e/a.b", 2) == "d/e/a.2.b");
    CHECK(numbered_name(std::string(244, 'x'), 10) == std::string(241, 'x') + ".10");
    CHECK(numbered_name("d/" + std::string(240, 'x') + ".txt", 4294967295) ==
          "d/" + std::string(229, 'x') + ".4294967295.txt");
    CHECK(numbered_name("d/" + std::string(132, 'x') + ".gz", 10, 132) ==
          "d/" + std::string(126, 'x') + ".10.gz");
    CHECK(numbered_name("abc", 1, 3) == "a.1");
    CHECK(numbered_name("abc", 100, 3) == "a.100");
    // what is too long for an extension is none
    CHECK(numbered_name("a." + std::string(242, 'e'), 1) == "a." + std::string(240, 'e') + ".1");
}

TEST_CASE("no control of the direction turns a name around") {
    CHECK(safe_name("a\u202etxt.exe") == "a_txt.exe");
    CHECK(safe_name("\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069") == "________");
    CHECK(safe_name("\u2029\u202f\u2065\u206a") == "\u2029\u202f\u2065\u206a");
}

TEST_CASE("server text for a person holds no control character and is valid UTF-8") {
    CHECK(printable("") == "");
    CHECK(printable("Not Found") == "Not Found");
    CHECK(printable("a\x1b[2Jb\r\n\t\x7f") == "a[2Jb");
    CHECK(printable("a\xc2\x9b\x32Jb") == "a2Jb");
    CHECK(printable("a\u202a\u202eb\u2066\u2069c\u2029\u2065") == "abc\u2029\u2065");
    CHECK(printable("\x9b\x32J") == "\xef\xbf\xbd\x32J");
    CHECK(printable("\xc3\xa4\xff") == "\xc3\xa4\xef\xbf\xbd");
    CHECK(printable(std::string("a\0b", 3)) == "ab");
    CHECK(printable(std::string(300, 'x')).size() == 200);
    CHECK(printable("ab\xc3\xa4", 3) == "ab");
    CHECK(printable("ab\xc3\xa4", 4) == "ab\xc3\xa4");
    CHECK(printable("ab\xff", 4) == "ab");
    CHECK(printable("abc", 0) == "");
    CHECK(printable("\x1b\x1b\x1b"
                    "abc",
                    3) == "abc");
}

TEST_CASE("no derived name is that of another download's part file or state") {
    CHECK(safe_name("x.part") == "x.part_");
    CHECK(safe_name("X.PART.State") == "X.PART.State_");
    CHECK(safe_name("x.partial") == "x.partial");
    CHECK(safe_name(std::string(239, 'x') + ".part") == std::string(239, 'x') + ".par_");
}

TEST_SUITE_END();
