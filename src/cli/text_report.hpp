#pragma once
// The reports that people read. What they print is one line a download, whatever its strings hold.

#include <asyncdl/downloader_options.hpp>
#include <memory>
#include <string>
#include <utility>

#include "cli/report.hpp"

namespace asyncdl::cli {

/// A line a download as each ends, and the totals: the program's output where no report takes
/// stdout.
class summary_report final : public report {
public:
    /// @param body what the one body is written into; empty: bodies go to files
    /// @param mode what an existing file was compared with before it was kept, if with anything
    summary_report(std::unique_ptr<output_file> out, std::string body, on_exists mode)
        : report(std::move(out)), body_(std::move(body)), mode_(mode) {}

    void add(const download_result& result) override;
    void finish(const batch_summary& summary) override;

private:
    std::string success_line(const download_result& result) const;

    std::string body_;
    on_exists mode_;
};

/// Failures alone.
class failure_report final : public report {
public:
    using report::report;
    bool wants(const download_result& result) const override { return !result.success; }
    void add(const download_result& result) override;
    void finish(const batch_summary&) override {}
};

}  // namespace asyncdl::cli
