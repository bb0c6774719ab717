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

/// @param pieces how the text is cut; texts over 4 KiB into larger ones, for the sake of time
read_list read_as_list(std::string_view text, cuts pieces);

}  // namespace asyncdl::fuzz
