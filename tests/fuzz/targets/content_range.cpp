// A Content-Range that is read is one that can be: its range is not empty and within the total, and
// written out again it is read as the same.

#include "core/content_range.hpp"

#include <string>

#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

std::string written(const core::content_range& range) {
    const std::string bytes = range.range ? std::to_string(range.range->begin) + '-' +
                                                std::to_string(range.range->end - 1)
                                          : "*";
    return "bytes " + bytes + '/' + (range.total ? std::to_string(*range.total) : "*");
}

const target registered("content_range", [](std::string_view input) {
    const auto read = core::parse_content_range(input);
    if (!read) {
        return;
    }
    require(read->range || read->total, "a range or a total is known");
    require(!read->range || !read->range->empty(), "a range is never empty");
    require(!read->range || !read->total || read->range->end <= *read->total,
            "a range ends within the total");
    const auto again = core::parse_content_range(written(*read));
    require(again && again->range == read->range && again->total == read->total,
            "what was read, written out, is read again");
});

}  // namespace

}  // namespace asyncdl::fuzz
