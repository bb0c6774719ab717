#pragma once
// The file name of a Content-Disposition (RFC 6266, RFC 8187), read as browsers read it. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace asyncdl::core {

/// The name that a field's value gives, as valid UTF-8; raw: it may hold separators, control
/// characters, anything, and must be made safe. Nothing where it gives none or an empty one.
///
/// `filename*` counts before `filename`, wherever they stand; of repeated ones the first. The
/// disposition's type is of no interest and may be missing.
/// - `filename*`: UTF-8 or ISO-8859-1, percent-decoded; ignored where the charset is another, an
///   escape is cut or the bytes are no valid UTF-8.
/// - `filename`: quoted, with backslash escapes, up to the end where the closing quote is missing;
///   else everything up to the next `;`. Encoded words (RFC 2047; UTF-8, US-ASCII or ISO-8859-1)
///   are decoded. If there are none, percent-decoded where that gives valid UTF-8; bytes that
///   are none are read as ISO-8859-1.
std::optional<std::string> disposition_name(std::string_view value);

}  // namespace asyncdl::core
