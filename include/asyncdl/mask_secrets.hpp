#pragma once
// URLs as a terminal may show them. A function of values; safe from any thread.

#include <string>
#include <string_view>

namespace asyncdl {

/// `url` with `...` for each value of its query, of its fragment or behind a `;` that is likely a
/// secret: by the parameter's name (X-Amz-Signature, Signature, sig, token, api_key, ... in any
/// case and spelling), by a secret of such a name within the value, or because it is long and has
/// no name. Any other text stays as it is. Userinfo is left alone; no result holds any.
///
///     https://h/a?id=7&X-Amz-Signature=f00d  ->  https://h/a?id=7&X-Amz-Signature=...
std::string mask_secrets(std::string_view url);

}  // namespace asyncdl
