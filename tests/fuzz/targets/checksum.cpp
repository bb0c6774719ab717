// A checksum that is accepted is whole and means the same in its plain form; one that is not is
// refused with a line that shows nothing of it.

#include "core/checksum.hpp"

#include <algorithm>
#include <asyncdl/download_request.hpp>
#include <asyncdl/error.hpp>

#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

const target registered("checksum", [](std::string_view input) {
    const auto read = core::checksum::parse(input);
    require(read.has_value() == check_checksum(input).empty(), "the public check says the same");
    if (!read) {
        require(read.error().code() == errc::invalid_argument,
                "a bad checksum is `invalid_argument`");
        require(!read.error().message().empty() && is_harmless(read.error().message()),
                "a refusal has a reason");
        return;
    }
    require(read->value.size() == core::digest_size(read->algorithm), "a checksum is whole");
    const std::string text = read->text();
    require(text.size() <= input.size() + 1, "nothing is added but a dash");
    const auto again = core::checksum::parse(text);
    require(again && *again == *read, "a checksum, written out, is read again");
});

}  // namespace

}  // namespace asyncdl::fuzz
