#pragma once
// How one download ended: success or failure, never an exception. A value; the caller owns it.

#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <string>

namespace asyncdl {

/// The record of one download. Strings hold no userinfo of a URL. The URLs hold their whole query,
/// signatures included: `mask_secrets` is for those that are shown.
class download_result {
public:
    download_result() noexcept {}

    /// Bytes received a second; 0 where no time passed.
    double speed() const noexcept {
        return download_time.count() > 0
                   ? static_cast<double>(bytes_received) / download_time.count()
                   : 0.0;
    }

    std::uint64_t id = 0;     ///< unique in the context, from 1
    std::uint64_t tag = 0;    ///< the request's
    std::uint64_t index = 0;  ///< place in the batch, from 0

    std::string url;        ///< as given
    std::string final_url;  ///< after redirects; `url` where nothing was asked
    std::string file_name;  ///< below the directory; empty where none was decided
    std::string
        file_path;  ///< with the directory, relative where that is; the intended one if failed

    bool success = false;
    bool skipped = false;              ///< the target was kept as it was; `success` is then true
    std::uint64_t file_size = 0;       ///< bytes of the file on disk; 0 where it failed
    std::uint64_t bytes_received = 0;  ///< body bytes over the network, as sent, of all attempts
    std::chrono::duration<double> download_time{};  ///< seconds from the first slot on

    boost::system::error_code error;  ///< of `asyncdl::error_category()`
    std::string message;              ///< one line for a person; empty on success

    /// Last HTTP status; 0 where none came. If `attempts` is 0 it is what the host said to others.
    unsigned status = 0;
    std::string http_version;  ///< "1.0" or "1.1"; empty where no response came
    /// 1 plus retries; 0 if nothing was asked. While a host that answers 429 or 503 is left alone,
    /// few downloads ask it again, and each time that it refuses them costs the others a retry too.
    unsigned attempts = 0;
    std::uint64_t resumed_from = 0;  ///< bytes of earlier runs that were kept
    /// Bytes that a failed download left in its part file, where the same download resumes. 0 if it
    /// succeeded, left nothing, or ended before it had verified what earlier runs left.
    std::uint64_t kept_bytes = 0;
    std::string checksum;  ///< `sha-256=...` where one was verified
};

}  // namespace asyncdl
