#include "cli/options.hpp"

#include <doctest/doctest.h>

namespace {

using namespace asyncdl;
using namespace asyncdl::cli;
using words = std::vector<std::string>;

std::string refusal(words arguments) {
    try {
        parse_command_line(std::move(arguments));
        return {};
    } catch (const usage_error& error) {
        return error.what();
    }
}

}  // namespace

TEST_SUITE("cli/options") {
    TEST_CASE("a header takes one argument and leaves the URL alone") {
        const settings set =
            parse_command_line({"-H", "A: b", "http://h/1", "-H", "C: d", "http://h/2"});
        CHECK(set.arguments == words{"http://h/1", "http://h/2"});
        REQUIRE(set.transfer.headers.size() == 2);
        CHECK(set.transfer.headers[0].name == "A");
        CHECK(set.transfer.headers[1].value == "d");
    }

    TEST_CASE("an argument in brackets is one argument") {
        CHECK(parse_command_line({"[a,b]"}).arguments == words{"[a,b]"});
        CHECK(parse_command_line({"--", "[a,b]"}).arguments == words{"[a,b]"});
        CHECK(parse_command_line({"-o", "[a,b]", "u"}).output == "[a,b]");
        CHECK(parse_command_line({"-i", "[a,b]"}).lists == words{"[a,b]"});
        CHECK(parse_command_line({"-A[a,b]"}).transfer.user_agent == "[a,b]");
    }

    TEST_CASE("every spelling of a flag with a value is understood") {
        for (const words& spelled :
             {words{"-j", "16"}, words{"-j16"}, words{"--max-concurrent", "16"},
              words{"--max-concurrent=16"}, words{"-kj16"}, words{"-qkj", "16"}}) {
            CHECK(parse_command_line(spelled).transfer.max_concurrent == 16);
        }
    }

    TEST_CASE("the last use of a flag with one value wins") {
        const settings set =
            parse_command_line({"-j1", "-o", "a", "--max-concurrent=7", "-o", "b"});
        CHECK(set.transfer.max_concurrent == 7);
        CHECK(set.output == "b");
        CHECK(set.arguments.empty());
    }

    TEST_CASE("lists and arguments keep their order") {
        const settings set =
            parse_command_line({"a", "-i", "1", "b", "--input-file=-", "-i2", "c"});
        CHECK(set.arguments == words{"a", "b", "c"});
        CHECK(set.lists == words{"1", "-", "2"});
    }

    TEST_CASE("a value may look like a flag") {
        CHECK(parse_command_line({"-o", "--json"}).output == "--json");
        CHECK(parse_command_line({"-o", "--"}).output == "--");
        CHECK(parse_command_line({"--output=-q"}).output == "-q");
    }

    TEST_CASE("an empty value is a value") {
        const settings set = parse_command_line({"--output=", "http://h/"});
        CHECK(set.output == "");
        CHECK(set.arguments == words{"http://h/"});
        CHECK(parse_command_line({"-o", "", "u"}).output == "");
        CHECK(parse_command_line({"--", "--output="}).arguments == words{"--output="});
    }

    TEST_CASE("after two dashes everything is an argument") {
        const settings set =
            parse_command_line({"-q", "--", "-k", "--nonsense", "--", "-", "http://h/"});
        CHECK(set.quiet);
        CHECK_FALSE(set.transfer.tls.insecure);
        CHECK(set.arguments == words{"-k", "--nonsense", "--", "-", "http://h/"});
    }

    TEST_CASE("what is neither a URL nor a flag is still an argument") {
        CHECK(parse_command_line({"", "-", "x", "{}", "%%", "a=b"}).arguments ==
              words{"", "-", "x", "{}", "%%", "a=b"});
    }

    TEST_CASE("an unknown option is refused by name") {
        CHECK(refusal({"--nonsense"}) == "unknown option --nonsense");
        CHECK(refusal({"--nonsense=http://user:secret@h/"}) == "unknown option --nonsense");
        CHECK(refusal({"u", "-z"}) == "unknown option -z");
        CHECK(refusal({"-1"}) == "unknown option -1");
        CHECK(refusal({"--max-concurren", "5"}) == "unknown option --max-concurren");
        CHECK(refusal({"--max_concurrent", "5"}) == "unknown option --max_concurrent");
        CHECK(refusal({"--ti\x1bmeout"}) == "unknown option --ti\xEF\xBF\xBDmeout");
    }

    TEST_CASE("no refusal shows what may be a secret") {
        CHECK(refusal({"-uuser:s3cr3t"}) == "unknown option -u");
        CHECK(refusal({"--user:s3cr3t"}) == "unknown option --user");
        CHECK(refusal({"-kuuser:s3cr3t"}) == "unknown option -u");
        CHECK(refusal({"-\u00e4s3cr3t"}) == "unknown option -\u00e4");
        for (const words& arguments :
             {words{"-u", "user:s3cr3t"}, words{"--usr=user:s3cr3t"},
              words{"--http://user:s3cr3t@h/"}, words{"-j", "http://user:s3cr3t@h/"},
              words{"-jhttp://user:s3cr3t@h/"}, words{"--timeout", "http://user:s3cr3t@h/"},
              words{"--on-exists", "http://u:s3cr3t@h"}, words{"--on-exists", "u:s3cr3t@h"},
              words{"--log-level=http://u:s3cr3t@h"}, words{"--quiet=http://u:s3cr3t@h"},
              words{"-H", "s3cr3t"}, words{"--user", "user:s3cr3t"}}) {
            const std::string line = refusal(arguments);
            CHECK_FALSE(line.empty());
            CHECK(line.find("s3cr3t") == std::string::npos);
        }
    }

    TEST_CASE("a flag without its argument is refused") {
        CHECK(refusal({"u", "-j"}) == "--max-concurrent needs an argument");
        CHECK(refusal({"--header"}) == "--header needs an argument");
    }

    TEST_CASE("an argument to a flag that takes none is refused") {
        CHECK(refusal({"--quiet=no"}) == "--quiet takes no argument");
        CHECK(refusal({"--insecure=0"}) == "--insecure takes no argument");
    }

    TEST_CASE("help and version come before every mistake") {
        CHECK(parse_command_line({"--nonsense", "-j0", "-h"}).help);
        CHECK(parse_command_line({"-V", "--limit-rate", "1"}).version);
        CHECK_FALSE(parse_command_line({"--", "-h"}).help);
    }

    TEST_CASE("a malformed header is refused without showing its value") {
        CHECK(refusal({"-H", "no colon"}) ==
              "--header: a header is 'NAME: VALUE', 'NAME:' or 'NAME;'");
        CHECK(refusal({"-H", "A: s3cret\n"}).find("s3cret") == std::string::npos);
        CHECK(refusal({"-H", "Range: bytes=0-1"}) ==
              "--header: 'Range' is set by the program alone");
    }
}
