#pragma once
// The outcome of a batch given as a list: all results in input order, and their totals.

#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_result.hpp>
#include <vector>

namespace asyncdl {

/// A value; the caller owns it.
class batch_result {
public:
    batch_result() noexcept {}

    std::vector<download_result> results;  ///< in input order
    batch_summary summary;
};

}  // namespace asyncdl
