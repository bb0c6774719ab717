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
    std::string name;                    ///< the file's name, the URL while none is known
    std::optional<std::uint64_t> total;  ///< bytes of the file, where known
    std::uint64_t received = 0;          ///< bytes of the file that are there so far
    download_state state = download_state::queued;
    unsigned connections = 0;  ///< connections in use for it
};

/// Totals since the start, and the active downloads.
class progress_snapshot {
public:
    progress_snapshot() noexcept {}

    std::uint64_t started = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes_received = 0;          ///< body bytes, of active downloads too
    std::uint64_t active = 0;                  ///< how many are active, listed or not
    std::vector<download_progress> downloads;  ///< the active ones, oldest first, up to a bound
};

}  // namespace asyncdl
