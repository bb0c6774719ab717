#include "cli/list_parser.hpp"

#include <doctest/doctest.h>
#include <asyncdl/error.hpp>
#include <string>
#include <vector>

namespace {

using namespace asyncdl;
using namespace asyncdl::cli;

const std::string md5 = "md5=" + std::string(32, '0');

struct parsed_list {
    std::vector<download_request> entries;
    std::vector<std::string> warnings;
};

parsed_list parse(std::string_view text) {
    parsed_list result;
    list_parser parser([&](const std::string& line) { result.warnings.push_back(line); });
    parser.begin("l");
    std::uint64_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (auto entry = parser.take({text.substr(0, end), ++number, false})) {
            result.entries.push_back(*std::move(entry));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (auto entry = parser.finish()) {
        result.entries.push_back(*std::move(entry));
    }
    return result;
}

download_request parse_one(std::string_view text) {
    parsed_list result = parse(text);
    REQUIRE(result.entries.size() == 1);
    CHECK(result.warnings.empty());
    return result.entries[0];
}

// The entry is rejected with this message, and the entry after it is not.
void check_rejected(const std::string& text, errc error, const std::string& message) {
    CAPTURE(text);
    const parsed_list result = parse(text + "\nhttp://next/\n");
    REQUIRE(result.entries.size() == 2);
    CHECK(result.entries[0].rejection == error);
    CHECK(result.entries[0].rejection_message == message);
    CHECK_FALSE(result.entries[1].rejection.failed());
}

}  // namespace

TEST_SUITE("cli/list_parser") {
    TEST_CASE("a line is a URL or NAME=URL") {
        const auto list = parse("http://h/a\nb c=HTTPS://h/b?x=http://y\n http://h/c \n").entries;
        REQUIRE(list.size() == 3);
        CHECK(list[0].urls == std::vector<std::string>{"http://h/a"});
        CHECK(list[0].file_name.empty());
        CHECK(list[1].urls == std::vector<std::string>{"HTTPS://h/b?x=http://y"});
        CHECK(list[1].file_name == "b c");
        CHECK(list[2].urls == std::vector<std::string>{"http://h/c"});
    }

    TEST_CASE("blank lines and comments are passed over, also between an entry and its options") {
        const auto list =
            parse("# http://c/\n\n   \n\t\nhttp://h/a\n\n# note\n  # note\n  out=x\n#\n");
        REQUIRE(list.entries.size() == 1);
        CHECK(list.entries[0].file_name == "x");
        CHECK(parse("").entries.empty());
        CHECK(parse("\n\n#\n").entries.empty());
    }

    TEST_CASE("a bad line fails alone and shows no userinfo") {
        check_rejected("nonsense", errc::invalid_url, "l:1: not an http or https URL");
        check_rejected("ftp://u:secret@h/x", errc::invalid_url, "l:1: not an http or https URL");
        CHECK(parse_one("ftp://u:secret@h/x").urls[0] == "ftp://h/x");
        check_rejected("=http://h/", errc::name, "l:1: the file name is empty");
    }

    TEST_CASE("a line that is too long fails alone, options of it too") {
        std::vector<std::string> ignored;
        list_parser parser([](const std::string&) {});
        parser.begin("l");
        CHECK_FALSE(parser.take({"http://h/ok", 1, false}).has_value());
        const std::string text = "http://h/" + std::string(1000, 'x');
        const auto first = parser.take({text, 2, true});
        REQUIRE(first.has_value());
        CHECK_FALSE(first->rejection.failed());
        const auto second = parser.take({"http://h/ok", 3, false});
        REQUIRE(second.has_value());
        CHECK(second->rejection == errc::invalid_url);
        CHECK(second->rejection_message == "l:2: the line is longer than 64 KiB");
        CHECK(second->urls[0] == text.substr(0, 256));
        CHECK_FALSE(parser.take({"  out=xx", 4, true}).has_value());
        const auto third = parser.finish();
        CHECK(third->rejection == errc::invalid_url);
        CHECK(third->rejection_message == "l:4: the line is longer than 64 KiB");
        CHECK(third->urls[0] == "http://h/ok");
    }

    TEST_CASE("what is known of a line that is too long may be half a secret") {
        list_parser parser([](const std::string&) {});
        for (const char* text :
             {"http://user:secret", "{\"url\": \"http://user:secret@h/", "n=http://user:secret"}) {
            parser.take({text, 1, true});
            CHECK(parser.finish()->urls[0].find("secret") == std::string::npos);
        }
    }

    TEST_CASE("mirrors are separated by TABs") {
        CHECK(parse_one("http://a/x\thttps://b/x\t\t http://c/x \t").urls ==
              std::vector<std::string>{"http://a/x", "https://b/x", "http://c/x"});
        CHECK(parse_one("n=http://a/x\thttp://b/x").file_name == "n");
    }

    TEST_CASE("a mirror that cannot be spoken is passed over, with one warning for its scheme") {
        const auto list = parse(
            "http://a/x\tftp://b/x\thttp://c/x\tb\n"
            "{\"url\": \"http://a/\", \"mirrors\": [\"\", \"x\"]}\n"
            "http://a/y\tsvn+ssh://b/y\tftp://c/y\n");
        REQUIRE(list.entries.size() == 3);
        for (const auto& entry : list.entries) {
            CHECK_FALSE(entry.rejection.failed());
        }
        CHECK(list.entries[0].urls == std::vector<std::string>{"http://a/x", "http://c/x"});
        CHECK(list.entries[1].urls == std::vector<std::string>{"http://a/"});
        CHECK(list.entries[2].urls == std::vector<std::string>{"http://a/y"});
        const std::string rest =
            " is not an http or https URL and is passed over; further ones are not told";
        CHECK(list.warnings == std::vector<std::string>{"l:1: a mirror of 'ftp:'" + rest,
                                                        "l:1: a mirror" + rest,
                                                        "l:3: a mirror of 'svn+ssh:'" + rest});
    }

    TEST_CASE("a first URL of another kind stays if a mirror is left: headers are for its origin") {
        const struct {
            std::string text, name;
            std::vector<std::string> urls;
        } rows[] = {
            {"ftp://a/y\tftp://b/y\thttp://c/y\n out=n\n", "n", {"ftp://a/y", "http://c/y"}},
            {"n=ftp://a/y\thttp://b/y", "n", {"ftp://a/y", "http://b/y"}},
            {"a=b=svn+ssh://u@a/\thttp://b/", "a=b", {"svn+ssh://u@a/", "http://b/"}},
            {R"({"url": "magnet://a", "mirrors": ["ftp://b", "http://c/"], "out": "n"})",
             "n",
             {"magnet://a", "http://c/"}},
        };
        for (const auto& [text, name, urls] : rows) {
            CAPTURE(text);
            const auto list = parse(text).entries;
            REQUIRE(list.size() == 1);
            CHECK_FALSE(list[0].rejection.failed());
            CHECK(list[0].file_name == name);
            CHECK(list[0].urls == urls);
        }
    }

    TEST_CASE("an entry without a URL that can be spoken is rejected") {
        const std::string why = "l:1: not an http or https URL";
        check_rejected("ftp://a/x\tsftp://b/x\tx", errc::invalid_url, why);
        check_rejected("a\thttp://b/x", errc::invalid_url, why);
        check_rejected("n=ftp://a/x\tftp://b/x", errc::invalid_url, why);
        check_rejected("n=1ftp://a/x\thttp://b/x", errc::invalid_url, why);
        check_rejected("=ftp://a/x\thttp://b/x", errc::invalid_url, why);
        check_rejected("{\"url\": \"ftp://a\", \"mirrors\": [\"x\"]}", errc::invalid_url, why);
        check_rejected("{\"url\": \"ftp://a\"}", errc::invalid_url, why);
    }

    TEST_CASE("options belong to the entry above alone") {
        const auto list = parse("http://h/a\n  out=d/x y\n\tdir=/some where\n checksum=" + md5 +
                                "\n header=A: b\n header = C;\n"
                                "http://h/b\n")
                              .entries;
        REQUIRE(list.size() == 2);
        CHECK(list[0].file_name == "d/x y");
        CHECK(list[0].directory == "/some where");
        CHECK(list[0].checksum == md5);
        REQUIRE(list[0].headers.size() == 2);
        CHECK(list[0].headers[0].value == "b");
        CHECK(list[0].headers[1].name == "C");
        CHECK(list[1].file_name.empty());
        CHECK(list[1].directory.empty());
        CHECK(list[1].checksum.empty());
        CHECK(list[1].headers.empty());
    }

    TEST_CASE("an unknown key warns once and has no effect") {
        const auto list =
            parse("http://h/a\n split=4\n x\x1b=1\nhttp://h/b\n split=8\n referer=http://r/\n");
        REQUIRE(list.entries.size() == 2);
        CHECK_FALSE(list.entries[0].rejection.failed());
        CHECK(list.warnings ==
              std::vector<std::string>{"l:2: 'split' is not known and has no effect",
                                       "l:3: an option is not known and has no effect",
                                       "l:6: 'referer' is not known and has no effect"});
    }

    TEST_CASE("warnings do not fill the memory") {
        std::string text = "http://h/\n";
        for (int i = 0; i < 1000; ++i) {
            text += " key" + std::to_string(i) + "=1\n";
        }
        CHECK(parse(text).warnings.size() == 64);
    }

    TEST_CASE("a bad option fails its entry alone, whatever follows") {
        check_rejected("http://h/a\n header=Range: x\n out=y", errc::invalid_url,
                       "l:2: 'Range' is set by the program alone");
        check_rejected("http://h/a\n header=x", errc::invalid_url,
                       "l:2: a header is 'NAME: VALUE', 'NAME:' or 'NAME;'");
        check_rejected("http://h/a\n out=", errc::name, "l:2: out is empty");
        check_rejected("http://h/a\n dir=", errc::name, "l:2: dir is empty");
        check_rejected("http://h/a\n checksum=", errc::invalid_url, "l:2: checksum is empty");
        check_rejected("http://h/a\n checksum=md5=0", errc::invalid_url,
                       "l:2: " + check_checksum("md5=0"));
        check_rejected("http://h/a\n checksum=" + md5 + "\n checksum=x", errc::invalid_url,
                       "l:3: " + check_checksum("x"));
        check_rejected("http://h/a\n out", errc::invalid_url, "l:2: an option is KEY=VALUE");
        check_rejected("bad\n out=x\n nonsense", errc::invalid_url,
                       "l:1: not an http or https URL");
    }

    TEST_CASE("of an option with one value the last one counts, headers add up") {
        const auto entry =
            parse_one("http://h/a\n out=x\n out=y\n checksum=" + md5 +
                      "\n checksum=MD5:" + std::string(32, 'F') + "\n header=A: b\n header=A: c\n");
        CHECK(entry.file_name == "y");
        CHECK(entry.checksum == "MD5:" + std::string(32, 'F'));
        CHECK(entry.headers.size() == 2);
    }

    TEST_CASE("options without an entry above are a bad line") {
        check_rejected(" out=x", errc::invalid_url, "l:1: not an http or https URL");
    }

    TEST_CASE("a JSON object is an entry") {
        const auto entry = parse_one(
            R"(  {"url": "http://h/a", "file_name": "n\u00e4", "mirrors": ["http://i/a"], )"
            R"("headers": ["A: b", "C:"], "checksum": ")" +
            md5 + "\"}  ");
        CHECK(entry.urls == std::vector<std::string>{"http://h/a", "http://i/a"});
        CHECK(entry.file_name == "nä");
        CHECK(entry.checksum == md5);
        REQUIRE(entry.headers.size() == 2);
        CHECK(entry.headers[0].name == "A");
        CHECK(entry.headers[1].remove);
    }

