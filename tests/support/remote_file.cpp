#include "support/remote_file.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "support/pattern.hpp"

namespace asyncdl::test {
namespace {

struct span_of_bytes {
    std::uint64_t begin;
    std::uint64_t end;  ///< one past the last; `begin` or less where nothing can be sent
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

/// A single range of `bytes` (RFC 9110, 14.1.2), clipped to the size; nothing for all else.
std::optional<span_of_bytes> parse_range(std::string_view value, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    const std::size_t dash = value.find('-');
    if (!value.starts_with(unit) || dash == value.npos) {
        return std::nullopt;
    }
    const std::string_view from = value.substr(unit.size(), dash - unit.size());
    const std::string_view to = value.substr(dash + 1);
    const auto first = number(from);
    const auto last = number(to);
    if (from.empty() && last) {
        return span_of_bytes{size - std::min(size, *last), size};
    }
    if (!first || (!last && !to.empty()) || (last && *last < *first)) {
        return std::nullopt;
    }
    return span_of_bytes{*first, last ? std::min(*last + 1, size) : size};
}

/// The first bytes of a version, at least so many. They are made once for all tests: where nothing
/// is optimised that takes longer than to download them.
std::shared_ptr<const std::string> made(unsigned version, std::uint64_t size) {
    static std::mutex mutex;
    static std::map<unsigned, std::shared_ptr<const std::string>> known;
    const std::lock_guard lock(mutex);
    std::shared_ptr<const std::string>& bytes = known[version];
    if (!bytes || bytes->size() < size) {
        std::string fresh = pattern(0, size);
        for (char& one : fresh) {
            one = static_cast<char>(static_cast<unsigned char>(one) ^ version);
        }
        bytes = std::make_shared<const std::string>(std::move(fresh));
    }
    return bytes;
}

/// An ETag without what says that it is weak.
std::string_view opaque_tag(std::string_view etag) {
    return etag.starts_with("W/") ? etag.substr(2) : etag;
}

}  // namespace

void partial_answer::say(std::string_view name, std::string value) {
    std::erase_if(fields, [&](const field& one) { return one.first == name; });
    if (!value.empty()) {
        fields.emplace_back(name, std::move(value));
    }
}

remote_file::remote_file(std::uint64_t bytes, unsigned number)
    : size(bytes),
      version(number),
      etag("\"v" + std::to_string(number) + '"'),
      unsatisfied("bytes */" + std::to_string(bytes)) {}

remote_file remote_file::cut(std::uint64_t after, ending how) const {
    remote_file result = *this;
    result.stops_after = after;
    result.stop = how;
    return result;
}

std::string remote_file::bytes(std::uint64_t begin, std::uint64_t end) const {
    return made(version, std::max(size, end))->substr(begin, end - begin);
}

unsigned remote_file::status_for(const request& asked) const {
    const auto range = parse_range(asked.value("Range").value_or(""), size);
    if (is_unchanged(asked)) {
        return 304;
    }
    if (!range || !allows_range(asked)) {
        return 200;
    }
    return ranges == range_support::refused || range->begin >= range->end ? 416 : 206;
}

void remote_file::operator()(connection& peer, const request& asked) const {
    const unsigned status = status_for(asked);
    if (status == 304) {
        peer.send(head(status));
    } else if (status == 200) {
        response whole = head(status);
        whole.body = bytes();
        whole.chunked = chunked;
        send(peer, std::move(whole));
    } else if (status == 416) {
        response refusal = head(status);
        if (!unsatisfied.empty()) {
            refusal.fields.emplace_back("Content-Range", unsatisfied);
        }
        refusal.body = "no such range\n";
        peer.send(refusal);
    } else {
        const auto range = parse_range(*asked.value("Range"), size);
        send(peer, part(range->begin, range->end));
    }
}

/// Whether a condition that was asked by is answered with "not modified".
bool remote_file::is_unchanged(const request& asked) const {
    const auto known = asked.value("If-None-Match");
    const auto since = asked.value("If-Modified-Since");
    switch (conditions) {
        case condition_support::none:
            return false;
        case condition_support::always:
            return known || since;
        case condition_support::unasked:
            return true;
        case condition_support::full:
            break;
    }
    // An ETag takes precedence and is compared weakly (RFC 9110, 13.1.2 and 13.1.3).
    if (known) {
        return !etag.empty() && opaque_tag(*known) == opaque_tag(etag);
    }
    return since && !last_modified.empty() && *since == last_modified;
}

/// Whether a range that was asked for is answered as one.
bool remote_file::allows_range(const request& asked) const {
    const auto condition = asked.value("If-Range");
    switch (ranges) {
        case range_support::none:
            return false;
        case range_support::unconditional:
        case range_support::refused:
            return true;
        case range_support::dates_only:
            return !condition || *condition == last_modified;
        case range_support::full:
            break;
    }
    const bool strong = etag.starts_with('"');
    return !condition || (strong && *condition == etag) || *condition == last_modified;
}

response remote_file::head(unsigned status) const {
    response result;
    result.status = status;
    result.piece = piece;
    result.piece_delay = piece_delay;
    result.before_last = before_last;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) {
            result.fields.emplace_back(name, value);
        }
    };
    add("ETag", etag);
    add("Last-Modified", last_modified);
    add("Date", date);
    result.fields.insert(result.fields.end(), fields.begin(), fields.end());
    return result;
}

