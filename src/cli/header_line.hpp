#pragma once
// Header fields as they are written on the command line and in lists. Pure.

#include <asyncdl/download_request.hpp>
#include <string_view>

#include "cli/number.hpp"

namespace asyncdl::cli {

/// A field from `NAME: VALUE`; `NAME:` removes one that would be sent, `NAME;` sends it empty.
/// Malformed ones and those that frame a request or belong to the connection are refused.
parsed<header> parse_header(std::string_view line);

}  // namespace asyncdl::cli
