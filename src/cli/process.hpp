#pragma once
// What the program does to its own process, and the library never would.

namespace asyncdl::cli {

/// Takes the places of standard descriptors that are closed, so that no socket or report does; to
/// use one still fails. Ignores SIGPIPE and SIGXFSZ, so that a write fails instead. Allows as many
/// open files as the system lets it. Called once, at the start.
/// @throws std::system_error if a place cannot be taken
void prepare_process();

}  // namespace asyncdl::cli
