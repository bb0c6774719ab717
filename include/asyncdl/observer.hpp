#pragma once
// What happens to downloads, told as it happens.

#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace asyncdl {

class download_result;

/// Gets the events of a downloader. Every function does nothing by default. Owned by the caller,
/// must outlive every download.
///
/// Called on the downloader's executor; with several downloaders from several threads at once. An
/// exception is logged and ends that download as `errc::internal`.
class observer {
public:
    virtual ~observer() = default;

    /// A download got its first slot. `url` is the result's.
    virtual void on_start(std::uint64_t id, std::uint64_t tag, std::string_view url);

    /// An attempt failed and another follows after `delay`. Not for attempts that are used up by
    /// what a host that rests told others.
    virtual void on_retry(std::uint64_t id, std::uint64_t tag, unsigned attempt,
                          const boost::system::error_code& error, std::chrono::milliseconds delay);

    /// A download ended, before its result is delivered.
    virtual void on_finish(const download_result& result);
};

}  // namespace asyncdl
