// The public values that decide anything by themselves.

#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <asyncdl/error.hpp>
#include <asyncdl/progress_snapshot.hpp>

#include "core/checksum.hpp"

namespace asyncdl {

std::string check_checksum(std::string_view text) {
    const auto parsed = core::checksum::parse(text);
    return parsed ? std::string() : parsed.error().message();
}

void batch_summary::add(const download_result& result) noexcept {
    ++total;
    bytes += result.bytes_received;
    if (result.success) {
        ++succeeded;
        skipped += result.skipped ? 1 : 0;
    } else {
        ++failed;
        cancelled += result.error == failure::cancelled ? 1 : 0;
    }
}

std::string_view to_string(download_state state) noexcept {
    switch (state) {
        case download_state::queued:
            return "queued";
        case download_state::verifying:
            return "verifying";
        case download_state::connecting:
            return "connecting";
        case download_state::receiving:
            return "receiving";
        case download_state::waiting:
            return "waiting";
        case download_state::finishing:
            return "finishing";
    }
    return "unknown";
}

}  // namespace asyncdl
