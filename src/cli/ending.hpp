#pragma once
// How a run ends: its last lines on stderr and its exit status. A pure function.

#include <asyncdl/batch_summary.hpp>
#include <string>
#include <vector>

namespace asyncdl::cli {

class ending {
public:
    std::vector<std::string> lines;  ///< what went wrong beside the downloads, for a person
    int status = 0;
};

/// @param signal the one that ended the run; 0: none
/// @param source_failure why the input could not be read, if the program knows better than the
/// library
/// @param failures a line for each report that could not be written to its end, and for whatever
/// else makes the run fail
ending judge_end(const batch_summary& summary, int signal, const std::string& source_failure,
                 std::vector<std::string> failures);

}  // namespace asyncdl::cli
