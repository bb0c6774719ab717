#pragma once
// Downloads that do not get to their end, and what they leave for a later run. Used by the test's
// thread.

#include <cstdint>
#include <string>
#include <vector>

#include "support/remote_file.hpp"
#include "support/stage.hpp"

namespace asyncdl::test {

/// What a download to `file` leaves that can be resumed.
inline const std::vector<std::string> unfinished{"file.part", "file.part.state"};

/// Runs a download until so many bytes of its body came, and cancels it.
download_result cancel_after(stage& on, download_request request, std::uint64_t bytes);

/// The origin answers for `/file` but ends after so many bytes; one try leaves them in `file.part`.
void leave_part(stage& on, const remote_file& file, std::uint64_t bytes);

/// The end of a resumed download: success with exactly these bytes, of which an earlier run left
/// `kept`, and no other came over the network twice.
void check_resumed(const stage& on, const download_result& result, const remote_file& file,
                   std::uint64_t kept);

/// The same with nothing kept.
void check_all_new(const stage& on, const download_result& result, const remote_file& file);

/// The whole file under its name, or a failure and nothing under its name. Never anything else.
void check_whole_or_nothing(const stage& on, const download_result& result,
                            const remote_file& file);

}  // namespace asyncdl::test
