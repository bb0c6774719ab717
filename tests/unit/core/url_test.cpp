#include "core/url.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "unit/core/outcomes.hpp"

using asyncdl::errc;
using asyncdl::core::url;

namespace {

std::string shown(std::string_view text) {
    const auto parsed = url::parse(text);
    return parsed ? parsed->display() : "failed: " + parsed.error().message();
}

struct example {
    std::string given;
    std::string wanted;
};

}  // namespace

TEST_SUITE_BEGIN("unit/core/url");

TEST_CASE("a plain URL is kept as given") {
    const auto parsed = url::parse("http://example.com/a/b.txt?c=d&e");
    REQUIRE(parsed);
    CHECK_FALSE(parsed->origin().tls);
    CHECK(parsed->origin().host == "example.com");
    CHECK(parsed->origin().port == 80);
    CHECK(parsed->target() == "/a/b.txt?c=d&e");
    CHECK_FALSE(parsed->has_userinfo());
    CHECK(parsed->user().empty());
    CHECK(parsed->password().empty());
}

TEST_CASE("what is not allowed on the wire is percent-encoded, and nothing else") {
    const std::vector<example> examples{
        {"  \thttp://h/x \t", "http://h/x"},
        {"http://h/a b", "http://h/a%20b"},
        {"http://h/a\tb", "http://h/a%09b"},
        {std::string("http://h/a\0b", 12), "http://h/a%00b"},
        {"http://h/a\r\nHost: evil", "http://h/a%0D%0AHost:%20evil"},
        {"http://h/\x7f", "http://h/%7F"},
        {"http://h/\xc3\xa4", "http://h/%C3%A4"},
        {"http://h/\xff", "http://h/%FF"},
        {"http://h/|{}[]^\"<>`\\", "http://h/%7C%7B%7D%5B%5D%5E%22%3C%3E%60%5C"},
        {"http://h/?|{}[]^\"<>`\\", "http://h/?%7C%7B%7D%5B%5D%5E%22%3C%3E%60%5C"},
        {"http://h/a:b@c!$&'()*+,;=-._~", "http://h/a:b@c!$&'()*+,;=-._~"},
        {"http://h/?a/b?c:d@e", "http://h/?a/b?c:d@e"},
        {"http://h/%41%2f%e4", "http://h/%41%2f%e4"},
        {"http://h/100%", "http://h/100%25"},
        {"http://h/%", "http://h/%25"},
        {"http://h/%4", "http://h/%254"},
        {"http://h/%zz%20", "http://h/%25zz%20"},
        {"http://h/%%41", "http://h/%25%41"},
        {"http://h/?q=50%&r=%20", "http://h/?q=50%25&r=%20"},
        {"http://h/\\..\\x", "http://h/%5C..%5Cx"},
    };
    for (const auto& [given, wanted] : examples) {
        CAPTURE(given);
        CHECK(shown(given) == wanted);
        CHECK(shown(wanted) == wanted);
    }
}

TEST_CASE("paths are made absolute and lose their dot segments") {
    const std::vector<example> examples{
        {"http://h", "http://h/"},
        {"http://h?q", "http://h/?q"},
        {"http://h/?", "http://h/?"},
        {"http://h#f", "http://h/"},
        {"http://h/a#f?g", "http://h/a"},
        {"http://h/a?b#c#d", "http://h/a?b"},
        {"http://h/a/./b", "http://h/a/b"},
        {"http://h/a/../b", "http://h/b"},
        {"http://h/../../b", "http://h/b"},
        {"http://h/a/.", "http://h/a/"},
        {"http://h/a/..", "http://h/"},
        {"http://h/.", "http://h/"},
        {"http://h/..", "http://h/"},
        {"http://h/a/b/c/./../../g", "http://h/a/g"},
        {"http://h/.a/..b/c.", "http://h/.a/..b/c."},
        {"http://h/a//../b", "http://h/a/b"},
        {"http://h//a//b", "http://h//a//b"},
        {"http://h//..", "http://h/"},
        {"http://h//../../x", "http://h/x"},
        {"http://h/?a/../b", "http://h/?a/../b"},
        {"http://h/%2e%2e/a", "http://h/%2e%2e/a"},
    };
    for (const auto& [given, wanted] : examples) {
        CAPTURE(given);
        CHECK(shown(given) == wanted);
    }
}

