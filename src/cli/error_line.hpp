#pragma once
// Why a download failed, as the program says it: the library's message, and the option that bears
// on it. Pure.

#include <asyncdl/download_result.hpp>
#include <string>

namespace asyncdl::cli {

/// One line, not cleaned: "no byte for 30 s (--timeout)". Empty after a success.
std::string error_line(const download_result& result);

}  // namespace asyncdl::cli
