#include "cli/ending.hpp"

#include <utility>

#include "cli/program.hpp"

namespace asyncdl::cli {

ending judge_end(const batch_summary& summary, int signal, const std::string& source_failure,
                 std::vector<std::string> failures) {
    ending end;
    end.lines = std::move(failures);
    if (summary.consumer_error) {
        end.lines.push_back("results are missing in the reports, and downloads were left out: " +
                            (summary.consumer_message.empty() ? summary.consumer_error.message()
                                                              : summary.consumer_message));
    }
    if (summary.source_error) {
        end.lines.push_back(source_failure.empty() ? summary.source_message : source_failure);
    }
    const bool failed = summary.failed > 0 || summary.source_error || !end.lines.empty();
    end.status = signal != 0 ? 128 + signal : failed ? some_failed : all_succeeded;
    return end;
}

}  // namespace asyncdl::cli
