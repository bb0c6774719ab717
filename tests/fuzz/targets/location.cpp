// URLs of people, lists and Locations: what goes onto the wire is plain ASCII and means the same
// when it is read again; no report shows credentials. The input: a URL, and behind a LF a reference
// that is resolved against it.

#include <algorithm>
#include <array>
#include <asyncdl/error.hpp>
#include <asyncdl/mask_secrets.hpp>
#include <string>

#include "core/url.hpp"
#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

void check_url(const core::url& url) {
    require(!url.origin().host.empty() && url.origin().port != 0, "a URL has a host and a port");
    require(url.target().starts_with('/'), "a target starts with a slash");
    require(url.last_segment().find_first_of("/?") == std::string::npos, "a segment is one");
    const std::string shown = url.display();
    require(std::all_of(shown.begin(), shown.end(), [](char c) { return c > 0x20 && c < 0x7f; }),
            "a URL on the wire is visible ASCII");
    require(shown.find('#') == shown.npos, "a fragment is dropped");
    require(url.origin().authority().find('@') == std::string::npos, "no userinfo is shown");
    const auto again = core::url::parse(shown);
    require(again && !again->has_userinfo(), "what is shown is a URL without userinfo");
    require(again->origin() == url.origin() && again->target() == url.target(),
            "what is shown is the same URL");
}

void check_reports(std::string_view text) {
    const std::string shown = core::without_userinfo(text);
    require(is_harmless(shown) && is_harmless(core::for_log(text)), "reports are harmless");
    require(core::for_log(text).size() <= 4096, "a URL in a log line is short");
    require(core::without_userinfo(shown) == shown, "once cut out, credentials are gone");
    const auto read = core::url::parse(shown);
    require(!read || !read->has_userinfo(), "a report holds no userinfo");
    const std::string masked = mask_secrets(shown);
    require(mask_secrets(masked) == masked, "once masked, a URL stays as it is");
    const auto signed_with = [&](const char* secret) {
        return mask_secrets(std::string(text) + "&X-Amz-Signature=" + secret);
    };
    require(signed_with("s3cr3t") == signed_with("p4ssw0"), "no terminal shows a signature");
}

// `given` is everything but the password's first part: USER LF REST. What is shown must not depend
// on that part.
void check_secret(std::string_view given) {
    const std::string_view user = take_line(given);
    if (user.find_first_of("/?#") != user.npos || user.starts_with('[')) {
        return;  // then it is part of a path, or of what may be an IPv6 address
    }
    const auto shown = [&](std::string_view secret) {
        std::string text = "http://";
        text.append(user).append(":").append(secret).append(given).append("@h");
        const auto url = core::url::parse(text);
        return std::array{core::without_userinfo(text), core::for_log(text),
                          url ? std::string() : url.error().message()};
    };
    require(shown("s3cr3t") == shown("p4ssw0"), "no report, log or error shows a password");
}

const target registered("location", [](std::string_view input) {
    check_reports(input);
    check_secret(input);
    const std::string_view base = take_line(input);
    check_reports(base);
    const auto url = core::url::parse(base);
    if (!url) {
        require(url.error().code() == errc::invalid_url, "a bad URL is `invalid_url`");
        return;
    }
    check_url(*url);
    const auto target = url->resolve(input);
    if (!target) {
        require(
            target.error().code() == errc::invalid_url || target.error().code() == errc::redirect,
            "a bad reference is `invalid_url` or `redirect`");
        return;
    }
    check_url(*target);
    require(!target->has_userinfo() || input.find('@') != input.npos, "userinfo is not inherited");
});

}  // namespace

}  // namespace asyncdl::fuzz
