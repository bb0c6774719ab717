#pragma once
// Which parts of a URL are likely secrets: signatures, tokens and keys in its query. Pure.

#include <string>
#include <string_view>

namespace asyncdl::core {

/// Appends a parameter, which begins with its separator, with `...` for its value; without a `=`,
/// and in a fragment, all of it is a value.
void append_masked(std::string& out, std::string_view parameter);

/// Whether `text`, which a server sent, repeats a secret of `url`, as it stands or decoded.
bool repeats_query_secret(std::string_view text, std::string_view url);

/// Whether `text` repeats `secret`, or ends with its beginning, since it may have been cut. Secrets
/// of fewer than four bytes are in any text.
bool repeats(std::string_view text, std::string_view secret);

}  // namespace asyncdl::core