response remote_file::part(std::uint64_t begin, std::uint64_t end) const {
    response result = head(206);
    partial_answer says;
    says.begin = begin;
    says.end = end;
    says.total = std::to_string(size);
    says.version = version;
    says.fields = std::move(result.fields);
    if (lie) {
        lie(says);
    }
    result.fields = std::move(says.fields);
    const std::string range = "bytes " + std::to_string(says.begin) + '-' +
                              std::to_string(says.end - 1) + '/' + says.total;
    if (const std::string said = says.content_range.value_or(range); !said.empty()) {
        result.fields.emplace_back("Content-Range", said);
    }
    remote_file source = *this;
    source.version = says.version;
    result.body = says.body.empty() ? source.bytes(says.begin, says.end) : says.body;
    result.chunked = says.chunked;
    result.until_close = says.until_close;
    return result;
}

void remote_file::send(connection& peer, response answer) const {
    if (!stops_after || *stops_after > answer.body.size()) {
        peer.send(answer);
        return;
    }
    if (answer.chunked) {
        // One chunk, as long as it may be; what is missing is the last one.
        answer.body.resize(*stops_after);
        std::array<char, 32> line;
        std::snprintf(line.data(), line.size(), "%zx\r\n", answer.body.size());
        peer.send_raw(head_of(answer) + line.data() + answer.body + "\r\n");
    } else {
        answer.fields.emplace_back("Content-Length", std::to_string(answer.body.size()));
        answer.body.resize(*stops_after);
        peer.send(answer);
    }
    switch (stop) {
        case ending::close:
            return peer.close();
        case ending::reset:
            return peer.reset();
        case ending::stall:
            return peer.stall();
    }
}

handler in_turn(std::vector<handler> answers) {
    return [answers = std::move(answers), next = std::make_shared<std::atomic<std::size_t>>(0)](
               connection& peer, const request& asked) {
        answers[std::min(next->fetch_add(1), answers.size() - 1)](peer, asked);
    };
}

handler status(unsigned code, std::vector<field> fields) {
    return [=](connection& peer, const request&) {
        response answer;
        answer.status = code;
        answer.fields = fields;
        answer.body = "status\n";
        peer.send(answer);
    };
}

std::vector<std::string> asked_with(const origin& server, std::string_view path,
                                    std::string_view name) {
    std::vector<std::string> values;
    for (const request& one : server.requests()) {
        if (one.path() == path) {
            values.push_back(one.value(name).value_or("-"));
        }
    }
    return values;
}

}  // namespace asyncdl::test
