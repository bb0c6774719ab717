#pragma once
// The program: from its arguments to its exit status.

namespace asyncdl::cli {

/// Exit statuses, beside 128 + the number of a signal.
enum exit_status { all_succeeded = 0, some_failed = 1, unusable = 2 };

/// Runs the program once.
int run(int argc, char** argv);

}  // namespace asyncdl::cli
