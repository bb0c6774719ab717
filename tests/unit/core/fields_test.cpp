#include "core/fields.hpp"

#include <doctest/doctest.h>

using namespace asyncdl::core;

TEST_SUITE_BEGIN("unit/core/fields");

TEST_CASE("ASCII letters compare without case, nothing else does") {
    CHECK(iequals("", ""));
    CHECK(iequals("Content-LENGTH", "content-length"));
    CHECK_FALSE(iequals("a", "ab"));
    CHECK_FALSE(iequals("[", "{"));
    CHECK_FALSE(iequals("@", "`"));
    CHECK_FALSE(iequals("\xc4", "\xe4"));
    CHECK_FALSE(iequals("\r", "-"));
}

TEST_CASE("only blanks at the ends are trimmed") {
    CHECK(trimmed("") == "");
    CHECK(trimmed(" \t ") == "");
    CHECK(trimmed("\t a b \t") == "a b");
    CHECK(trimmed("a") == "a");
    CHECK(trimmed("\ra\n") == "\ra\n");
}

TEST_CASE("the first value of a name is found, without case") {
    fields list;
    CHECK_FALSE(list.find("a"));
    list.add("A", "1");
    list.add("a", "2");
    list.add("b", "");
    CHECK(list.find("a") == "1");
    CHECK(list.find("B") == "");
    CHECK_FALSE(list.find("ab"));
    CHECK(list.size() == 3);
    list.clear();
    CHECK(list.size() == 0);
    CHECK_FALSE(list.find("a"));
}

TEST_CASE("a token is found in any element of any line") {
    fields list;
    list.add("Connection", "");
    list.add("Connection", " , Keep-Alive ,,\tUPGRADE");
    list.add("connection", "x");
    list.add("other", "close");
    CHECK(list.has_token("Connection", "keep-alive"));
    CHECK(list.has_token("connection", "upgrade"));
    CHECK(list.has_token("CONNECTION", "X"));
    CHECK_FALSE(list.has_token("Connection", "close"));
    CHECK_FALSE(list.has_token("Connection", "keep"));
    CHECK_FALSE(list.has_token("Connection", "keep-alive ,"));
    CHECK_FALSE(list.has_token("Connectio", "x"));
}

TEST_CASE("a comma in a quoted string parts no element") {
    fields list;
    list.add("a", R"(x="1, close", y="\", close")");
    CHECK_FALSE(list.has_token("a", "close"));
    list.add("a", R"("unfinished, close)");
    CHECK_FALSE(list.has_token("a", "close"));
    list.add("a", R"("b", close)");
    CHECK(list.has_token("a", "close"));
    list.add("b", R"("\)");
    CHECK_FALSE(list.has_token("b", "close"));
}

TEST_SUITE_END();
