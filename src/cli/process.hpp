#pragma once
// What the program does to its own process, and the library never would.

namespace asyncdl::cli {

/// Opens the standard descriptors where they are closed, so that no socket takes their place;
/// ignores SIGPIPE and SIGXFSZ, so that a write fails instead; allows as many open files as the
/// system lets it. Called once, at the start.
void prepare_process();

}  // namespace asyncdl::cli
