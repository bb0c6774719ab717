#include "core/dictionary_field.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace asyncdl::core;

namespace {

// "key", or "key=:content:" for a byte sequence, parted by blanks; "refused".
std::string read(std::string_view line) {
    const auto members = parse_dictionary(line);
    if (!members) {
        return "refused";
    }
    std::string result;
    for (const auto& [key, bytes] : *members) {
        result += result.empty() ? "" : " ";
        result += key;
        if (bytes) {
            result += "=:" + std::string(*bytes) + ':';
        }
    }
    return result;
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/dictionary_field");

TEST_CASE("the dictionaries of RFC 9651, 3.2, are read") {
    CHECK(read("en=\"Applepie\", da=:w4ZibGV0w6ZydGU=:") == "en da=:w4ZibGV0w6ZydGU=:");
    CHECK(read("a=?0, b, c; foo=bar") == "a b c");
    CHECK(read("rating=1.5, feelings=(joy sadness)") == "rating feelings");
    CHECK(read("a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid") == "a b c d");
}

TEST_CASE("every type of item is passed over, but for byte sequences") {
    for (const char* item : {"1",
                             "-1",
                             "0",
                             "-0",
                             "00",
                             "999999999999999",
                             "-999999999999999",
                             "1.0",
                             "-1.123",
                             "999999999999.999",
                             "\"\"",
                             "\"a b\"",
                             "\"a\\\"b\\\\\"",
                             "\"a,b=:c:;d\"",
                             "tok",
                             "*tok",
                             "a/b:c",
                             "A1!#$%&'*+-.^_`|~",
                             "?0",
                             "?1",
                             "@1659578233",
                             "@-1",
                             "%\"\"",
                             "%\"a b\"",
                             "%\"f%c3%bc\"",
                             "()",
                             "( )",
                             "(a)",
                             "( a  b )",
                             "(a;x b;y=1);z",
                             "(\"a\" :YQ==: ?1 @1)"}) {
        CAPTURE(item);
        CHECK(read("k=" + std::string(item)) == "k");
        CHECK(read("j=" + std::string(item) + ", k=:YQ==:") == "j k=:YQ==:");
        CHECK(read("k=:YQ==:, j=" + std::string(item)) == "k=:YQ==: j");
    }
    CHECK(read("k=::") == "k=::");
    CHECK(read("k=:a+/Z09=:") == "k=:a+/Z09=:");
    CHECK(read("k=(:YQ==:)") == "k");
}

TEST_CASE("parameters are passed over") {
    CHECK(read("k=:YQ==:;a") == "k=:YQ==:");
    CHECK(read("k=:YQ==:;a=1;b=\"x;y,z\";c=:Yg==:") == "k=:YQ==:");
    CHECK(read("k=:YQ==:;  a=1") == "k=:YQ==:");
    CHECK(read("k;a=1, l") == "k l");
}

TEST_CASE("blanks may stand where the grammar lets them") {
    CHECK(read("") == "");
    CHECK(read("  ") == "");
    CHECK(read("  a  ,\t b \t,c  ") == "a b c");
    CHECK(read("a,b") == "a b");
}

TEST_CASE("keys are lower case; a repeated one comes repeatedly") {
    CHECK(read("*, *a, a*, a.b-c_1") == "* *a a* a.b-c_1");
    CHECK(read("a=:YQ==:, a=1") == "a=:YQ==: a");
    for (const char* line : {"A", "aB", "1", "_a", "-a", ".a", "=1", "\"a\"=1", "a@b=1", "\x80"}) {
        CAPTURE(line);
        CHECK(read(line) == "refused");
    }
}

TEST_CASE("anything that breaks the grammar makes the line void") {
    for (const char* line : {
             "a,",
             "a, ",
             ",",
             ",a",
             "a,,b",
             "a b",
             "a;",
             "a=",
             "a= 1",
             "a =1",
             "a=1;",
             "a=1; ",
             "a=1;;b",
             "a=1;B",
             "a=1;b=",
             "a=1;b= 1",
             "a=1 ;b",
             "a;b=()",
             "a==1",
             "a=1=2",
             "a\tb",
             "a=:",
             "a=:YQ==",
             "a=:YQ==: :",
             "a=:Y Q:",
             "a=:Y-_:",
             "a=:YQ==:x",
             "a=:YQ,=:",
             "a=YQ==:",
             "a=:YQ==:;",
             "a=:\x80:",
             "a=\"",
             "a=\"x",
             "a=\"x\\\"",
             "a=\"\\x\"",
             "a=\"x\ty\"",
             "a=\"x\x7f\"",
             "a=\"\x80\"",
             "a=\"x\"y",
             "a=-",
             "a=--1",
             "a=+1",
             "a=1.",
             "a=.1",
             "a=1.1234",
             "a=1.1.1",
             "a=1e2",
             "a=1000000000000000",
             "a=1000000000000.0",
             "a=-x",
             "a=?",
             "a=?2",
             "a=?01",
             "a=?true",
             "a=@",
             "a=@x",
             "a=@1.5",
             "a=@-",
             "a=%",
             "a=%x",
             "a=%\"",
             "a=%\"a",
             "a=%\"%\"",
             "a=%\"%c\"",
             "a=%\"%C3%BC\"",
             "a=%\"%fc\"",
             "a=%\"\xc3\xbc\"",
             "a=(",
             "a=)",
             "a=(1",
             "a=(1 2",
             "a=(1,2)",
             "a=(1\t2)",
             "a=(1 (2))",
             "a=(1\"x\")",
             "a=((1))",
             "a=();",
             "a=(1;)",
             "a=!",
             "a={x}",
             "a=\x01",
         }) {
        CAPTURE(line);
        CHECK(read(line) == "refused");
        CHECK(read("k=:YQ==:, " + std::string(line)) == "refused");
    }
    CHECK(read(std::string("a\0", 2)) == "refused");
}

TEST_SUITE_END();
