#pragma once
// Where the library's log lines go: a spdlog logger on stderr or to a file.

#include <asyncdl/logger.hpp>
#include <functional>
#include <string>

#include "cli/file_claims.hpp"
#include "cli/settings.hpp"

namespace asyncdl::cli {

class run_log {
public:
    log_hook hook;  ///< thread-safe

    /// Ends the log file. Returns why it could not be written to its end, a line for a person;
    /// empty if it was, or if there is none.
    std::function<std::string()> finish;
};

/// The log that the settings ask for. `--quiet` lets nothing but errors through if no level is
/// given.
/// @throws usage_error if the log file cannot be opened, or is claimed
run_log make_log(const settings& options, file_claims& files);

}  // namespace asyncdl::cli
