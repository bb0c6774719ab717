#include "cli/output_template.hpp"

#include <doctest/doctest.h>

using namespace asyncdl::cli;

TEST_SUITE("cli/output_template") {
    TEST_CASE("a brace that is not doubled makes a template") {
        for (const char* text :
             {"{name}", "a/{index}", "{}", "{", "{{{name}", "a{{}}{", "/{host}"}) {
            CAPTURE(text);
            CHECK(is_template(text));
        }
        for (const char* text : {"", "a", "}", "a}b", "{{", "{{name}}", "{{{{", "a{{b"}) {
            CAPTURE(text);
            CHECK_FALSE(is_template(text));
        }
    }

    TEST_CASE("doubled braces stand for one in a name") {
        CHECK(without_doubled_braces("") == "");
        CHECK(without_doubled_braces("a}b") == "a}b");
        CHECK(without_doubled_braces("{{name}}") == "{name}");
        CHECK(without_doubled_braces("{{{{a}}}}}") == "{{a}}}");
    }

    TEST_CASE(
        "the folders of an absolute template before its first placeholder are the directory") {
        const auto check = [](const char* text, const char* directory, const char* names) {
            CAPTURE(text);
            const output_template made = split_template(text);
            CHECK(made.directory == directory);
            CHECK(made.names == names);
        };
        check("{host}/{name}", "", "{host}/{name}");
        check("a/{name}", "", "a/{name}");
        check("/data/{host}/{name}", "/data", "{host}/{name}");
        check("/data/x-{host}/b/{name}", "/data", "x-{host}/b/{name}");
        check("/a/b/{name}/c", "/a/b", "{name}/c");
        check("/{name}", "/", "{name}");
        check("/x{name}", "/", "x{name}");
        check("/a/../b/{name}", "/a/../b", "{name}");
        check("/a{{b}}/{name}", "/a{b}", "{name}");
    }
}
