// What tells whether two responses carry the same file: no response differs from itself, a
// comparison holds both ways, If-Range is strong, and what was read can be kept. The input: fields,
// an empty line, the fields of another response.

#include "core/validators.hpp"

#include <algorithm>

#include "fuzz/target.hpp"
#include "storage/state_journal.hpp"

namespace asyncdl::fuzz {

namespace {

core::validators read(std::string_view text) {
    return core::validators::of(take_fields(text));
}

void check(const core::validators& of) {
    require(core::compare(of, of) != core::agreement::different, "nothing differs from itself");
    require(core::compare(of, {}) == core::agreement::unknown, "nothing is proven by nothing");
    const std::string_view condition = core::if_range(of);
    const bool by_etag = of.has_strong_etag() && condition == of.etag;
    const bool by_date = of.has_strong_date() && condition == of.last_modified;
    require(condition.empty() || by_etag || by_date, "If-Range is strong");
    require(!condition.starts_with("W/"), "a weak ETag never goes into If-Range");
    require(condition.empty() || core::compare(of, of) == core::agreement::same,
            "what If-Range asks for proves itself");

    const auto header = storage::encode_header(1, 2, of);
    require(header.has_value(), "what was read can be kept");
    const auto kept = storage::decode(*header);
    require(kept && kept->about == of, "what was kept is read again");
}

const target registered("validators", [](std::string_view input) {
    const auto gap = input.find("\n\n");
    const core::validators one = read(input.substr(0, gap));
    const core::validators other = read(gap == input.npos ? "" : input.substr(gap + 2));
    check(one);
    check(other);
    const auto answer = core::compare(one, other);
    require((answer == core::agreement::different) ==
                (core::compare(other, one) == core::agreement::different),
            "a difference is one both ways");
    const bool equal = (!one.etag.empty() && one.etag == other.etag) ||
                       (!one.last_modified.empty() && one.last_modified == other.last_modified);
    require(answer != core::agreement::same || equal, "what is the same has an equal validator");
});

}  // namespace

}  // namespace asyncdl::fuzz
