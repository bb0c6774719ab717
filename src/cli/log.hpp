#pragma once
// What the run tells while it goes on: the library's log lines through spdlog, on stderr or to a
// file, and what the program itself says on stderr. Owned by the program; any thread may tell.

#include <asyncdl/logger.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "cli/file_claims.hpp"
#include "cli/line_writer.hpp"
#include "cli/settings.hpp"

namespace asyncdl::cli {

class run_log {
public:
    /// `--quiet` lets nothing but errors through if no level is given.
    /// @throws usage_error if the log file cannot be opened, or is claimed
    run_log(const settings& options, file_claims& files);

    /// The library's hook; thread-safe. It may outlive this.
    const log_hook& hook() const noexcept { return hook_; }

    /// A warning of the program's own.
    void warn(const std::string& line) const;

    /// Standard error.
    line_writer& err() noexcept { return *err_; }

    /// Ends the log file.
    /// @return why it could not be written to its end, a line for a person; empty if it was
    std::string finish_file();

private:
    const std::shared_ptr<line_writer> err_;
    std::shared_ptr<line_writer> file_;  ///< none: the log goes to stderr
    log_hook hook_;
};

}  // namespace asyncdl::cli
