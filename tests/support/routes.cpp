#include "support/routes.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace asyncdl::test {
namespace {

using namespace std::string_literals;

/// The numbers of a path like `/slow/20/5000`; what is none reads as 0.
std::vector<std::uint64_t> numbers(std::string_view path) {
    std::vector<std::uint64_t> found;
    for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1)) {
        std::uint64_t number = 0;
        std::from_chars(path.data() + at + 1, path.data() + path.size(), number);
        found.push_back(number);
    }
    found.resize(2);
    return found;
}

response bytes(std::uint64_t size) {
    response answer;
    answer.reason = "OK";
    answer.fields.emplace_back("Content-Type", "application/octet-stream");
    answer.pattern_size = size;
    return answer;
}

response status(std::uint64_t code) {
    response answer;
    answer.status = static_cast<unsigned>(std::clamp<std::uint64_t>(code, 200, 599));
    answer.body = "status\n";
    if (answer.status == 204 || answer.status == 304) {
        answer.body.clear();
    }
    return answer;
}

response slowly(std::uint64_t milliseconds, std::uint64_t size) {
    response answer = bytes(size);
    answer.piece_delay = std::chrono::milliseconds(milliseconds);
    answer.piece = std::max<std::uint64_t>(size / 10, 1);
    return answer;
}

response redirects(std::uint64_t left) {
    return redirect_to(left <= 1 ? "/bytes/1000"s : "/redirect/"s + std::to_string(left - 1));
}

response file(std::string_view type, std::string_view first, std::uint64_t size) {
    response answer;
    answer.reason = "OK";
    answer.fields.emplace_back("Content-Type", type);
    answer.fields.emplace_back("Last-Modified", "Sat, 01 Jun 2024 12:00:00 GMT");
    answer.body = first;
    answer.pattern_size = size - first.size();
    return answer;
}

}  // namespace

void add_routes(origin& to) {
    to.on("/bytes/*", [](connection& peer, const request& asked) {
        peer.send(bytes(numbers(asked.path())[0]));
    });
    to.on("/status/*", [](connection& peer, const request& asked) {
        peer.send(status(numbers(asked.path())[0]));
    });
    to.on("/slow/*", [](connection& peer, const request& asked) {
        const std::vector<std::uint64_t> given = numbers(asked.path());
        peer.send(slowly(given[0], given[1]));
    });
    to.on("/redirect/*", [](connection& peer, const request& asked) {
        peer.send(redirects(numbers(asked.path())[0]));
    });
}

void add_demo_files(origin& to) {
    // JFIF 1.02, section "JPEG FIF marker"; ISO 32000-1, 7.5.2.
    const std::string jpeg =
        "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"s;
    const std::string pdf = "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n"s;
    to.on("/image1.jpg", file("image/jpeg", jpeg, 184'320));
    to.on("/image2.jpg", file("image/jpeg", jpeg, 412'672));
    to.on("/image3.jpg", file("image/jpeg", jpeg, 733'184));
    to.on("/document1.pdf", file("application/pdf", pdf, 1'048'576));
    to.on("/document2.pdf", file("application/pdf", pdf, 1'536'000));
}

}  // namespace asyncdl::test
