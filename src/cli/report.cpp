#include "cli/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/field_table.hpp"
#include "cli/text_report.hpp"

namespace asyncdl::cli {

namespace {

/// One document at the end, its results in input order: the one report that keeps them all.
class json_report final : public report {
public:
    using report::report;

    void add(const download_result& result) override {
        if (results_.size() <= result.index) {
            results_.resize(result.index + 1);
        }
        results_[result.index] = json_result(result);
    }

    void finish(const batch_summary& summary) override {
        out().write("{\"version\": 1, \"summary\": " + json_summary(summary) + ", \"results\": [");
        std::string_view before = "\n";
        for (const std::string& result : results_) {
            // A place without a result: the batch ended before that download did.
            if (!result.empty()) {
                out().write(before);
                out().write(result);
                before = ",\n";
            }
        }
        out().write("\n]}\n");
    }

private:
    std::vector<std::string> results_;
};

class jsonl_report final : public report {
public:
    using report::report;
    void add(const download_result& result) override { out().write(json_result(result) + "\n"); }
    void finish(const batch_summary&) override {}
};

class csv_report final : public report {
public:
    using report::report;
    void begin() override {
        report::begin();
        out().write(csv_header());
    }
    void add(const download_result& result) override { out().write(csv_row(result)); }
    void finish(const batch_summary&) override {}
};

template <typename Report>
void add_file_report(std::vector<std::unique_ptr<report>>& reports,
                     const std::optional<std::string>& path) {
    if (path) {
        reports.push_back(std::make_unique<Report>(std::make_unique<output_file>(*path)));
    }
}

}  // namespace

std::vector<std::unique_ptr<report>> make_reports(const settings& options, file_claims& files) {
    const std::array paths{&options.json, &options.jsonl, &options.csv};
    const auto on_stdout = std::count_if(paths.begin(), paths.end(),
                                         [](const auto* path) { return *path && **path == "-"; });
    if (on_stdout > 1) {
        throw usage_error("only one report can go to standard output");
    }
    const bool has_body = options.body && options.body->on_stdout;
    if (has_body && on_stdout > 0) {
        throw usage_error("--output and a report cannot both go to standard output");
    }
    std::vector<std::unique_ptr<report>> reports;
    add_file_report<json_report>(reports, options.json);
    add_file_report<jsonl_report>(reports, options.jsonl);
    add_file_report<csv_report>(reports, options.csv);
    for (const auto& each : reports) {
        files.write(each->out().native(), each->out().name());
    }
    for (const auto& each : reports) {
        each->begin();
    }
    if (options.quiet || on_stdout > 0) {
        reports.push_back(std::make_unique<failure_report>(
            std::make_unique<output_file>(STDERR_FILENO, "standard error")));
    } else {
        auto out = has_body ? std::make_unique<output_file>(STDERR_FILENO, "standard error")
                            : std::make_unique<output_file>(STDOUT_FILENO, "standard output");
        reports.push_back(std::make_unique<summary_report>(
            std::move(out), options.body ? options.body->name : std::string(),
            options.transfer.if_exists));
    }
    return reports;
}

}  // namespace asyncdl::cli
