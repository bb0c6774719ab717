#pragma once
// The fields of a result in reports, in one table from which JSON and CSV come, and both spellings.
// Pure functions.

#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_result.hpp>
#include <string>

namespace asyncdl::cli {

/// A result as a JSON object, on one line; valid JSON whatever bytes its strings hold.
std::string json_result(const download_result& result);

/// The totals as a JSON object, on one line.
std::string json_summary(const batch_summary& summary);

/// The names of the fields as the first row of a CSV table (RFC 4180), with its line end.
std::string csv_header();

/// A result as a row of the table, with its line end; null is empty. A text that a spreadsheet
/// would take for a formula (it begins with `=`, `+`, `-`, `@`, or white space) gets a leading `'`.
std::string csv_row(const download_result& result);

}  // namespace asyncdl::cli
