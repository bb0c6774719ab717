// A part fits only where the server shows that it is one of what is kept, and is where it was asked
// for. The input's first line: 206 or 416, the range asked for (end 0: open), the length known
// (0: none), 1 where unvalidated; then the kept response's fields, an empty line, the new one's.

#include "core/content_range.hpp"
#include "core/range_verdict.hpp"
#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

core::part_request asked_for(std::string_view line) {
    core::part_request asked;
    asked.bytes = {take_number(line), take_number(line)};
    if (asked.bytes.empty()) {
        asked.bytes.end = core::part_request::to_the_end;
    }
    if (const std::uint64_t length = take_number(line); length > 0) {
        asked.about.length = length;
    }
    asked.unvalidated = take_number(line) == 1;
    return asked;
}

bool proven(const core::validators& kept, const core::validators& now) {
    const bool by_etag = kept.has_strong_etag() && kept.etag == now.etag;
    const bool by_date = kept.has_strong_date() && kept.last_modified == now.last_modified;
    return by_etag || by_date;
}

void check_fit(const core::response_head& head, const core::part_request& asked,
               const core::part_verdict& verdict) {
    require(head.status == 206, "only a 206 carries a part");
    require(verdict.bytes.begin <= asked.bytes.begin && asked.bytes.begin < verdict.bytes.end,
            "a part that fits holds the first byte asked for");
    require(!verdict.total || verdict.bytes.end <= *verdict.total, "a part ends within the file");
    require(!asked.about.length || verdict.total == asked.about.length, "a length never changes");
    const auto said = core::parse_content_range(head.fields.find("Content-Range").value_or(""));
    require(said && said->range == verdict.bytes, "a part is where the server says that it is");
    require(asked.unvalidated || proven(asked.about, core::validators::of(head.fields)),
            "a part that fits is proven to be of the kept file");
}

const target registered("partial_content", [](std::string_view input) {
    std::string_view first = take_line(input);
    core::response_head head;
    head.status = take_number(first) == 416 ? 416 : 206;
    core::part_request asked = asked_for(first);
    const auto gap = input.find("\n\n");
    std::string_view kept = input.substr(0, gap);
    std::string_view now = gap == input.npos ? "" : input.substr(gap + 2);
    const auto length = asked.about.length;
    asked.about = core::validators::of(take_fields(kept));
    asked.about.length = length;
    head.fields = take_fields(now);

    const core::part_verdict verdict = core::judge_part(head, asked);
    switch (verdict.answer) {
        case core::part_answer::fits:
            check_fit(head, asked, verdict);
            break;
        case core::part_answer::complete:
            require(head.status == 416, "only a 416 says that nothing is missing");
            require(verdict.total == asked.bytes.begin, "a complete file is as long as the kept");
            require(!length || verdict.total == length, "a length never changes");
            break;
        case core::part_answer::changed:
        case core::part_answer::start_over:
            require(!verdict.why.empty(), "a part that is not taken has a reason");
            break;
    }
});

}  // namespace

}  // namespace asyncdl::fuzz
