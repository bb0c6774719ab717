#pragma once
// From the arguments of the program to its settings, by the flag table.

#include <string>
#include <vector>

#include "cli/settings.hpp"

namespace asyncdl::cli {

/// Reads the arguments (without the program's name). With `help` or `version` asked for, nothing
/// else is judged.
/// @throws usage_error
settings parse_command_line(std::vector<std::string> arguments);

/// The text of `--help`.
std::string help_text();

}  // namespace asyncdl::cli
