// What is shown of a wrong entry of a list holds no secret: one is planted where one may stand,
// with anything around it. The input: what stands before it, what behind it, then more lines.

#include <algorithm>
#include <string>

#include "core/url.hpp"
#include "fuzz/read_list.hpp"

namespace asyncdl::fuzz {

namespace {

const std::string secret = "s3cr3t";

void check(const std::string& text) {
    const read_list list = read_as_list(text, cuts(11));
    for (const download_request& entry : list.entries) {
        const std::string shown = core::without_userinfo(entry.urls.front());
        require(!entry.rejection || shown.find(secret) == shown.npos,
                "what is shown of a wrong entry is no secret");
        require(entry.rejection_message.find(secret) == std::string::npos,
                "no reason shows a secret");
    }
    for (const std::string& line : list.warnings) {
        require(line.find(secret) == line.npos && is_harmless(line), "no warning shows a secret");
    }
}

const target registered("list_secrets", [](std::string_view input) {
    if (input.find(secret) != input.npos) {
        return;
    }
    const std::string before(take_line(input));
    const std::string after(take_line(input));
    const std::string more(input);
    const std::string planted = before + ':' + secret + after;
    if (planted.find_first_of("/?#\t") == planted.npos) {
        check("https://" + planted + "@h/\n" + more);
        check("name=http://" + planted + "@h/\n " + more);
    }
    if (planted.find("://") == planted.npos) {
        check(" header=" + planted + "\n" + more);
        check("http-passwd=" + planted + "\n" + more);
    }
    check("http://h/\n header=" + planted + "\n " + more);
    check("http://h/\n http-passwd=" + planted + "\n " + more);
    check("{\"url\":\"http://u:" + secret + "@h\"," + before + "\n" + more);
    check("{\"url\":\"http://h\",\"headers\":[\"A: " + planted + "\n" + more);
});

}  // namespace

}  // namespace asyncdl::fuzz