    TEST_CASE("null is as if the member were left out, but for the URL") {
        const auto entry = parse_one(
            "{\"url\": \"http://h/\", \"file_name\": null, \"mirrors\": null, \"checksum\": null, "
            "\"headers\": null}");
        CHECK_FALSE(entry.rejection.failed());
        CHECK(entry.urls == std::vector<std::string>{"http://h/"});
        CHECK(entry.file_name.empty());
        CHECK(entry.checksum.empty());
        CHECK(entry.headers.empty());
        check_rejected("{\"url\": null}", errc::invalid_url, "l:1: the object has no string 'url'");
        check_rejected("{\"url\": \"http://h/\", \"mirrors\": [null]}", errc::invalid_url,
                       "l:1: 'mirrors' holds something that is not a string");
    }

    TEST_CASE("half a surrogate pair or NaN in an unknown member loses no line") {
        for (const char* value : {R"("\ud83d")", R"("\uDCA9 x")", R"("\ud83d\ud83d\udca9")",
                                  R"(["\\\ud83d", "\"\udfff"])", "NaN", "-Infinity", "[Infinity]",
                                  R"({"\ud83d": NaN})"}) {
            CAPTURE(value);
            const auto list =
                parse("{\"url\": \"http://a/NaN\", \"x\": " + std::string(value) + "}").entries;
            REQUIRE(list.size() == 1);
            CHECK_FALSE(list[0].rejection.failed());
            CHECK(list[0].urls == std::vector<std::string>{"http://a/NaN"});
        }
        CHECK(parse(R"({"url": "http://a/", "out": "\ud83d\uDCA9", "x": NaN})")
                  .entries[0]
                  .file_name == "\xf0\x9f\x92\xa9");
    }

    TEST_CASE("half a surrogate pair or NaN in a member that counts is rejected") {
        const auto bad = errc::invalid_url;
        check_rejected(R"({"url": "http://a/\ud83d"})", bad, "l:1: 'url' holds half a character");
        check_rejected(R"({"url": "http://a/", "out": "\udca9"})", bad,
                       "l:1: 'out' holds half a character");
        check_rejected(R"({"url": "http://a/", "mirrors": ["\udca9"]})", bad,
                       "l:1: 'mirrors' holds half a character");
        check_rejected(R"({"url": "http://a/", "out": NaN})", bad, "l:1: 'out' is not a string");
        check_rejected(R"({"url": NaN})", bad, "l:1: the object has no string 'url'");
        check_rejected(R"({"url": "http://a/", "x": nan})", bad, "l:1: not a JSON object");
    }

    TEST_CASE("out is the file name of a JSON object too") {
        CHECK(parse_one(R"({"url": "http://a/", "out": "d/n"})").file_name == "d/n");
        CHECK(parse_one(R"({"url": "http://a/", "out": null})").file_name.empty());
        check_rejected(R"({"url": "http://a/", "out": ""})", errc::name, "l:1: 'out' is empty");
    }

    TEST_CASE("the order of a JSON object's members is free") {
        CHECK(parse_one(R"({"mirrors": ["http://b/"], "url": "http://a/"})").urls ==
              std::vector<std::string>{"http://a/", "http://b/"});
    }

    TEST_CASE("the forms may be mixed, and options may follow an object") {
        const auto list = parse(
                              "{\"url\": \"http://h/a\"}\n out=x\nhttp://h/b\n{\"url\": "
                              "\"http://h/c\"}\ny=http://h/d\n")
                              .entries;
        REQUIRE(list.size() == 4);
        CHECK(list[0].file_name == "x");
        CHECK(list[1].urls[0] == "http://h/b");
        CHECK(list[2].urls[0] == "http://h/c");
        CHECK(list[3].file_name == "y");
    }

    TEST_CASE("unknown members of an object warn once") {
        const auto list = parse(
            "{\"url\": \"http://h/\", \"size\": 1}\n{\"url\": \"http://h/\", \"size\": null}\n");
        CHECK(list.entries.size() == 2);
        CHECK(list.warnings ==
              std::vector<std::string>{"l:1: 'size' is not known and has no effect"});
    }

    TEST_CASE("broken JSON and wrong types fail their entry alone") {
        const auto bad = errc::invalid_url;
        check_rejected("{", bad, "l:1: not a JSON object");
        check_rejected("{\"url\": \"http://h/\"} x", bad, "l:1: not a JSON object");
        check_rejected("{\"url\": \"http://h/\",}", bad, "l:1: not a JSON object");
        check_rejected("{\"url\": \"http://h/\xff\"}", bad, "l:1: not a JSON object");
        check_rejected("{" + std::string(60000, '['), bad, "l:1: not a JSON object");
        check_rejected("{}", bad, "l:1: the object has no string 'url'");
        check_rejected("{\"url\": 1}", bad, "l:1: the object has no string 'url'");
        check_rejected("{\"url\": \"x=http://h/\"}", bad, "l:1: not an http or https URL");
        const std::string begin = "{\"url\": \"http://h/\", ";
        check_rejected(begin + "\"file_name\": 1}", bad, "l:1: 'file_name' is not a string");
        check_rejected(begin + "\"file_name\": 1}", bad, "l:1: 'file_name' is not a string");
        check_rejected(begin + "\"file_name\": \"\"}", errc::name, "l:1: 'file_name' is empty");
        check_rejected(begin + "\"checksum\": []}", bad, "l:1: 'checksum' is not a string");
        check_rejected(begin + "\"checksum\": \"\"}", bad, "l:1: 'checksum' is empty");
        check_rejected(begin + "\"checksum\": \"md5=0\"}", bad, "l:1: " + check_checksum("md5=0"));
        check_rejected(begin + "\"mirrors\": \"http://m/\"}", bad,
                       "l:1: 'mirrors' is not an array");
        check_rejected(begin + "\"mirrors\": [1]}", bad,
                       "l:1: 'mirrors' holds something that is not a string");
        check_rejected(begin + "\"headers\": {\"A\": \"b\"}}", bad,
                       "l:1: 'headers' is not an array");
        check_rejected(begin + "\"headers\": [\"A: b\\r\\nC: d\"]}", bad,
                       "l:1: the value of 'A' holds a control character");
    }

    TEST_CASE("a broken object shows nothing of itself") {
        CHECK(parse_one("{\"url\": \"http://u:secret@h/").urls[0] == "l:1");
        CHECK(parse_one("{\"url\": \"ftp://u:secret@h/\"}").urls[0] == "ftp://h/");
    }
    TEST_CASE("of a wrong line that may hold credentials only the place is shown") {
        for (const char* line :
             {"header=Authorization: Bearer secret", " header = Cookie: secret",
              "http-passwd=secret", "[{\"headers\": [\"Authorization: secret\"]}]",
              "\"headers\": [\"Authorization: secret\"]", "{\"headers\": \"secret\""}) {
            CAPTURE(line);
            const auto list = parse(std::string(line) + "\nhttp://next/\n");
            REQUIRE(list.entries.size() == 2);
            CHECK(list.entries[0].rejection == errc::invalid_url);
            CHECK(list.entries[0].urls[0] == "l:1");
            CHECK(list.entries[0].rejection_message.find("secret") == std::string::npos);
        }
        CHECK(parse_one("header=http://h/a").file_name == "header");
        CHECK(parse("http://h/\n Authorization: Basic secret=\n").warnings ==
              std::vector<std::string>{"l:2: an option is not known and has no effect"});
    }

    TEST_CASE("of a line that is too long and may hold credentials only the place is shown") {
        list_parser parser([](const std::string&) {});
        parser.begin("l");
        parser.take({"header=Referer: secret http://h/x", 1, true});
        CHECK(parser.finish()->urls[0] == "l:1");
    }
}
