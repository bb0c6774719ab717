#pragma once
// The authority of a URL: credentials, host, port (RFC 3986, 3.2). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/fault.hpp"

namespace asyncdl::core {

class authority {
public:
    std::string user;      ///< percent-decoded
    std::string password;  ///< percent-decoded
    bool has_userinfo = false;
    std::string host;                   ///< as in `origin`
    std::optional<std::uint16_t> port;  ///< nothing where none is given
};

/// Reads what stands between `//` and the path. The last `@` ends the credentials, which are none
/// where nothing precedes it. `errc::invalid_url`; the message holds nothing of the text, as a
/// misplaced slash may have put a part of the password where the port should be.
outcome<authority> read_authority(std::string_view text);

/// Reads the authorities of a list, where many of one host come after each other: remembers the
/// last one, unless it may hold credentials. Owned by whoever reads the list.
class authority_reader {
public:
    /// As `read_authority`.
    outcome<authority> read(std::string_view text);

private:
    std::string text_;  ///< empty: nothing is remembered
    authority last_;
};

}  // namespace asyncdl::core
