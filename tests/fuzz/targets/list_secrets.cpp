// What is shown of a wrong entry of a list holds no secret: one is planted where one may stand,
// with anything around it, then another of the same length, and what is shown must be the same. The
// input: what stands before it, what behind it, then more lines.

#include <functional>
#include <string>
#include <vector>

#include "core/url.hpp"
#include "fuzz/read_list.hpp"

namespace asyncdl::fuzz {

namespace {

std::vector<std::string> shown_of(const std::string& text) {
    read_list list = read_as_list(text, cuts(11));
    for (const std::string& line : list.warnings) {
        require(is_harmless(line), "warnings are harmless");
    }
    std::vector<std::string> shown = std::move(list.warnings);
    for (const download_request& entry : list.entries) {
        shown.push_back(entry.rejection_message);
        if (entry.rejection) {
            shown.push_back(core::without_userinfo(entry.urls.front()));
        }
    }
    return shown;
}

void check(const std::function<std::string(const std::string& secret)>& list) {
    require(shown_of(list("s3cr3t")) == shown_of(list("p4ssw0")), "nothing shown holds a secret");
}

const target registered("list_secrets", [](std::string_view input) {
    const std::string before(take_line(input));
    const std::string after(take_line(input));
    const std::string more(input);
    const auto planted = [&](const std::string& secret) { return before + ':' + secret + after; };
    const std::string around = before + after;
    if (around.find_first_of("/?#\t") == around.npos) {
        check([&](auto& secret) { return "https://" + planted(secret) + "@h/\n" + more; });
        check([&](auto& secret) { return "name=http://" + planted(secret) + "@h/\n " + more; });
    }
    if (planted("x").find("://") == std::string::npos) {
        check([&](auto& secret) { return " header=" + planted(secret) + "\n" + more; });
        check([&](auto& secret) { return "http-passwd=" + planted(secret) + "\n" + more; });
    }
    const std::string url = "http://h/\n ";
    check([&](auto& secret) { return url + "header=" + planted(secret) + "\n " + more; });
    check([&](auto& secret) { return url + "http-passwd=" + planted(secret) + "\n " + more; });
    const std::string json = R"({"url":"http://)";
    check([&](auto& secret) { return json + "u:" + secret + "@h\"," + before + "\n" + more; });
    check([&](auto& secret) {
        return json + R"(h","headers":["A: )" + planted(secret) + "\n" + more;
    });
    for (const std::string begin : {"[", "[\n"}) {
        check([&](auto& secret) {
            return begin + json + "u:" + secret + "@h\"," + before + "\n" + more;
        });
        check([&](auto& secret) {
            return begin + json + R"(h","headers":["A: )" + planted(secret) + "\n" + more;
        });
    }
});

}  // namespace

}  // namespace asyncdl::fuzz