TEST_CASE("scheme, host and port are made canonical") {
    const std::vector<example> examples{
        {"HTTP://EXAMPLE.com/X", "http://example.com/X"},
        {"hTTps://h/", "https://h/"},
        {"http://h:80/", "http://h/"},
        {"https://h:443/", "https://h/"},
        {"http://h:443/", "http://h:443/"},
        {"https://h:80/", "https://h:80/"},
        {"http://h:/", "http://h/"},
        {"http://h:0008080/", "http://h:8080/"},
        {"http://h:65535/", "http://h:65535/"},
        {"http://h:1/", "http://h:1/"},
        {"http://a_b-c.d.:81/", "http://a_b-c.d.:81/"},
        {"http://r3---sn-4g5e.example/", "http://r3---sn-4g5e.example/"},
        {"http://%65xample%2Ecom/", "http://example.com/"},
        {"http://127.0.0.1/", "http://127.0.0.1/"},
        {"http://%31%32%37.0.0.1/", "http://127.0.0.1/"},
        {"http://1.2.3.4.example/", "http://1.2.3.4.example/"},
        {"http://3com.9a/", "http://3com.9a/"},
        {"http://[::1]/", "http://[::1]/"},
        {"http://[::1]:8080/x", "http://[::1]:8080/x"},
        {"https://[2001:DB8::A]:443", "https://[2001:db8::a]/"},
        {"http://[::ffff:1.2.3.4]:/", "http://[::ffff:1.2.3.4]/"},
        {"http://[1:2:3:4:5:6:7:8]/", "http://[1:2:3:4:5:6:7:8]/"},
        {"http://[1:2:3:4:5:6:7::]/", "http://[1:2:3:4:5:6:7::]/"},
    };
    for (const auto& [given, wanted] : examples) {
        CAPTURE(given);
        CHECK(shown(given) == wanted);
    }
}

TEST_CASE("international hosts become ASCII by UTS 46, non-transitional") {
    const std::vector<example> examples{
        {"http://b\xc3\xbc\x63her.example/", "http://xn--bcher-kva.example/"},
        {"http://B\xc3\x9c\x43HER.example/", "http://xn--bcher-kva.example/"},
        {"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/"},
        {"http://bu\xcc\x88\x63her.example/", "http://xn--bcher-kva.example/"},
        {"http://fa\xc3\x9f.de/", "http://xn--fa-hia.de/"},
        {"http://xn--BCHER-kva.example/", "http://xn--bcher-kva.example/"},
        {"http://\xe4\xbe\x8b\xe3\x80\x82jp/", "http://xn--fsq.jp/"},
        {"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "http://127.0.0.1/"},
    };
    for (const auto& [given, wanted] : examples) {
        CAPTURE(given);
        CHECK(shown(given) == wanted);
    }
}

TEST_CASE("a host that IDNA 2008 refuses and UTS 46 takes is taken") {
    const std::vector<example> examples{
        {"http://\xe2\x98\x83.net/", "http://xn--n3h.net/"},
        {"http://\xf0\x9f\x92\xa9.la/", "http://xn--ls8h.la/"},
        {"http://I\xe2\x9d\xa4.ws/", "http://xn--i-7iq.ws/"},
        {"http://xn--n3h.net/", "http://xn--n3h.net/"},
        {"http://b\xc3\xbc\x63her.\xe2\x98\x83/", "http://xn--bcher-kva.xn--n3h/"},
    };
    for (const auto& [given, wanted] : examples) {
        CAPTURE(given);
        CHECK(shown(given) == wanted);
    }
}

TEST_CASE("what is no http or https URL is refused") {
    const std::vector<std::string> bad{
        "",
        " ",
        "x",
        "http",
        "http:",
        "http:/",
        "http:/h/x",
        "http:h",
        "http://",
        "http:///x",
        "http://?x",
        "http://#x",
        "http://:80/",
        "http://user@/",
        "http://user:password@:80/",
        "ftp://h/",
        "file:///etc/passwd",
        "//h/x",
        "/x",
        "h:80/x",
        "ht tp://h/",
        "ht%74p://h/",
        "://h/",
        "1http://h/",
        "http\\://h/",
        // ports
        "http://h:0/",
        "http://h:65536/",
        "http://h:99999/",
        "http://h:4294967376/",
        "http://h:-1/",
        "http://h:+80/",
        "http://h: 80/",
        "http://h:80 /",
        "http://h:0x50/",
        "http://h:8a/",
        "http://h:80:80/",
        "http://[::1]:x/",
        // names
        "http://a b/",
        "http://a\tb/",
        "http://a\r\nb/",
        std::string("http://a\0b/", 11),
        "http://a%00b/",
        "http://a%2fb/",
        "http://a%40b/",
        "http://a%3A80/",
        "http://a%zzb/",
        "http://a%/",
        "http://a\\b/",
        "http://a,b/",
        "http://a..b/",
        "http://.a/",
        "http://./",
        "http://a../",
        "http://" + std::string(64, 'a') + ".example/",
        "http://" + std::string(50, 'a') + "." + std::string(50, 'a') + "." + std::string(50, 'a') +
            "." + std::string(50, 'a') + "." + std::string(50, 'a') + "/",
        "http://a\xff\x62/",
        "http://%ff/",
        "http://\xc3\xa4%00/",
        "http://\xef\xbc\x8f\xc3\xa4/",          // U+FF0F, which UTS 46 maps to a slash
        "http://evil\xef\xbc\xa0\x61\xc3\xa4/",  // U+FF20, mapped to an at sign
        "http://\xe2\x80\xae\x61/",              // U+202E
        "http://a\xe2\x92\x88.de/",              // U+2488, which UTS 46 refuses too
        "http://fa\xc3\x9f\xe2\x80\xae.de/",     // never transitional with a sharp s
        // addresses
        "http://256.1.1.1/",
        "http://1.2.3/",
        "http://1.2.3.4.5/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://0x/",
        "http://127.0.0.01/",
        "http://127.0.0.1./",
        "http://a.0X1/",
        "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1/",
        "http://[::1/",
        "http://::1/",
        "http://[]/",
        "http://[::1]x/",
        "http://[1::2::3]/",
        "http://[12345::]/",
        "http://[:::]/",
        "http://[1:2:3:4:5:6:7:8:9]/",
        "http://[1:2:3:4:5:6:7]/",
        "http://[1.2.3.4]/",
        "http://[v1.x]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[%3A%3A1]/",
        "http://[ ::1]/",
    };
    for (const std::string& given : bad) {
        CAPTURE(given);
        const auto parsed = url::parse(given);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code() == errc::invalid_url);
        CHECK_FALSE(parsed.error().message().empty());
    }
}

