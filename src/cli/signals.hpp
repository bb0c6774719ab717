#pragma once
// SIGINT, SIGTERM and SIGHUP: the first one is kept for whoever asks, the second ends the process
// at once, even if it hangs in a system call. One state for the process; any thread may ask.

#include <chrono>
#include <optional>

namespace asyncdl::cli {

/// From now on signals are kept. One that is ignored at this time stays ignored.
/// @throws std::system_error
void catch_signals();

/// The first signal that was caught; 0: none so far.
int first_signal() noexcept;

/// When it came.
std::optional<std::chrono::steady_clock::time_point> first_signal_time() noexcept;

/// Readable once a signal was caught. Belongs to the process: it is never read and never closed.
/// @throws std::system_error
int signal_descriptor();

}  // namespace asyncdl::cli
