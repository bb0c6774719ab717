#include "core/name_template.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/file_name.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::core;

class given {
public:
    std::string_view url = "http://host/";
    std::uint64_t index = 0;
    unsigned cut = 0;
    bool redirected = false;
    std::string_view disposition = {};
};

std::string expanded(std::string_view text, const given& with) {
    const auto parsed = name_template::parse(text, with.cut);
    REQUIRE(parsed.has_value());
    const url from = *url::parse(with.url);
    const std::string plain = served_name(with.disposition, from, with.redirected);
    return parsed->expand({with.index, from, plain, with.redirected});
}

std::string expanded(std::string_view text, std::string_view address) {
    given with;
    with.url = address;
    return expanded(text, with);
}

std::string refused(std::string_view text) {
    const auto parsed = name_template::parse(text);
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().code() == errc::name);
    return parsed.error().message();
}

constexpr std::string_view tree = "{host}/{path}/{name}";

TEST_SUITE_BEGIN("unit/core/name_template");

TEST_CASE("each placeholder stands for its part of the URL") {
    const std::string_view address = "https://user:pw@Example.org:8443/a/b/x.tar.gz?q=/c/d#e";
    CHECK(expanded("{host}", address) == "example.org");
    CHECK(expanded("{path}", address) == "a/b");
    CHECK(expanded("{name}", address) == "x.tar.gz");
    CHECK(expanded("{stem}", address) == "x.tar");
    CHECK(expanded("{ext}", address) == "gz");
    CHECK(expanded("{index}", address) == "0");
    CHECK(expanded(tree, address) == "example.org/a/b/x.tar.gz");
    given with;
    with.url = address;
    with.index = 18446744073709551615u;
    CHECK(expanded("{index}-{stem}.{ext}", with) == "18446744073709551615-x.tar.gz");
}

TEST_CASE("text stands for itself, doubled braces for one") {
    CHECK(expanded("plain", "http://h/x") == "plain");
    CHECK(expanded("pics/{name}", "http://h/x") == "pics/x");
    CHECK(expanded("{{name}}", "http://h/x") == "{name}");
    CHECK(expanded("{{{name}}}", "http://h/x") == "{x}");
    CHECK(expanded("}{name}}", "http://h/x") == "}x}");
    CHECK(expanded("a}b", "http://h/x") == "a}b");
    CHECK(expanded("{name}.{index}", "http://h/x") == "x.0");
}

TEST_CASE("anything else in braces is refused, and the message shows it") {
    const std::string expected =
        " is not a placeholder: expected {index}, {host}, {path}, {name}, {stem} or {ext}; {{ "
        "stands for a brace";
    CHECK(refused("{}") == "'{}'" + expected);
    CHECK(refused("a/{size}/{name}") == "'{size}'" + expected);
    CHECK(refused("{Name}") == "'{Name}'" + expected);
    CHECK(refused("{ name}") == "'{ name}'" + expected);
    CHECK(refused("{name") == "'{name'" + expected);
    CHECK(refused("{{{") == "'{'" + expected);
    CHECK(refused("{\x1b[2J}") == "'{[2J}'" + expected);
}

TEST_CASE("a template names a file below the directory") {
    CHECK(refused("") == "the template is empty");
    CHECK(refused("/data/{name}") == "the template is absolute");
    for (const std::string_view out : {"..", "../{name}", "a/../{name}", "{host}/../../{name}"}) {
        CHECK(refused(out) == "the template leads out of the directory");
    }
    for (const std::string_view folder : {"{host}/", "a/.", "."}) {
        CHECK(refused(folder) == "the template names a directory");
    }
    CHECK(expanded("./a//{name}", "http://h/x") == "a/x");
    CHECK(expanded("..{name}/...", "http://h/x") == "..x/...");
}

TEST_CASE("empty parts are left out") {
    CHECK(expanded(tree, "http://h/") == "h/index.html");
    CHECK(expanded(tree, "http://h") == "h/index.html");
    CHECK(expanded(tree, "http://h/a/") == "h/a/index.html");
    CHECK(expanded(tree, "http://h//a///x") == "h/a/x");
    CHECK(expanded("{path}/{name}", "http://h/x") == "x");
    CHECK(expanded("{ext}/{name}", "http://h/x") == "x");
    CHECK(expanded("{host}/{path}", "http://h/x") == "h/_");
    CHECK(expanded("{host}/{ext}", "http://h/x") == "h/_");
    CHECK(expanded("{path}", "http://h/x") == "_");
}

