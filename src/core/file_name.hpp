#pragma once
// Safe file names: what a caller gives is checked, what a server or a URL gives is made safe. Pure.

#include <string>
#include <string_view>

#include "core/fault.hpp"
#include "core/url.hpp"

namespace asyncdl::core {

/// Bytes of a name that leave room for ".part.state" in the 255 of the usual file systems.
inline constexpr std::size_t max_name_bytes = 244;

/// A name that a caller gave: relative to the directory, `/` separates folders; `.` and inner `..`
/// are resolved lexically, repeated slashes are one. `errc::name` where it is empty, absolute, ends
/// with a slash, would leave the directory, holds a NUL, or its last part is over `max_name_bytes`
/// or a folder's over 255.
outcome<std::string> checked_name(std::string_view given);

/// The name that a URL gives: the last segment of its path, percent-decoded where that is valid
/// UTF-8 (else as it stands), made safe; "index.html" where nothing is left.
std::string derived_name(const url& final_url);

/// The same for a URL that the server chose by a redirect, tamed (see `tamed_name`), so that no
/// server makes a hidden file, or one that a command takes for an option.
std::string served_name(const url& final_url);

/// The name that a response gives: that of Content-Disposition (the field's value; empty where
/// there is none), its last part alone (RFC 6266, 4.3; `\` parts as well as `/`), made safe; where
/// nothing is left of it, the URL's. `redirected` says that the server chose the URL as well.
std::string served_name(std::string_view disposition, const url& final_url, bool redirected);

/// Makes any text one safe name, empty where nothing is left of it: `/`, `\` and control characters
/// (C0, DEL, C1, of the direction) become `_`, so do bytes that are no valid UTF-8; `.` and `..`
/// become empty; a drive's colon becomes `_` ("C:x"); `.part` and `.part.state` at the end get a
/// `_`, so that no server writes what a download of another name would go on from; blanks at both
/// ends are dropped; at most `max_name_bytes`, cut between characters, the extension (up to 20
/// bytes) kept.
std::string safe_name(std::string_view text);

/// A safe name whose last part is cut to `limit` bytes, for file systems that take no more: as by
/// `safe_name`, but an extension is kept only up to half of the limit, and something is always
/// left.
std::string shortened_name(std::string name, std::size_t limit);

/// The last extension of a name without folders, with its dot; empty if it has none, or one of over
/// 20 bytes with the dot. A dot at the front begins no extension.
std::string_view extension_of(std::string_view leaf);

/// A safe name that the server chose: a leading `.` or `-` becomes `_`.
std::string tamed_name(std::string name);

/// `name.N.ext`: the number goes before the last extension of the last part ("a.tar.gz" becomes
/// "a.tar.1.gz", ".x" becomes ".x.1"); the stem is cut if the last part would be over `limit`
/// bytes.
std::string numbered_name(std::string_view name, unsigned number,
                          std::size_t limit = max_name_bytes);

/// Server text for a person: control characters (C0, DEL, C1, of the direction) left out, invalid
/// UTF-8 replaced by U+FFFD, at most `limit` bytes, cut between characters.
std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace asyncdl::core
