#include "core/authority.hpp"

#include <idn2.h>

#include <algorithm>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <charconv>
#include <memory>
#include <utility>

#include "core/percent.hpp"
#include "core/utf8.hpp"

namespace asyncdl::core {

namespace {

constexpr std::size_t max_name = 253;  // RFC 1035, 2.3.4, less the length bytes at both ends
constexpr std::size_t max_label = 63;

fault bad(const char* what) {
    return {errc::invalid_url, what};
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

void make_lower(std::string& text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c | 0x20);
        }
    }
}

// Whether non-transitional processing keeps a character that transitional processing maps (UTS 46,
// 4): sharp s, final sigma, and the two joiners. Any other name has one form by both.
bool has_deviation(std::string_view name) {
    for (const std::string_view each : {"\xc3\x9f", "\xcf\x82", "\xe2\x80\x8c", "\xe2\x80\x8d"}) {
        if (name.find(each) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

outcome<std::string> international(const std::string& name) {
    if (!utf8::valid(name) || name.find('\0') != std::string::npos) {
        return bad("the host is no valid UTF-8");
    }
    char* ascii = nullptr;
    int status = idn2_to_ascii_8z(name.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    // libidn2 refuses what IDNA 2008 does not have (symbols, emoji), though UTS 46 has it, but not
    // with transitional processing.
    if ((status == IDN2_DISALLOWED || status == IDN2_CONTEXTO) && !has_deviation(name)) {
        status = idn2_to_ascii_8z(name.c_str(), &ascii, IDN2_TRANSITIONAL | IDN2_NFC_INPUT);
    }
    const std::unique_ptr<char, decltype(&idn2_free)> owner(ascii, idn2_free);
    if (status != IDN2_OK) {
        return bad("the host is no valid international name");
    }
    return std::string(ascii);
}

// Letters, digits, hyphens, and the underscore that many names have; labels of 1 to 63 bytes. One
// dot may end the name.
bool is_name(std::string_view host) {
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    if (host.empty() || host.size() > max_name) {
        return false;
    }
    std::size_t label = 0;
    for (const char c : host) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (c == '.' ? label == 0 : !plain || label == max_label) {
            return false;
        }
        label = c == '.' ? 0 : label + 1;
    }
    return label > 0;
}

// Whether the last label is a number, decimal or hexadecimal. Look-ups read such a name as an
// address, in spellings that hide which one.
bool looks_like_ipv4(std::string_view host) {
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    std::string_view last = host.substr(host.rfind('.') + 1);
    if (last.starts_with("0x")) {
        last.remove_prefix(2);
        return last.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    }
    return last.find_first_not_of("0123456789") == std::string_view::npos;
}

outcome<std::string> read_host(std::string_view text) {
    if (text.empty()) {
        return bad("the URL has no host");
    }
    std::string host = percent_decoded(text);
    if (!is_ascii(host)) {
        auto ascii = international(host);
        if (!ascii) {
            return ascii;
        }
        host = std::move(*ascii);
    }
    make_lower(host);
    if (!is_name(host)) {
        return bad("the host is no valid name");
    }
    if (looks_like_ipv4(host) && !boost::urls::parse_ipv4_address(host)) {
        return bad("the host is no valid IPv4 address");
    }
    return host;
}

// What stands between the brackets.
outcome<std::string> read_ipv6(std::string_view text) {
    if (text.find('%') != std::string_view::npos) {
        return bad("an IPv6 address with a zone cannot be used in a URL");
    }
    if (!boost::urls::parse_ipv6_address(text)) {
        return bad("the host is no valid IPv6 address");
    }
    std::string host(text);
    make_lower(host);
    return host;
}

outcome<std::optional<std::uint16_t>> read_port(std::string_view text) {
    if (text.empty()) {
        return std::optional<std::uint16_t>();
    }
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) {
        return bad("the port is not a number from 1 to 65535");
    }
    return std::optional(port);
}

}  // namespace

outcome<authority> read_authority(std::string_view text) {
    authority result;
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        const std::string_view userinfo = text.substr(0, at);
        const auto colon = std::min(userinfo.find(':'), userinfo.size());
        result.has_userinfo = !userinfo.empty();
        result.user = percent_decoded(userinfo.substr(0, colon));
        result.password = percent_decoded(userinfo.substr(std::min(colon + 1, userinfo.size())));
        text.remove_prefix(at + 1);
    }

    const bool bracketed = text.starts_with('[');
    const auto host_end = bracketed ? text.find(']') : std::min(text.rfind(':'), text.size());
    if (host_end == std::string_view::npos) {
        return bad("an IPv6 address lacks its closing bracket");
    }
    auto host =
        bracketed ? read_ipv6(text.substr(1, host_end - 1)) : read_host(text.substr(0, host_end));
    if (!host) {
        return host.error();
    }
    result.host = std::move(*host);

    text.remove_prefix(bracketed ? host_end + 1 : host_end);
    if (!text.empty() && text.front() != ':') {
        return bad("the host is no valid name");
    }
    const auto port = read_port(text.substr(std::min<std::size_t>(1, text.size())));
    if (!port) {
        return port.error();
    }
    result.port = *port;
    return result;
}

outcome<authority> authority_reader::read(std::string_view text) {
    if (text == text_ && !text.empty()) {
        return last_;
    }
    auto result = read_authority(text);
    if (result && text.find('@') == std::string_view::npos) {
        text_ = text;
        last_ = *result;
    }
    return result;
}

}  // namespace asyncdl::core
