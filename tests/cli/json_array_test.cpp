// A JSON array in a list, as the program reads it: cut into its entries by the line splitter, which
// may get it in any pieces, then parsed.

#include "cli/json_array.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <asyncdl/error.hpp>
#include <string>
#include <vector>

#include "cli/line_splitter.hpp"
#include "cli/list_parser.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::cli;
using words = std::vector<std::string>;

const std::string not_json = "not a JSON object";
const std::string no_url = "not an http or https URL";
const std::string unfinished = "the list ends within its JSON array";

std::string broken(int until) {
    return "broken JSON, passed over up to line " + std::to_string(until);
}

// The URL of each entry, or what is wrong with it; then the warnings.
words read(std::string_view text, std::size_t block) {
    words result;
    words warnings;
    const auto keep = [&](const std::optional<download_request>& entry) {
        if (entry) {
            const bool bad = entry->rejection.failed();
            CHECK((!bad || entry->rejection == errc::invalid_url));
            result.push_back(bad ? entry->rejection_message : entry->urls.front());
        }
    };
    line_splitter lines;
    list_parser parser([&](const std::string& line) { warnings.push_back(line); });
    parser.begin("l");
    while (!text.empty()) {
        const std::span<char> space = lines.space();
        REQUIRE(space.size() >= line_splitter::block_size);
        const std::size_t size = std::min({block, space.size(), text.size()});
        std::copy_n(text.begin(), size, space.begin());
        lines.received(size);
        text.remove_prefix(size);
        if (text.empty()) {
            lines.finish();
        }
        while (const auto line = lines.next()) {
            keep(parser.take(*line));
        }
    }
    keep(parser.finish());
    result.insert(result.end(), warnings.begin(), warnings.end());
    return result;
}

// The same, however it is cut on its way.
words read(std::string_view text) {
    CAPTURE(text);
    const words whole = read(text, line_splitter::block_size);
    CHECK(read(text, 1) == whole);
    CHECK(read(text, 7) == whole);
    return whole;
}

std::string object(std::string_view url) {
    return "{\"url\": \"http://" + std::string(url) + "\"}";
}

// An entry of exactly this many bytes.
std::string long_entry(std::size_t size, char letter = 'x') {
    const std::string begin = "{\"url\": \"http://h/\", \"note\": \"";
    return begin + std::string(size - begin.size() - 2, letter) + "\"}";
}

}  // namespace

