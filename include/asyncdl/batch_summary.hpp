#pragma once
// The totals of a batch. A value; the caller owns it.

#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <string>

namespace asyncdl {

class download_result;

/// Counts over all results of a batch.
class batch_summary {
public:
    batch_summary() noexcept {}

    /// Counts one result; `elapsed` is left as it is.
    void add(const download_result& result) noexcept;

    /// Share of downloads that succeeded, 0 to 1; 1 for an empty batch.
    double success_rate() const noexcept {
        return total == 0 ? 1.0 : static_cast<double>(succeeded) / static_cast<double>(total);
    }

    /// Bytes received a second; 0 where no time passed.
    double speed() const noexcept {
        return elapsed.count() > 0 ? static_cast<double>(bytes) / elapsed.count() : 0.0;
    }

    std::uint64_t total = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;                ///< among `succeeded`
    std::uint64_t cancelled = 0;              ///< among `failed`
    std::uint64_t kept_parts = 0;             ///< among `failed`: those with `kept_bytes`
    std::uint64_t kept_bytes = 0;             ///< over all results, see `download_result`
    std::uint64_t bytes = 0;                  ///< body bytes received over the network
    std::chrono::duration<double> elapsed{};  ///< seconds from the start of the batch to its end

    boost::system::error_code source_error;    ///< the source could not be read to its end
    std::string source_message;                ///< one line for a person
    boost::system::error_code consumer_error;  ///< a result could not be delivered
    std::string consumer_message;              ///< one line for a person
};

}  // namespace asyncdl
