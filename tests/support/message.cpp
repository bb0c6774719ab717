#include "support/message.hpp"

#include <algorithm>
#include <ctime>

namespace asyncdl::test {
namespace {

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

bool has(const std::vector<field>& fields, std::string_view name) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const field& one) { return same_name(one.first, name); });
}

std::string now_as_date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

std::optional<std::string> request::value(std::string_view name) const {
    for (const auto& [key, value] : fields) {
        if (same_name(key, name)) {
            return value;
        }
    }
    return std::nullopt;
}

std::size_t request::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(),
                      [&](const field& one) { return same_name(one.first, name); }));
}

std::optional<request> parse_request(std::string_view head) {
    request result;
    result.head = head;
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return std::nullopt;
    }
    result.method = line.substr(0, first);
    result.target = line.substr(first + 1, last - first - 1);
    result.version = line.substr(last + 1);
    std::string_view rest = head.substr(line.size() + 2);
    while (!rest.empty() && !rest.starts_with("\r\n")) {
        const std::string_view one = rest.substr(0, rest.find("\r\n"));
        const std::size_t colon = one.find(':');
        if (colon == std::string_view::npos || one.size() + 2 > rest.size()) {
            return std::nullopt;
        }
        std::string_view value = one.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        result.fields.emplace_back(one.substr(0, colon), value);
        rest.remove_prefix(one.size() + 2);
    }
    return result;
}

std::string head_of(const response& what) {
    std::string head =
        what.version + ' ' + std::to_string(what.status) + ' ' + what.reason + "\r\n";
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!has(what.fields, name)) {
            head.append(name).append(": ").append(value).append("\r\n");
        }
    };
    add("Date", now_as_date());
    if (what.chunked) {
        add("Transfer-Encoding", "chunked");
    } else if (!what.until_close && what.status >= 200 && what.status != 204 &&
               what.status != 304) {
        add("Content-Length", std::to_string(what.body.size() + what.pattern_size));
    }
    add("Connection", what.close || what.until_close ? "close" : "keep-alive");
    for (const auto& [name, value] : what.fields) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
    return head + "\r\n";
}

response redirect_to(std::string location, unsigned status) {
    response result;
    result.status = status;
    result.fields.emplace_back("Location", std::move(location));
    return result;
}

}  // namespace asyncdl::test
