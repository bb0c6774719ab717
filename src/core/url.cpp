#include "core/url.hpp"

#include <algorithm>
#include <boost/url/grammar/alpha_chars.hpp>
#include <boost/url/grammar/lut_chars.hpp>
#include <optional>
#include <utility>

#include "core/authority.hpp"
#include "core/fields.hpp"
#include "core/percent.hpp"

namespace asyncdl::core {

namespace {

// The parts of a reference as they stand (RFC 3986, appendix B); the fragment is left out.
struct parts {
    std::optional<std::string_view> scheme;
    std::optional<std::string_view> authority;
    std::string_view path;
    std::optional<std::string_view> query;
};

bool is_scheme(std::string_view text) {
    constexpr boost::urls::grammar::lut_chars letters(boost::urls::grammar::alpha_chars);
    constexpr auto others = letters + "0123456789+-.";
    if (text.empty() || !letters(text.front())) {
        return false;
    }
    for (const char c : text) {
        if (!others(c)) {
            return false;
        }
    }
    return true;
}

parts split(std::string_view text) {
    parts result;
    text = text.substr(0, text.find('#'));
    if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        if (is_scheme(text.substr(0, colon))) {
            result.scheme = text.substr(0, colon);
            text.remove_prefix(colon + 1);
        }
    }
    if (text.starts_with("//")) {
        text.remove_prefix(2);
        const auto end =
            std::find_if(text.begin(), text.end(), [](char c) { return c == '/' || c == '?'; });
        result.authority = std::string_view(text.begin(), end);
        text.remove_prefix(result.authority->size());
    }
    const auto question = text.find('?');
    result.path = text.substr(0, question);
    if (question != std::string_view::npos) {
        result.query = text.substr(question + 1);
    }
    return result;
}

// RFC 3986, 5.2.4, for a path that starts with a slash.
std::string without_dot_segments(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        const auto slash = path.find('/', 1);
        const std::string_view segment = path.substr(0, slash);
        const bool last = slash == std::string_view::npos;
        if (segment == "/..") {
            out.resize(out.empty() ? 0 : out.rfind('/'));
        } else if (segment != "/.") {
            out += segment;
        }
        if (last && (segment == "/." || segment == "/..")) {
            out += '/';
        }
        path.remove_prefix(segment.size());
    }
    return out;
}

std::string make_target(std::string_view path, std::optional<std::string_view> query) {
    std::string target;
    target.reserve(path.size() + (query ? query->size() : 0) + 2);
    append_encoded(target, path, path_chars);
    if (target.find("/.") != std::string::npos) {
        target = without_dot_segments(target);
    }
    if (target.empty()) {
        target += '/';
    }
    if (query) {
        target += '?';
        append_encoded(target, *query, query_chars);
    }
    return target;
}

std::uint16_t default_port(bool tls) {
    return tls ? 443 : 80;
}

}  // namespace

std::string origin::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
    if (port != default_port(tls)) {
        text += ':';
        text += std::to_string(port);
    }
    return text;
}

std::string origin::display() const {
    return (tls ? "https://" : "http://") + authority();
}

outcome<url> url::parse(std::string_view text, authority_reader* reader) {
    const parts given = split(trimmed(text));
    const bool tls = given.scheme && iequals(*given.scheme, "https");
    if (!tls && !(given.scheme && iequals(*given.scheme, "http"))) {
        return fault(errc::invalid_url, "not an http or https URL");
    }
    if (!given.authority) {
        return fault(errc::invalid_url, "the URL has no host");
    }
    auto authority = reader ? reader->read(*given.authority) : read_authority(*given.authority);
    if (!authority) {
        return authority.error();
    }

    url result;
    result.origin_ = {tls, std::move(authority->host), authority->port.value_or(default_port(tls))};
    result.target_ = make_target(given.path, given.query);
    result.user_ = std::move(authority->user);
    result.password_ = std::move(authority->password);
    result.has_userinfo_ = authority->has_userinfo;
    return result;
}

outcome<url> url::resolve(std::string_view reference) const {
    reference = trimmed(reference);
    const parts given = split(reference);
    if (given.scheme) {
        if (!iequals(*given.scheme, "http") && !iequals(*given.scheme, "https")) {
            return fault(errc::redirect, "a redirect to something other than http and https");
        }
        return parse(reference);
    }
    if (given.authority) {
        return parse((origin_.tls ? "https:" : "http:") + std::string(reference));
    }

    url result;
    result.origin_ = origin_;
    // Not split: a target may begin with two slashes.
    const std::string_view base = std::string_view(target_).substr(0, target_.find('?'));
    if (given.path.empty()) {
        result.target_ = given.query ? make_target(base, given.query) : target_;
    } else if (given.path.starts_with('/')) {
        result.target_ = make_target(given.path, given.query);
    } else {
        std::string merged(base.substr(0, base.rfind('/') + 1));
        merged += given.path;
        result.target_ = make_target(merged, given.query);
    }
    return result;
}

std::string url::display() const {
    return origin_.display() + target_;
}

std::string_view url::last_segment() const noexcept {
    const std::string_view path = std::string_view(target_).substr(0, target_.find('?'));
    return path.substr(path.rfind('/') + 1);
}

}  // namespace asyncdl::core