TEST_CASE("userinfo is decoded, kept apart and never displayed") {
    struct row {
        std::string userinfo, user, password;
    };
    const std::vector<row> rows{
        {"u:p", "u", "p"},     {"u", "u", ""},
        {"u:", "u", ""},       {":p", "", "p"},
        {"u:p:q", "u", "p:q"}, {"a%40b:c%3Ad", "a@b", "c:d"},
        {"a@b:c", "a@b", "c"}, {"u:100%", "u", "100%"},
        {"u:p q", "u", "p q"}, {"\xc3\xa4:\xff", "\xc3\xa4", "\xff"},
        {":", "", ""},         {"good.example\\", "good.example\\", ""},
        {"u:[x]", "u", "[x]"},
    };
    for (const row& each : rows) {
        CAPTURE(each.userinfo);
        const auto parsed = url::parse("https://" + each.userinfo + "@h:8443/x");
        REQUIRE(parsed);
        CHECK(parsed->has_userinfo());
        CHECK(parsed->user() == each.user);
        CHECK(parsed->password() == each.password);
        CHECK(parsed->origin().host == "h");
        CHECK(parsed->origin().port == 8443);
        CHECK(parsed->display() == "https://h:8443/x");
    }
    const auto none = url::parse("https://@h/");
    REQUIRE(none);
    CHECK_FALSE(none->has_userinfo());
}

TEST_CASE("no message shows a part of the userinfo") {
    for (const char* given :
         {"http://user:s3cret@h:99999/", "http://user:s3cret@/", "http://user:s3c/ret@h/",
          "http://s3cret@[::1/", "ftp://user:s3cret@h/", "http://user:s3cret@\xc3\xa4%00/"}) {
        CAPTURE(given);
        const auto parsed = url::parse(given);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().message().find("s3c") == std::string::npos);
        CHECK(parsed.error().message().find("user") == std::string::npos);
    }
}

TEST_CASE("the examples of RFC 3986, 5.4, resolve as it says") {
    const auto base = url::parse("http://a/b/c/d;p?q");
    REQUIRE(base);
    const std::vector<example> examples{
        // 5.4.1, normal
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        // 5.4.2, abnormal
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g"},
        {"g#s/../x", "http://a/b/c/g"},
    };
    for (const auto& [reference, wanted] : examples) {
        CAPTURE(reference);
        const auto target = base->resolve(reference);
        REQUIRE(target);
        CHECK(target->display() == wanted);
    }
    SUBCASE("a scheme of its own is absolute, strictly") {
        const auto other = base->resolve("g:h");
        REQUIRE_FALSE(other);
        CHECK(other.error().code() == errc::redirect);
        const auto same = base->resolve("http:g");
        REQUIRE_FALSE(same);
        CHECK(same.error().code() == errc::invalid_url);
    }
}

