#pragma once
// Percent-encoding (RFC 3986, 2.1), as lenient in what it reads as it is strict in what it writes.
// Pure.

#include <boost/url/grammar/lut_chars.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <string>
#include <string_view>

namespace asyncdl::core {

/// What may stand for itself in a path, and in a query (RFC 3986, 3.3 and 3.4).
inline constexpr boost::urls::grammar::lut_chars path_chars = boost::urls::pchars + '/';
inline constexpr boost::urls::grammar::lut_chars query_chars = path_chars + '?';

/// Appends a text with every byte encoded that is not in `allowed`; valid escapes stay as they are,
/// so that what is encoded already does not change.
void append_encoded(std::string& out, std::string_view text,
                    const boost::urls::grammar::lut_chars& allowed);

/// The bytes that a text stands for; a `%` that starts no escape stands for itself.
std::string percent_decoded(std::string_view text);

}  // namespace asyncdl::core
