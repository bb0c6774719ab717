#pragma once
// How far the downloads are, as a picture of one moment. Values; the caller owns them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asyncdl {

/// Where a download stands.
enum class download_state { queued, verifying, connecting, receiving, waiting, finishing };

/// A state's name: "queued", "verifying" (what an earlier run left is checked), "connecting",
/// "receiving", "waiting", "finishing".
std::string_view to_string(download_state state) noexcept;

/// One active download.
class download_progress {
public:
    download_progress() noexcept {}

    std::uint64_t id = 0;
    std::uint64_t tag = 0;
    std::string name;                    ///< the file's name so far, the URL if it has none
    std::optional<std::uint64_t> total;  ///< bytes of the file, where known
    std::uint64_t received = 0;          ///< bytes of the file that are there so far
    download_state state = download_state::queued;
    unsigned connections = 0;  ///< connections in use for it
};

/// Totals of all that share the context, since its start, and the active downloads of the
/// downloader or manager that was asked. All are of one moment: `started` is the sum of
/// `succeeded`, `failed`, `active`, and of what was destroyed along with its executor's context. No
/// total but `active` falls from one snapshot to the next. A download is active until its result is
/// ready to be delivered, so in `observer::on_finish` too.
class progress_snapshot {
public:
    progress_snapshot() noexcept {}

    std::uint64_t started = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes_received = 0;          ///< body bytes, of all attempts and while they run
    std::uint64_t active = 0;                  ///< how many are active, listed or not
    std::vector<download_progress> downloads;  ///< the active ones, oldest first, up to a bound
};

}  // namespace asyncdl
