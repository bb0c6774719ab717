#pragma once
// A list of downloads, read as the program reads it, cut into pieces on its way. For the targets
// about lists; values.

#include <asyncdl/download_request.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

struct read_list {
    std::vector<download_request> entries;
    std::vector<std::string> warnings;
};

/// Whether two entries are the same in all that a list may say.
bool same(const download_request& a, const download_request& b);

/// A byte 0xFF stands for a long run of one letter, so that what is over 64 KiB is within the
/// fuzzer's reach.
std::string expanded(std::string_view input);

/// @param pieces how the text is cut; texts over 4 KiB into larger ones, for the sake of time
read_list read_as_list(std::string_view text, cuts pieces);

}  // namespace asyncdl::fuzz
