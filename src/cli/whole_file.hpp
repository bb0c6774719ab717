#pragma once
// Small files that the command line names and that are read before anything is downloaded.

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/input_file.hpp"

namespace asyncdl::cli {

/// Opens a file; `-` is stdin. `option` begins the message.
/// @throws usage_error
input_file open_file(const std::string& path, std::string_view option);

/// Reads it to its end, and waits for that.
/// @param limit longest text that is taken, in MiB
/// @throws usage_error
std::string read_whole(input_file& file, std::string_view option, std::size_t limit);

}  // namespace asyncdl::cli
