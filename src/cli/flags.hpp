#pragma once
// The one table of the program's flags. Parsing and `--help` come from it; constant data.

#include <span>
#include <string_view>

#include "cli/settings.hpp"

namespace asyncdl::cli {

enum class flag_group { input, limits, time, http, tls, reports };

/// One flag.
struct flag {
    std::string_view name;      ///< with its dashes
    char letter;                ///< 0: none
    std::string_view argument;  ///< its name in the help; empty: takes none
    flag_group group;
    std::string_view help;
    std::string_view fallback;  ///< the default as it would be typed; empty: none

    /// Takes one use of the flag, in the order of the command line, so that the last of several
    /// wins. Throws `usage_error`. Null: a flag that is known but not supported yet.
    void (*apply)(settings& target, const flag& self, std::string_view value);
};

std::span<const flag> flags() noexcept;

}  // namespace asyncdl::cli