TEST_SUITE("cli/json_array") {
    TEST_CASE("an array is read whatever its layout") {
        const words both{"http://a", "http://b"};
        const std::string a = object("a");
        const std::string b = object("b");
        for (const std::string& text :
             {"[" + a + "," + b + "]", "[\n  " + a + ",\n  " + b + "\n]\n",
              "[\r\n" + a + "\r\n,\r\n" + b + "\r\n]\r\n",
              "\xEF\xBB\xBF [ " + a + "\t,\n" + b + "]",
              std::string("[{\n  \"url\":\n    \"http://a\"\n}, {\n  \"url\": \"http://b\"\n}]"),
              "\n# a comment\n[\n" + a + "," + b + "]", "[" + a + "][" + b + "]",
              "[" + a + "]\n[\n" + b + "\n]", "[" + a + "\n" + b + "]",
              "[\n,," + a + ",,\n" + b + ",]", "[]" + a + "\n" + b, "[" + a + "]" + b}) {
            CHECK(read(text) == both);
        }
    }

    TEST_CASE("an empty array is an empty list") {
        for (const char* text :
             {"[]", "[\n]\n", " [ \t\r\n\r\n ] ", "\xEF\xBB\xBF[]", "[][]\n[]"}) {
            CHECK(read(text).empty());
        }
    }

    TEST_CASE("an entry of an array has all the members of one on a line") {
        line_splitter lines;
        list_parser parser([](const std::string&) {});
        const std::string text =
            "[{\n\"url\": \"http://a/\",\n\"out\": \"x]}\\\"{\",\n\"mirrors\": "
            "[\n\"http://b/\"\n],\n"
            "\"headers\": [\"A: b\"]\n}]";
        const auto space = lines.space();
        std::copy(text.begin(), text.end(), space.begin());
        lines.received(text.size());
        CHECK_FALSE(parser.take(*lines.next()).has_value());
        const auto entry = parser.take(*lines.next());
        REQUIRE(entry.has_value());
        CHECK(entry->urls == words{"http://a/", "http://b/"});
        CHECK(entry->file_name == "x]}\"{");
        CHECK(entry->headers.size() == 1);
        CHECK_FALSE(parser.pending());
    }

    TEST_CASE("the forms may be mixed") {
        CHECK(read("http://1\n out=x\n[" + object("2") + "]\nhttp://3\n" + object("4") +
                   "\nn=http://5\n[\n" + object("6") + "\n]") ==
              words{"http://1", "http://2", "http://3", "http://4", "http://5", "http://6"});
    }

    TEST_CASE("the array's entries take no options, wherever these stand") {
        const std::string bad = no_url;
        CHECK(read("[" + object("a") + "]\n out=x\nhttp://b") ==
              words{"http://a", "l:2: " + bad, "http://b"});
        CHECK(read("[" + object("a") + "] out=x") == words{"http://a", "l:1: " + bad});
    }

    TEST_CASE("a name that begins with a bracket is a name") {
        for (const char* name : {"[HD] x", "[1080p]", "[", "[[a]] b"}) {
            CHECK(read(std::string(name) + "=http://h/") == words{"http://h/"});
        }
        CHECK(read("[section]\nhttp://h/") == words{"l:1: " + no_url, "http://h/"});
    }

    TEST_CASE("a bad entry fails alone, at its place") {
        const struct {
            std::string text, why;
        } rows[] = {
            {"{}", "the object has no string 'url'"},
            {"{\"url\": 1}", "the object has no string 'url'"},
            {"{\"url\": \"ftp://h/\"}", no_url},
            {"{\"url\": \"http://h/\", \"checksum\": \"md5=0\"}", check_checksum("md5=0")},
            {"{\"url\": \"http://h/\", x}", not_json},
            {"{'url': 'http://h/'}", not_json},
            {"{\"url\": \"http://h/\",}", not_json},
            {"\"http://h/\"", not_json},
            {"[]", not_json},
            {"[{\"url\": \"http://h/\"}]", not_json},
            {"null", not_json},
            {"http://h/", not_json},
            {"}", not_json},
            {"{\"x\": " + std::string(100, '[') + std::string(100, ']') + "}", not_json},
            {"{\"\\", "broken JSON, passed over up to line 4"},
        };
        for (const auto& [bad, why] : rows) {
            const words wanted{"http://a", "l:3:2: " + why, "http://b"};
            CHECK(read("[\n" + object("a") + ",\n " + bad + ",\n " + object("b") + "]") == wanted);
        }
        CHECK(read("[x, " + object("a") + "]") == words{"l:1: " + no_url});
        CHECK(read("[\n" + object("a") + ", y " + object("b") + "]") ==
              words{"http://a", "l:2:22: " + not_json, "http://b"});
    }

    TEST_CASE("what is wrong within a line of an array is told with the line and the column") {
        CHECK(read("http://1\n[" + object("2") + ", 3, {}]4\n") ==
              words{"http://1", "http://2", "l:2:23: " + not_json,
                    "l:2:26: the object has no string 'url'", "l:2: " + no_url});
        CHECK(
            read("[] [{\"url\": \"http://h/\", \"x\": 1}, 2]") ==
            words{"http://h/", "l:1:35: " + not_json, "l:1:5: 'x' is not known and has no effect"});
    }

    TEST_CASE("an entry that is broken ends where a line begins the next one") {
        const std::string next = ",\n  " + object("b") + "\n]\nhttp://c";
        for (const std::string& bad :
             {std::string("{\"url\": \"http://a}"), std::string("{\"url\": \"http://a\""),
              std::string("{\"url\": http://a\"}"),
              std::string("{\"url\": \"http://a\", \"x\": [1}"),
              std::string("{\"url\": \"http://a\", \"x\": {\"y\": 1}"),
              std::string("{\"url\": \"a\\"),
              std::string(
                  "{\n    \"url\": \"http://a,\n    \"x\": [\n      {\"url\": \"http://x\"}\n"
                  "    ]\n  }")}) {
            const words found = read("[\n  " + bad + next);
            REQUIRE(found.size() == 3);
            CHECK(found[0].starts_with("l:2:3: broken JSON, passed over up to line "));
            CHECK(found[1] == "http://b");
            CHECK(found[2] == "http://c");
        }
        // One that is in a single line ends there, however deep the next one is.
        CHECK(read("[\n{\"url\": \"http://a},\n  " + object("b") + "\n]\nhttp://c") ==
              words{"l:2:1: " + broken(3), "http://b", "http://c"});
    }

    TEST_CASE("a broken entry anywhere in its line loses no line that follows") {
        const std::string cut = "{\"url\": \"http://a},";
        const std::string unclosed = "{\"url\": \"http://a\", ";
        const std::string behind = "\nhttp://y\nn=http://z\n";
        for (const std::string& bad : {cut, unclosed}) {
            for (const std::string lines : {"", "\n", "\n# a comment\n", "\n  // one more\n\n"}) {
                CHECK(read("[" + object("1") + "," + bad + object("2") + "]" + lines + behind) ==
                      words{"http://1", "l:1:22: " + broken(2 + std::ranges::count(lines, '\n')),
                            "http://y", "http://z"});
            }
        }
        CHECK(read("[" + object("1") + "," + cut + object("2") + "]\n" + object("y") +
                   "\nhttp://z") ==
              words{"http://1", "l:1:22: " + broken(2), "http://y", "http://z"});
        CHECK(read("[\n" + object("1") + "," + cut + object("2") + "]" + behind) ==
              words{"http://1", "l:2:21: " + broken(3), "http://y", "http://z"});
        CHECK(read("[" + cut + object("2") + "]\n[" + object("y") + "]\nhttp://z") ==
              words{"l:1:2: " + broken(2), "http://y", "http://z"});
        CHECK(read("[" + cut + object("2") + behind) ==
              words{"l:1:2: " + broken(2), "http://y", "http://z"});
        CHECK(read("[" + cut + object("2") + "]\n") == words{"l:1:2: " + broken(2)});
        CHECK(read("[{\"url\": \"http://a\"]" + behind) ==
              words{"l:1:2: " + broken(2), "http://y", "http://z"});
        CHECK(read("[{\"url\": \"http://a\"\n]" + behind) ==
              words{"l:1:2: " + broken(2), "http://y", "http://z"});
    }

    TEST_CASE("a broken entry is left at the bracket that closes it, whatever the layout") {
        const std::string good = "\n  \"url\": \"http://b\"\n";
        const std::string bad = "\n  \"url\": \"http://a\n";
        const std::string behind = "]\nhttp://z\n";
        CHECK(read("[{" + bad + "}, {" + good + "}" + behind) ==
              words{"l:1:2: " + broken(3), "http://b", "http://z"});
        CHECK(read("[{" + good + "}, {" + bad + "}, {" + good + "}" + behind) ==
              words{"http://b", "l:3:4: " + broken(5), "http://b", "http://z"});
        CHECK(read("[{ \"url\": \"http://a\n}, {" + good + "}" + behind) ==
              words{"l:1:2: " + broken(2), "http://b", "http://z"});
        CHECK(read("[\n  {\n    \"url\": \"http://a\n  }, {" + good + "  }\n" + behind) ==
              words{"l:2:3: " + broken(4), "http://b", "http://z"});
        CHECK(read("[{\"url\": \"http://a},\n " + object("b") + ",\n " + object("c") + behind) ==
              words{"l:1:2: " + broken(2), "http://b", "http://c", "http://z"});
        CHECK(read("[{\"url\": \"http://a},\n    " + object("b") + behind) ==
              words{"l:1:2: " + broken(2), "http://b", "http://z"});
        CHECK(read("[\n{\"url\": \"http://a,\n\"x\": {\n}\n}, {" + good + "}" + behind) ==
              words{"l:2:1: " + broken(4), "http://b", "http://z"});
    }

    TEST_CASE("what is commented out between the entries is passed over") {
        const std::string off = object("off");
        for (const std::string& comment :
             words{"# " + off, "// " + off + ",", "#" + off + "]", "//]",
                   "/* " + off + "\n" + off + "*/", "/***/ /*/" + off + "*/", "# \"", "// {",
                   "/**//**/#"}) {
            CAPTURE(comment);
            CHECK(read("[\n  " + comment + "\n  " + object("a") + ", " + comment + "\n" +
                       object("b") + "\n" + comment + "\n]\nhttp://c") ==
                  words{"http://a", "http://b", "http://c"});
        }
        CHECK(read("[ // the list\n" + object("a") + "]") == words{"http://a"});
        CHECK(read("[\n" + object("a") + "\n/ x, /\n]") ==
              words{"http://a", "l:3:1: " + not_json, "l:3:6: " + not_json});
        CHECK(read("[\n" + object("a") + "\n /* " + off + "\n]") ==
              words{"http://a", "l:3:2: " + unfinished});
    }

    TEST_CASE("a bracket alone in its line begins an array only if an entry or its end follows") {
        const words lines{"l:1: " + no_url, "http://a", "http://b"};
        for (const char* begin : {"[", " [ ", "[\r", "[\n\n", "[\n# x", "[\n//", "[ // {"}) {
            CHECK(read(std::string(begin) + "\nhttp://a\nhttp://b\n").back() == "http://b");
        }
        CHECK(read("[\nhttp://a\nhttp://b\n") == lines);
        CHECK(read("[\n\n# {\nhttp://a\nb=http://b\n") == lines);
        CHECK(read("[\n]\nhttp://b") == words{"http://b"});
        CHECK(read("[\n\"x\"\n]\nhttp://b") == words{"l:2:1: " + not_json, "http://b"});
        CHECK(read("[\n[1]\n]\nhttp://b") == words{"l:2:1: " + not_json, "http://b"});
        CHECK(read("[\n# x\n" + object("a") + "]") == words{"http://a"});
        CHECK(read("[#1] x=http://a\nhttp://b\n") == words{"http://a", "http://b"});
    }

    TEST_CASE("an array that does not end is one failed entry, as is what had begun of it") {
        CHECK(read("[") == words{"l:1:2: " + unfinished});
        CHECK(read("[\n" + object("a") + ",\n") == words{"http://a", "l:3:1: " + unfinished});
        CHECK(read("[\n" + object("a") + "\n") == words{"http://a", "l:3:1: " + unfinished});
        CHECK(read("[" + object("a") + ", {\"url\": \"http://b\"") ==
              words{"http://a", "l:1:23: " + unfinished});
        CHECK(read("[\n{\"url\": \"http://a},\nhttp://b\n") == words{"l:2:1: " + unfinished});
        CHECK(read("[" + object("a") + "\nhttp://b") == words{"http://a", "l:2:1: " + unfinished});
    }

    TEST_CASE("what is behind an array is a line") {
        CHECK(read("[" + object("a") + "]]\n") == words{"http://a", "l:1: " + no_url});
        CHECK(read("[" + object("a") + "],\nhttp://b") ==
              words{"http://a", "l:1: " + no_url, "http://b"});
        CHECK(read("[" + object("a") + "] # a comment\n") == words{"http://a"});
        CHECK(read("[" + object("a") + "]http://b\n") == words{"http://a", "http://b"});
    }

    TEST_CASE(
        "what is behind an array is shown only if it is a URL: a quote too few moves its end") {
        line_splitter lines;
        const std::string list = R"([{"url": "http://h", "headers": ["A: "]}]: secret://)";
        std::copy(list.begin(), list.end(), lines.space().begin());
        lines.received(list.size());
        lines.finish();
        list_parser parser([](const std::string&) {});
        parser.begin("l");
        CHECK_FALSE(parser.take(*lines.next()));
        CHECK(parser.take(*lines.next())->urls.front() == "http://h");
        CHECK_FALSE(parser.take(*lines.next()));
        CHECK(parser.finish()->urls.front() == "l:1");
    }

    TEST_CASE("NaN, half a surrogate pair and brackets in an unknown member lose no entry") {
        for (const char* value :
             {"NaN", "[-Infinity, {\"y\": NaN}]", R"("\ud83d")", R"("\udca9]}")", R"("[{\"}{\\")",
              "[[[[]]]]", "{\"url\": {\"url\": []}}"}) {
            CHECK(read("[{\"x\": " + std::string(value) + ", \"url\": \"http://a\"}," +
                       object("b") + "]") ==
                  words{"http://a", "http://b", "l:1:2: 'x' is not known and has no effect"});
        }
    }

    TEST_CASE("an entry of 64 KiB is whole, one more byte is too long, and the next is unharmed") {
        const std::string note = "l:1:2: 'note' is not known and has no effect";
        const std::string whole = long_entry(line_splitter::longest_line);
        const std::string over = long_entry(line_splitter::longest_line + 1);
        const std::string too_long = "l:1:2: the entry is longer than 64 KiB";
        for (const std::size_t block : {std::size_t{5000}, line_splitter::block_size}) {
            CHECK(read("[" + whole + "," + object("b") + "]", block) ==
                  words{"http://h/", "http://b", note});
            CHECK(read("[" + over + "," + object("b") + "]", block) == words{too_long, "http://b"});
            CHECK(read("[" + over + "]", block) == words{too_long});
            for (const std::string& longer :
                 {long_entry(500'000, '{'), std::string(200'000, 'x'),
                  "\"" + std::string(200'000, ',') + "\"", std::string(200'000, '[')}) {
                const words wanted{longer[0] == '[' ? "l:2:1: " + unfinished
                                                    : "l:2:1: the entry is longer than 64 KiB"};
                CHECK(read("[{}\n" + longer + "\n," + object("b"), block)[1] == wanted[0]);
            }
        }
    }

    TEST_CASE("an array in one long line, and blanks without an end, take bounded memory") {
        std::string text = "[";
        words wanted;
        for (int i = 0; i < 20'000; ++i) {
            text += (i == 0 ? "" : ", ") + object(std::to_string(i));
            wanted.push_back("http://" + std::to_string(i));
        }
        CHECK(read(text + "]", 5000) == wanted);
        const std::string blanks(300'000, ' ');
        CHECK(read("[\n" + blanks + object("a") + blanks + "," + blanks + "]" + "\nhttp://b",
                   5000) == words{"http://a", "http://b"});
        CHECK(read("[" + blanks + object("a") + "]\nhttp://b", 5000) ==
              words{"l:1: the line is longer than 64 KiB", "http://b"});
    }

    TEST_CASE(
        "an entry is given when its last byte is there, and the one above when an array begins") {
        line_splitter lines;
        list_parser parser([](const std::string&) {});
        parser.begin("l");
        std::string found;
        const auto write = [&](std::string_view text) {
            const std::span<char> space = lines.space();
            std::copy(text.begin(), text.end(), space.begin());
            lines.received(text.size());
            while (const auto line = lines.next()) {
                if (const auto entry = parser.take(*line)) {
                    found += entry->urls.front() + " ";
                }
            }
        };
        write("http://1\n[");
        CHECK(found.empty());
        write("{");
        CHECK(found == "http://1 ");
        CHECK_FALSE(parser.pending());
        write("\"url\": \"http://2\"");
        CHECK(found == "http://1 ");
        write("}");
        CHECK(found == "http://1 http://2 ");
        CHECK_FALSE(parser.pending());
    }
}
