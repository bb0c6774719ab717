#include "core/range_verdict.hpp"

#include <charconv>

#include "core/content_range.hpp"

namespace asyncdl::core {

namespace {

part_verdict refuse(std::string_view why) {
    part_verdict result;
    result.why = why;
    return result;
}

part_verdict other_file(std::string_view why) {
    part_verdict result = refuse(why);
    result.answer = part_answer::changed;
    return result;
}

bool is_multipart(const fields& fields) {
    constexpr std::string_view type = "multipart/";
    const auto value = trimmed(fields.find("Content-Type").value_or(""));
    return iequals(value.substr(0, type.size()), type);
}

/// Whether a Content-Length, where there is one that can be read, is another than this.
bool contradicts_length(const fields& fields, std::uint64_t size) {
    const auto value = trimmed(fields.find("Content-Length").value_or(""));
    std::uint64_t length = size;
    std::from_chars(value.data(), value.data() + value.size(), length);
    return length != size;
}

std::optional<content_range> range_of(const fields& fields) {
    const auto value = fields.find("Content-Range");
    return value ? parse_content_range(*value) : std::nullopt;
}

part_verdict judge_416(const response_head& head, const part_request& asked) {
    const auto range = range_of(head.fields);
    if (!range || range->range || !range->total)
        return refuse("416 without the file's length");
    if (asked.bytes.end != part_request::to_the_end || *range->total != asked.bytes.begin)
        return other_file("416 and another length");
    validators now = validators::of(head.fields);
    now.length = range->total;
    if (compare(asked.about, now) == agreement::different)
        return other_file("416 and other validators");
    part_verdict result;
    result.answer = part_answer::complete;
    result.total = range->total;
    return result;
}

}  // namespace

part_verdict judge_part(const response_head& head, const part_request& asked) {
    if (head.status == 416)
        return judge_416(head, asked);
    if (head.status == 304)
        return refuse("the server answered 304 to a range");
    if (is_multipart(head.fields))
        return refuse("the server sent several parts for one");
    const auto range = range_of(head.fields);
    if (!range || !range->range)
        return refuse("the server does not say which part it sent");
    validators now = validators::of(head.fields);
    now.length = range->total;
    const agreement same = compare(asked.about, now);
    if (same == agreement::different)
        return other_file("the remote file changed");
    if (same == agreement::unknown && !asked.unvalidated)
        return refuse("the server does not say of which file the part is");
    const byte_range sent = *range->range;
    if (sent.begin > asked.bytes.begin || sent.end <= asked.bytes.begin)
        return refuse("the server sent another part than asked");
    if (asked.about.length && sent.end > *asked.about.length)
        return other_file("the server sent a part beyond the file's end");
    if (contradicts_length(head.fields, sent.size()))
        return refuse("the part's length is not that of its range");
    part_verdict result;
    result.answer = part_answer::fits;
    result.bytes = sent;
    result.total = range->total ? range->total : asked.about.length;
    return result;
}

}  // namespace asyncdl::core
