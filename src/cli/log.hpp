#pragma once
// Where the library's log lines go: a spdlog logger on stderr or to a file.

#include <asyncdl/logger.hpp>

#include "cli/file_claims.hpp"
#include "cli/settings.hpp"

namespace asyncdl::cli {

/// The hook that the settings ask for; thread-safe. `--quiet` lets nothing but errors through where
/// no level was given.
/// @throws usage_error where the log file cannot be opened, or is claimed
log_hook make_log(const settings& options, file_claims& files);

}  // namespace asyncdl::cli
