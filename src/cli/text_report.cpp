#include "cli/text_report.hpp"

#include <array>
#include <asyncdl/mask_secrets.hpp>
#include <cstdio>

#include "cli/error_line.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

std::string shown_url(const download_result& result) {
    return clean(mask_secrets(result.url));
}

// A wrong entry of a list that must not be shown has its place for a URL, and its message begins
// with the place.
std::string failure_line(const download_result& result) {
    const std::string url = shown_url(result) + ": ";
    const std::string error = clean(error_line(result));
    return (error.starts_with(url) ? error : url + error) + "\n";
}

std::string percent(double share) {
    std::array<char, 32> text;
    // Cut, not rounded: one failure in ten thousand is not "100.0 %".
    const auto tenths = static_cast<unsigned>(share * 1000);
    std::snprintf(text.data(), text.size(), "%u.%u %%", tenths / 10, tenths % 10);
    return text.data();
}

}  // namespace

void summary_report::add(const download_result& result) {
    if (!result.success) {
        out().write("❌ " + failure_line(result));
        return;
    }
    const std::string size = readable_size(result.file_size);
    const std::string& place = result.file_path.empty() ? body_ : result.file_path;
    out().write("✅ " + (place.empty() ? shown_url(result) : clean(place)) + ": " + size +
                (result.skipped ? ", kept as it was\n"
                                : ", " + readable_time(result.download_time) + ", " +
                                      readable_rate(result.speed()) + "\n"));
}

void summary_report::finish(const batch_summary& summary) {
    std::string line = "Downloads: " + std::to_string(summary.total) +
                       ", succeeded: " + std::to_string(summary.succeeded);
    if (summary.skipped > 0) {
        line += " (skipped: " + std::to_string(summary.skipped) + ")";
    }
    line += ", failed: " + std::to_string(summary.failed);
    if (summary.cancelled > 0) {
        line += " (cancelled: " + std::to_string(summary.cancelled) + ")";
    }
    out().write("\n" + line + ", success rate: " + percent(summary.success_rate()) +
                "\nReceived: " + readable_size(summary.bytes) + " in " +
                readable_time(summary.elapsed) + ", " + readable_rate(summary.speed()) + "\n");
}

void failure_report::add(const download_result& result) {
    out().write("asyncdl: " + failure_line(result));
}

}  // namespace asyncdl::cli
