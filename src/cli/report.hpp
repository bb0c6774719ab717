#pragma once
// The reports of a run: a summary for people, failures on stderr, a JSON document, JSON lines, a
// CSV table. Owned by the recorder, called on its thread.

#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_result.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/file_claims.hpp"
#include "cli/output_file.hpp"
#include "cli/settings.hpp"

namespace asyncdl::cli {

class report {
public:
    explicit report(std::unique_ptr<output_file> out) : out_(std::move(out)) {}
    virtual ~report() = default;

    /// The file is the report's own: what is in it goes. Nothing is written before.
    virtual void begin() { out_->truncate(); }

    /// Whether this result belongs in the report.
    virtual bool wants(const download_result&) const { return true; }

    /// Takes a result, in the order in which downloads end.
    virtual void add(const download_result& result) = 0;

    /// The run is over.
    virtual void finish(const batch_summary& summary) = 0;

    output_file& out() const noexcept { return *out_; }

private:
    std::unique_ptr<output_file> out_;
};

/// The reports that the settings ask for, with their files open and empty. No file is emptied
/// before all are claimed.
/// @throws usage_error
std::vector<std::unique_ptr<report>> make_reports(const settings& options, file_claims& files);

}  // namespace asyncdl::cli
