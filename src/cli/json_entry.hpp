#pragma once
// The JSON form of a list's entry. Pure.

#include <asyncdl/download_request.hpp>
#include <functional>
#include <string_view>

namespace asyncdl::cli {

/// The download that a JSON object asks for: `url`, and optionally `file_name` (or `out`),
/// `mirrors` (array of URLs), `checksum`, `headers` (array of `NAME: VALUE`). null is as if left
/// out. `unknown` gets every other key, `left_out` every mirror that is neither http nor https; a
/// `url` that is neither stays if there is a mirror that is. What is no such object gives a
/// download that is rejected as `errc::invalid_url`, or `errc::name`.
download_request parse_json_entry(std::string_view text, std::string_view place,
                                  const std::function<void(std::string_view)>& unknown,
                                  const std::function<void(std::string_view)>& left_out);

}  // namespace asyncdl::cli