TEST_CASE("references are encoded as URLs are") {
    const auto base = url::parse("https://u:p@h:8443/d/%7ex?q");
    REQUIRE(base);
    const std::vector<example> examples{
        {" a b ", "https://h:8443/d/a%20b"},
        {"/\xc3\xa4?\xc3\xb6=%", "https://h:8443/%C3%A4?%C3%B6=%25"},
        {"a\r\nSet-Cookie: x", "https://h:8443/d/a%0D%0ASet-Cookie:%20x"},
        {"1:2", "https://h:8443/d/1:2"},
        {"\\\\evil\\x", "https://h:8443/d/%5C%5Cevil%5Cx"},
        {"//other", "https://other/"},
        {"//other:444/x/../y", "https://other:444/y"},
        {"HTTP://Other/", "http://other/"},
        {"http:?", "failed"},
        {"?", "https://h:8443/d/%7ex?"},
        {"//", "failed"},
        {"///x", "failed"},
        {"//a b/", "failed"},
        {"http://h:0/", "failed"},
    };
    for (const auto& [reference, wanted] : examples) {
        CAPTURE(reference);
        const auto target = base->resolve(reference);
        if (wanted == "failed") {
            REQUIRE_FALSE(target);
            CHECK(target.error().code() == errc::invalid_url);
        } else {
            REQUIRE(target);
            CHECK(target->display() == wanted);
        }
    }
}

TEST_CASE("a path of the base that begins with two slashes is no authority") {
    const auto base = url::parse("http://h//u:p/x?q");
    REQUIRE(base);
    const std::vector<example> examples{{"y", "http://h//u:p/y"},
                                        {"../../y", "http://h/y"},
                                        {"", "http://h//u:p/x?q"},
                                        {"?z", "http://h//u:p/x?z"}};
    for (const auto& [reference, wanted] : examples) {
        CAPTURE(reference);
        const auto target = base->resolve(reference);
        REQUIRE(target);
        CHECK(target->display() == wanted);
    }
}

TEST_CASE("a reference to anything but http and https is a bad redirect") {
    const auto base = url::parse("http://h/");
    REQUIRE(base);
    for (const char* reference : {"ftp://h/", "file:///etc/passwd", "javascript:x", "data:,x",
                                  "HTTPX://h/", "urn:a", "gopher:"}) {
        CAPTURE(reference);
        const auto target = base->resolve(reference);
        REQUIRE_FALSE(target);
        CHECK(target.error().code() == errc::redirect);
    }
}

TEST_CASE("credentials are not inherited by a reference") {
    const auto base = url::parse("http://u:p@h/a");
    REQUIRE(base);
    for (const char* reference : {"b", "/b", "?b", "", "//h/b", "http://h/b"}) {
        CAPTURE(reference);
        const auto target = base->resolve(reference);
        REQUIRE(target);
        CHECK_FALSE(target->has_userinfo());
        CHECK(target->user().empty());
        CHECK(target->password().empty());
    }
    const auto own = base->resolve("//x:y@h/");
    REQUIRE(own);
    CHECK(own->user() == "x");
}

TEST_CASE("an origin is written as the Host field has it") {
    const auto authority = [](const char* text) { return url::parse(text)->origin().authority(); };
    CHECK(authority("http://h/") == "h");
    CHECK(authority("https://h/") == "h");
    CHECK(authority("https://h:80/") == "h:80");
    CHECK(authority("http://u:p@[::1]/") == "[::1]");
    CHECK(authority("http://[::1]:81/") == "[::1]:81");
    CHECK(url::parse("https://[::1]/x")->origin().display() == "https://[::1]");
    CHECK(url::parse("http://[::1]/")->origin().host == "::1");
}

TEST_CASE("origins are equal where scheme, host and port are") {
    const auto origin = [](const char* text) { return url::parse(text)->origin(); };
    CHECK(origin("http://h/a") == origin("HTTP://u@H:80/b"));
    CHECK(origin("http://h/") != origin("https://h/"));
    CHECK(origin("http://h/") != origin("http://h:81/"));
    CHECK(origin("http://h:443/") != origin("https://h/"));
    CHECK(origin("http://h/") != origin("http://h./"));
}

TEST_CASE("the last segment of the path ends before the query") {
    const auto last = [](const char* text) {
        const auto parsed = url::parse(text);
        return std::string(parsed->last_segment());
    };
    CHECK(last("http://h/a/b.txt") == "b.txt");
    CHECK(last("http://h/a/b%20c?d/e") == "b%20c");
    CHECK(last("http://h/a/?d/e") == "");
    CHECK(last("http://h") == "");
    CHECK(last("http://h?x/y") == "");
}

TEST_SUITE_END();
