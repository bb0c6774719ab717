#pragma once
// Dictionaries of structured fields (RFC 9651, 3.2), for what we read of them: the members that are
// byte sequences. Pure.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncdl::core {

/// A key, and what stands between the colons of a byte sequence, not decoded yet; nothing for a
/// value of another type.
using dictionary_member = std::pair<std::string_view, std::optional<std::string_view>>;

/// Reads one line of a dictionary; parameters are passed over. Members come in order, repeated keys
/// as often as they are repeated (the last one counts). Nothing where any part of the line breaks
/// the grammar: such a field is to be ignored as a whole (RFC 9651, 4.2).
std::optional<std::vector<dictionary_member>> parse_dictionary(std::string_view line);

}  // namespace asyncdl::core
