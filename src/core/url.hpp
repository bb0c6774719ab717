#pragma once
// URLs as they go over the wire: encoded, checked, resolved. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/fault.hpp"

namespace asyncdl::core {

class authority_reader;

/// Who a connection is to: scheme, host, port (RFC 6454, 4). Credentials belong to one.
class origin {
public:
    bool tls = false;
    std::string host;  ///< lower case ASCII; an IPv6 literal without brackets
    std::uint16_t port = 0;

    friend bool operator==(const origin&, const origin&) = default;
    friend auto operator<=>(const origin&, const origin&) = default;

    /// `host`, bracketed where it is an IPv6 literal, with `:port` where that is not the scheme's
    /// default: the value of the Host field.
    std::string authority() const;

    /// `http://authority`.
    std::string display() const;
};

/// An http or https URL with everything that is not allowed on the wire percent-encoded.
class url {
public:
    /// Reads what a person, a list or a Location gives. Surrounding blanks are dropped; spaces,
    /// control characters, bytes over 127 and what RFC 3986 does not allow are percent-encoded; a
    /// lone `%` becomes `%25`, valid escapes stay as given; backslashes are encoded, never turned
    /// into slashes. The host is made ASCII by UTS 46 (libidn2, non-transitional) and lower case,
    /// percent-escapes in it decoded first; dot segments of the path are removed (RFC 3986, 5.2.4);
    /// an empty path becomes "/"; the fragment is dropped; a port is 1 to 65535 in decimal digits,
    /// empty means the default. A literal IPv4 or IPv6 address is checked; zone ids are refused.
    ///
    /// `errc::invalid_url` with a line that says what is wrong and shows no userinfo.
    /// @param reader for URLs of a list: reads the authority, if given
    static outcome<url> parse(std::string_view text, authority_reader* reader = nullptr);

    /// A reference, usually a Location, against this URL (RFC 3986, 5.2), with the same encoding.
    /// Userinfo of this URL is not inherited. `errc::invalid_url`; `errc::redirect` where the
    /// scheme is neither http nor https.
    outcome<url> resolve(std::string_view reference) const;

    const core::origin& origin() const noexcept { return origin_; }

    /// Path and query as they go into the request line; starts with "/".
    const std::string& target() const noexcept { return target_; }

    /// Percent-decoded; both empty where the URL had no userinfo.
    const std::string& user() const noexcept { return user_; }
    const std::string& password() const noexcept { return password_; }
    bool has_userinfo() const noexcept { return has_userinfo_; }

    /// The URL for reports: without userinfo and fragment.
    std::string display() const;

    /// The path's last segment, still encoded, without the query; may be empty.
    std::string_view last_segment() const noexcept;

private:
    core::origin origin_;
    std::string target_;
    std::string user_;
    std::string password_;
    bool has_userinfo_ = false;
};

/// Any text that was given as a URL, for reports: what stands between `://` and the last `@` of the
/// authority is cut out, control characters are left out. Where a password holds a raw separator,
/// so that it reaches out of the authority, and where there is no `://`, what may be a password is
/// cut out up to the last `@` of all.
std::string without_userinfo(std::string_view text);

/// A URL's text for log lines: `without_userinfo`, and the query's values replaced by `...`,
/// at most 4 KiB.
std::string for_log(std::string_view text);

}  // namespace asyncdl::core
