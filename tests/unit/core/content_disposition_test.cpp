#include "core/content_disposition.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "core/utf8.hpp"

using namespace asyncdl::core;

namespace {

struct row {
    std::string given, wanted;
};

void check_rows(const std::vector<row>& rows) {
    for (const auto& [given, wanted] : rows) {
        CAPTURE(given);
        CHECK(disposition_name(given).value_or("(none)") == wanted);
    }
}

void check_none(const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        CAPTURE(value);
        CHECK_FALSE(disposition_name(value));
    }
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/content_disposition");

TEST_CASE("the examples of RFC 6266, 5, are read") {
    check_rows({
        {"Attachment; filename=example.html", "example.html"},
        {"INLINE; FILENAME= \"an example.html\"", "an example.html"},
        {"attachment; filename*= UTF-8''%e2%82%ac%20rates", "\u20ac rates"},
        {"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", "\u20ac rates"},
    });
}

TEST_CASE("encoded words of RFC 2047 are decoded") {
    check_rows({
        {"filename=\"=?UTF-8?B?w6QudHh0?=\"", "\u00e4.txt"},
        {"filename==?utf-8?b?w6QudHh0?=", "\u00e4.txt"},
        {"filename=\"=?UTF-8?Q?=C3=A4_b.txt?=\"", "\u00e4 b.txt"},
        {"filename=\"=?ISO-8859-1?Q?=E4?=\"", "\u00e4"},
        {"filename=\"=?UTF-8*de?q?a?=\"", "a"},
        {"filename=\"=?UTF-8?Q?=C3?= \t=?UTF-8?Q?=A4?=\"", "\u00e4"},
        {"filename=\"a =?UTF-8?Q?b?= c=?UTF-8?Q?d?=.txt\"", "a b cd.txt"},
        {"filename=\"=?UTF-8?Q?a%41?=\"", "a%41"},
        {"filename=\"=?UTF-8?Q?a=4?=\"", "a=4"},
        // What cannot be read stays as it is.
        {"filename=\"=?UTF-8?B?w6Q\"", "=?UTF-8?B?w6Q"},
        {"filename=\"=?UTF-8?B?!?=\"", "=?UTF-8?B?!?="},
        {"filename=\"=?UTF-8?X?a?=\"", "=?UTF-8?X?a?="},
        {"filename=\"=?KOI8-R?Q?a?=\"", "=?KOI8-R?Q?a?="},
        {"filename=\"=?UTF-8?Q?=C3?=\"", "=?UTF-8?Q?=C3?="},
        {"filename=\"=?UTF-8?\"", "=?UTF-8?"},
        {"filename=\"=?\"", "=?"},
        {"filename=\"=?UTF-8?Q?a?=\"; filename*=UTF-8''b", "b"},
    });
}

TEST_CASE("the examples of RFC 8187, 3.2, are read") {
    check_rows({
        {"attachment; filename*=UTF-8''%c2%a3%20and%20%e2%82%ac%20rates",
         "\u00a3 and \u20ac rates"},
        {"attachment; filename*=iso-8859-1'en'%A3%20rates", "\u00a3 rates"},
    });
}

TEST_CASE("a name is found whatever stands around it") {
    check_rows({
        {"filename=x", "x"},
        {"filename=x; attachment", "x"},
        {"inline; filename=x", "x"},
        {"foobar; filename=x", "x"},
        {"; filename=x", "x"},
        {";;filename=x;;", "x"},
        {"attachment;filename=x", "x"},
        {" attachment ; filename = x ; size=3", "x"},
        {"attachment;\tfilename\t=\tx\t", "x"},
        {"attachment; fileName=x", "x"},
        {"attachment; creation-date=\"Wed, 12 Feb 1997; 16:29:51 -0500\"; filename=x", "x"},
        {"attachment; a=b; filename=\"x\"; c=\"filename=y\"", "x"},
        {"inline; attachment; filename=x", "x"},
        {"\"foo; filename=bar;baz\"; filename=qux", "qux"},
        {"attachment; filename; filename=x", "x"},
        {"attachment; =y; filename=x", "x"},
    });
}

TEST_CASE("a quoted name ends at its closing quote") {
    check_rows({
        {"filename=\"a b\"", "a b"},
        {"filename=\"a;b\"; x=y", "a;b"},
        {"filename=\"a=b\"", "a=b"},
        {"filename=\"a\\\"b\"", "a\"b"},
        {"filename=\"a\\\\b\"", "a\\b"},
        {"filename=\"\\a\\b\"", "ab"},
        {"filename=\"a\"b; x=y", "a"},
        {"filename=\"a\".txt", "a"},
        {"filename=\"a\"; filename=b", "a"},
        {"filename=\" a \"", " a "},
        {"filename=\"/foo\"", "/foo"},
        {"filename=\"\\\\foo\"", "\\foo"},
        {"filename=\"=?UTF-8?Q?foo-=E4.html?=\"", "=?UTF-8?Q?foo-=E4.html?="},
    });
}

TEST_CASE("where the closing quote is missing the name ends with the text") {
    check_rows({
        {"filename=\"a b", "a b"},
        {"filename=\"a;b", "a;b"},
        {"filename=\"a\\", "a\\"},
        {"filename=\"a\\\"", "a\""},
    });
    check_none({"filename=\"", "attachment; filename=\""});
}

TEST_CASE("an unquoted name goes up to the next semicolon") {
    check_rows({
        {"attachment; filename=foo bar.html", "foo bar.html"},
        {"attachment; filename=foo bar.html ; size=3", "foo bar.html"},
        {"attachment; filename=foo[1](2).html", "foo[1](2).html"},
        {"attachment; filename=foo,bar.html", "foo,bar.html"},
        {"attachment; filename=x=y", "x=y"},
        {"attachment; filename='foo.bar'", "'foo.bar'"},
        {"attachment; filename=foo\"bar;baz\"qux", "foo\"bar"},
        {"attachment; filename=/foo.html", "/foo.html"},
        {"attachment; filename=foo\\.html", "foo\\.html"},
        {"attachment; filename==?ISO-8859-1?Q?foo?=", "foo"},
    });
}

TEST_CASE("an escape in a plain name is decoded where that gives UTF-8") {
    check_rows({
        {"filename=\"foo-%41.html\"", "foo-A.html"},
        {"filename=foo%20bar.html", "foo bar.html"},
        {"filename=\"foo-%c3%a4-%e2%82%ac.html\"", "foo-\u00e4-\u20ac.html"},
        {"filename=\"%E6%96%87\"", "\u6587"},
        {"filename=\"50%.html\"", "50%.html"},
        {"filename=\"50%x5.html\"", "50%x5.html"},
        {"filename=\"%2541\"", "%41"},
        {"filename=\"foo-%E4.html\"", "foo-%E4.html"},
        {"filename=\"%c3\"", "%c3"},
        {"filename=\"%ed%a0%80%20\"", "%ed%a0%80%20"},
        {"filename=\"..%2f..%5Cx\"", "../..\\x"},
        {"filename=\"a%00b\"", std::string("a\0b", 3)},
    });
}

TEST_CASE("bytes over 127 are read as UTF-8, else as ISO-8859-1") {
    check_rows({
        {"filename=\"foo-\xc3\xa4.html\"", "foo-\u00e4.html"},
        {"filename=foo-\xc3\xa4.html", "foo-\u00e4.html"},
        {"filename=\"foo-\xe4.html\"", "foo-\u00e4.html"},
        {"filename=\"\xff\x80\xc3\"", "\u00ff\u0080\u00c3"},
        {"filename=\"\xe4%20x\"", "\u00e4%20x"},
        {"filename=\"\xc3\xa4%e4\"", "\u00e4%e4"},
    });
}

TEST_CASE("filename* counts before filename, wherever it stands") {
    check_rows({
        {"attachment; filename=a; filename*=UTF-8''b", "b"},
        {"attachment; filename*=UTF-8''b; filename=a", "b"},
        {"attachment; filename*=utf-8'de'b", "b"},
        {"attachment; FileName*=Utf-8''b", "b"},
        {"attachment; filename* = UTF-8''b", "b"},
        {"attachment; filename*=UTF-8''A-%2541.html", "A-%41.html"},
        {"attachment; filename*=UTF-8''it's", "it's"},
        {"attachment; filename*=UTF-8''%2e%2e%2Fx", "../x"},
        {"attachment; filename*=ISO-8859-1''foo-%E4.html", "foo-\u00e4.html"},
        {"attachment; filename*=\"UTF-8''foo%20bar\"", "foo bar"},
        {"attachment; filename*=UTF-8''foo bar", "foo bar"},
        {"attachment; filename*=UTF-8''\xe6\x96\x87", "\u6587"},
    });
}

TEST_CASE("a filename* that cannot be read is as if absent") {
    const std::vector<std::string> bad{
        "filename*=",
        "filename*=b",
        "filename*='b",
        "filename*=''b",
        "filename*=UTF-8'b",
        "filename*=UTF-8''",
        "filename*=UTF-8'en'",
        "filename*=UTF-8",
        "filename*=\"foo%20bar\"",
        "filename*=UTF-16''b",
        "filename*=utf8''b",
        "filename*=windows-1252''b",
        "filename*=iso-8859-15''b",
        "filename*=US-ASCII''b",
        "filename*=UTF-8 ''b",
        "filename*=UTF-8''foo%",
        "filename*=UTF-8''foo%4",
        "filename*=UTF-8''f%oo.html",
        "filename*=UTF-8''f%4go",
        "filename*=ISO-8859-1''f%4go",
        "filename*=UTF-8''foo-%E4.html",
        "filename*=UTF-8''%c0%ae",
        "filename*=UTF-8''%ed%a0%80",
        "filename*=UTF-8''%f4%90%80%80",
        "filename*=UTF-8''\xe4",
        "filename *=UTF-8''b",
        "filename**=UTF-8''b",
        "filename*0=b",
        "filename*0*=UTF-8''b",
    };
    check_none(bad);
    for (const std::string& value : bad) {
        check_rows({{"attachment; filename=a; " + value, "a"},
                    {value + "; filename=a", "a"},
                    {value + "; filename*=UTF-8''c; filename=a", "c"}});
    }
}

TEST_CASE("of repeated names the first counts") {
    check_rows({
        {"attachment; filename=a; filename=b", "a"},
        {"attachment; filename=\"a\"; filename=\"b\"", "a"},
        {"attachment; filename*=UTF-8''a; filename*=UTF-8''b", "a"},
    });
    check_none({"attachment; filename=\"\"; filename=b"});
}

TEST_CASE("a value without a name gives nothing") {
    check_none({
        "",
        " ",
        ";",
        ";;;",
        "=",
        "\"",
        "\"\"",
        "attachment",
        "\"attachment\"",
        "\"filename=x\"",
        "attachment; filename",
        "attachment; filename;",
        "attachment; filename=",
        "attachment; filename= ;",
        "attachment; filename=\"\"",
        "attachment; filename=\"\"x",
        "attachment; =x",
        "attachment; name=x",
        "attachment; xfilename=x",
        "attachment; filenamex=x",
        "attachment; file name=x",
        "attachment; x-filename=x",
        "attachment; a=\"filename=x\"",
        "attachment; a=\"; filename=x",
        "attachment filename=x",
        "attachment; foo=foo filename=bar",
        "attachment, filename=x",
        "form-data; name=\"filename\"",
    });
}

TEST_CASE("no bytes give a name that is empty or no valid UTF-8") {
    std::mt19937 dice(20240613);
    const std::vector<std::string> pieces{"filename",   "filename*",
                                          "=",          ";",
                                          "\"",         "\\",
                                          " ",          "\t",
                                          "attachment", "UTF-8''",
                                          "''",         "iso-8859-1''",
                                          "%",          "%4",
                                          "%41",        "%e4",
                                          "%c3%a4",     "a",
                                          "\xc3\xa4",   "\xe4",
                                          "\xff",       "/",
                                          "=?UTF-8?Q?", "\x01",
                                          "\x7f",       std::string(1, '\0')};
    int found = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string text = dice() % 2 == 0 ? "filename=" : "filename*=";
        for (std::size_t left = dice() % 12; left > 0; --left) {
            text += pieces[dice() % pieces.size()];
        }
        if (const auto name = disposition_name(text)) {
            ++found;
            if (name->empty() || !utf8::valid(*name)) {
                FAIL("bad name of: " << text);
            }
        }
    }
    CHECK(found > 1000);
}

TEST_CASE("a value of the longest head is read in one go") {
    const std::size_t size = 64 * 1024;
    check_none({std::string(size, ';'), std::string(size, '='), std::string(size, ' '),
                std::string(size, '"'), std::string(size, '\\'),
                "filename*=UTF-8''" + std::string(size, '%')});
    CHECK(disposition_name("filename=" + std::string(size, '%'))->size() == size);
    CHECK(disposition_name("filename=\"" + std::string(size, '\\'))->size() == size / 2);
}

TEST_SUITE_END();
