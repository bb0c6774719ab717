#include "cli/text_report.hpp"

#include <array>
#include <asyncdl/mask_secrets.hpp>
#include <cstdio>

#include "cli/error_line.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

constexpr unsigned not_modified = 304;

std::string shown_url(const download_result& result) {
    return clean(mask_secrets(result.url));
}

// A wrong entry of a list that must not be shown has its place for a URL, and its message begins
// with the place.
std::string failure_line(const download_result& result) {
    const std::string url = shown_url(result) + ": ";
    std::string line = clean(error_line(result));
    if (!line.starts_with(url)) {
        line.insert(0, url);
    }
    if (result.kept_bytes > 0) {
        line += "; " + readable_size(result.kept_bytes) + " are kept for the next run";
    }
    return line + "\n";
}

std::string percent(double share) {
    std::array<char, 32> text;
    // Cut, not rounded: one failure in ten thousand is not "100.0 %".
    const auto tenths = static_cast<unsigned>(share * 1000);
    std::snprintf(text.data(), text.size(), "%u.%u %%", tenths / 10, tenths % 10);
    return text.data();
}

// Empty if there is nothing to go on from.
std::string kept_line(const batch_summary& summary) {
    if (summary.kept_parts == 0) {
        return {};
    }
    const bool is_one = summary.kept_parts == 1;
    return "Kept: " + readable_size(summary.kept_bytes) + " of " +
           std::to_string(summary.kept_parts) +
           (is_one ? " unfinished file; the same command resumes it\n"
                   : " unfinished files; the same command resumes them\n");
}

}  // namespace

void summary_report::add(const download_result& result) {
    out().write(result.success ? "✅ " + success_line(result) : "❌ " + failure_line(result));
}

std::string summary_report::success_line(const download_result& result) const {
    if (result.skipped && result.file_path.empty()) {
        return shown_url(result) + ": not modified\n";
    }
    const std::string& place = result.file_path.empty() ? body_ : result.file_path;
    std::string line =
        (place.empty() ? shown_url(result) : clean(place)) + ": " + readable_size(result.file_size);
    if (result.skipped) {
        const bool is_compared = mode_ != on_exists::skip || result.status == not_modified;
        return line + (is_compared ? ", unchanged\n" : ", kept as it was\n");
    }
    if (result.resumed_from > 0) {
        line += ", resumed at " + readable_size(result.resumed_from);
    }
    return line + ", " + readable_time(result.download_time) + ", " +
           readable_rate(result.speed()) + "\n";
}

void summary_report::finish(const batch_summary& summary) {
    std::string line = "Downloads: " + std::to_string(summary.total) +
                       ", succeeded: " + std::to_string(summary.succeeded);
    if (summary.skipped > 0) {
        line += (mode_ == on_exists::skip ? " (skipped: " : " (unchanged: ") +
                std::to_string(summary.skipped) + ")";
    }
    line += ", failed: " + std::to_string(summary.failed);
    if (summary.cancelled > 0) {
        line += " (cancelled: " + std::to_string(summary.cancelled) + ")";
    }
    out().write("\n" + line + ", success rate: " + percent(summary.success_rate()) +
                "\nReceived: " + readable_size(summary.bytes) + " in " +
                readable_time(summary.elapsed) + ", " + readable_rate(summary.speed()) + "\n" +
                kept_line(summary));
}

void failure_report::add(const download_result& result) {
    out().write("asyncdl: " + failure_line(result));
}

}  // namespace asyncdl::cli