TEST_CASE("a name without an extension leaves no dot behind") {
    CHECK(expanded("{stem}.{ext}", "http://h/x.iso") == "x.iso");
    CHECK(expanded("{stem}.{ext}", "http://h/README") == "README");
    CHECK(expanded("{stem}.{ext}", "http://h/.bashrc") == ".bashrc");
    CHECK(expanded("{stem}.{ext}", "http://h/x.") == "x");
    CHECK(expanded("{stem}-{index}.{ext}", "http://h/README") == "README-0");
    CHECK(expanded("{stem}.{ext}.{index}", "http://h/README") == "README.0");
    CHECK(expanded("{stem}{ext}", "http://h/README") == "README");
    const std::string no_extension = "x." + std::string(20, 'e');
    CHECK(expanded("{stem}.{ext}", "http://h/" + no_extension) == no_extension);
}

TEST_CASE("the first folders are cut, as many as there are") {
    const auto cut = [](unsigned count) {
        given with;
        with.url = "http://h/a/b/c/x";
        with.cut = count;
        return expanded(tree, with);
    };
    CHECK(cut(0) == "h/a/b/c/x");
    CHECK(cut(1) == "h/b/c/x");
    CHECK(cut(3) == "h/x");
    CHECK(cut(4) == "h/x");
    CHECK(cut(4294967295) == "h/x");
}

TEST_CASE("folders of a path beside other text join it") {
    CHECK(expanded("x{path}y/{name}", "http://h/a/b/f") == "xa/by/f");
    CHECK(expanded("x{path}y/{name}", "http://h/f") == "xy/f");
    CHECK(expanded("{path}{name}", "http://h/a/b/f") == "a/bf");
}

TEST_CASE("each part is made safe by itself") {
    CHECK(expanded(tree, "http://h/a%20b/caf%C3%A9/x") == "h/a b/caf\u00e9/x");
    CHECK(expanded(tree, "http://h/%2E%2E/%2e/x") == "h/x");
    CHECK(expanded(tree, "http://h/..%2F..%2Fetc/x") == "h/.._.._etc/x");
    CHECK(expanded(tree, "http://h/%2Fetc/x") == "h/_etc/x");
    CHECK(expanded(tree, "http://h/a%5Cb/x") == "h/a_b/x");
    CHECK(expanded(tree, "http://h/a%00b%0A/x") == "h/a_b_/x");
    CHECK(expanded(tree, "http://h/bad%FF/x") == "h/bad%FF/x");
    CHECK(expanded(tree, "http://h/C:/x") == "h/C_/x");
    CHECK(expanded(tree, "http://h/x.part/y.part") == "h/x.part_/y.part_");
    CHECK(expanded(tree, "http://[::1]:8080/x") == "::1/x");
    CHECK(expanded("{name}.part", "http://h/x") == "x.part_");
    CHECK(expanded("a\\b\x01/{name}", "http://h/x") == "a_b_/x");
    CHECK(expanded("..{ext}/{name}", "http://h/x") == "x");
    const std::string longest(400, 'l');
    CHECK(expanded(tree, "http://h/" + longest + "/" + longest + ".txt") ==
          "h/" + std::string(244, 'l') + "/" + std::string(240, 'l') + ".txt");
    CHECK(expanded("{index}-{name}", "http://h/" + longest + ".txt").size() == max_name_bytes);
}

TEST_CASE("a part that the server chose is no hidden file or folder, and no option") {
    const std::string_view address = "http://host/.git/-rf/.x";
    CHECK(expanded(tree, address) == "host/.git/-rf/.x");
    given with;
    with.url = address;
    with.redirected = true;
    CHECK(expanded(tree, with) == "host/_git/_rf/_x");
    CHECK(expanded("{path}", with) == "_git/_rf");
    CHECK(expanded("x{path}", with) == "x.git/_rf");
    with.redirected = false;
    with.disposition = "filename=-rf";
    CHECK(expanded(tree, with) == "host/.git/-rf/_rf");
    // What the caller wrote is the caller's.
    CHECK(expanded(".cache/-{name}", with) == ".cache/-_rf");
    with.disposition = "filename=a.-rf";
    CHECK(expanded("{ext}", with) == "_rf");
    with.disposition = "filename=a";
    CHECK(expanded("{ext}.hidden/{ext}-{name}", with) == "_hidden/_a");
    with.redirected = true;
    with.url = "http://host/x";
    CHECK(expanded("{path}.hidden", with) == "_hidden");
}

TEST_CASE("a name is never too long for a path") {
    std::string address = "http://h/";
    for (int depth = 0; depth < 3000; ++depth) {
        address += "folder/";
    }
    const std::string name = expanded(tree, address + std::string(300, 'n'));
    CHECK(name.size() <= 3840);
    CHECK(name.starts_with("h/folder/folder/"));
    CHECK(name.ends_with("/folder/" + std::string(244, 'n')));
}

TEST_SUITE_END();

}  // namespace
