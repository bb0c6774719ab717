#include "slow_file.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <system_error>
#include <utility>

#include "support/pattern.hpp"
#include "support/wait.hpp"

namespace asyncdl::test {
namespace {

constexpr std::uint64_t piece = 64 * 1024;

// Byte by byte the pattern would take longer to make than to download, so it is made once.
std::string_view pattern_of(std::uint64_t size) {
    static const std::string all = pattern(0, 64 * 1024 * 1024);
    return std::string_view(all).substr(0, size);
}

// Eight bytes at a time, for the sake of builds that are not optimised.
std::string bytes_of(unsigned version, std::uint64_t begin, std::uint64_t end) {
    std::string bytes(pattern_of(end).substr(begin));
    const std::uint64_t mask = version * 0x0101'0101'0101'0101U;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof mask) {
        const std::size_t size = std::min(sizeof mask, bytes.size() - at);
        std::uint64_t word = 0;
        std::memcpy(&word, &bytes[at], size);
        word ^= mask;
        std::memcpy(&bytes[at], &word, size);
    }
    return bytes;
}

std::string etag_of(const slow_file::state& of) {
    return of.has_etag ? "\"v" + std::to_string(of.version) + '"' : std::string();
}

// A day for each version, all of them long before any Date.
std::string time_of(const slow_file::state& of) {
    const auto day =
        std::chrono::sys_days(std::chrono::year(2020) / 1 / 1) + std::chrono::days(of.version);
    const std::time_t seconds = day.time_since_epoch() / std::chrono::seconds(1);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

// Where `bytes=N-` begins; nothing where another or no range was asked for.
std::optional<std::uint64_t> first_asked(const request& asked) {
    constexpr std::string_view unit = "bytes=";
    const std::string range = asked.value("Range").value_or("");
    if (!range.starts_with(unit) || !range.ends_with('-')) {
        return std::nullopt;
    }
    std::uint64_t first = 0;
    std::from_chars(range.data() + unit.size(), range.data() + range.size(), first);
    return first;
}

}  // namespace

slow_file::slow_file(std::filesystem::path part, state first)
    : part_(std::move(part)), state_(std::move(first)) {}

slow_file::state slow_file::now() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void slow_file::set(const state& next) {
    const std::lock_guard lock(mutex_);
    state_ = next;
}

void slow_file::end_answers() {
    const std::lock_guard lock(mutex_);
    ++run_;
}

std::uint64_t slow_file::stored() const {
    std::error_code none;
    const auto size = std::filesystem::file_size(part_, none);
    return none ? 0 : size;
}

bool slow_file::is_whole(std::string_view bytes, const state& of) {
    if (bytes.size() != of.size) {
        return false;
    }
    for (std::uint64_t at = 0; at < of.size; at += piece) {
        const std::uint64_t end = std::min(at + piece, of.size);
        if (bytes.substr(at, end - at) != bytes_of(of.version, at, end)) {
            return false;
        }
    }
    return true;
}

slow_file::state slow_file::changed(state from) {
    ++from.version;
    from.size -= 123'457;
    return from;
}

void slow_file::operator()(connection& peer, const request& asked) {
    const state found = now();
    response head;
    const std::string etag = etag_of(found);
    const std::string time = time_of(found);
    head.fields.emplace_back("Last-Modified", time);
    if (found.has_etag) {
        head.fields.emplace_back("ETag", etag);
    }
    const auto condition = asked.value("If-Range");
    const bool holds = !condition || *condition == time || (found.has_etag && *condition == etag);
    const auto first = first_asked(asked);
    const bool is_part = first && (holds || found.ignores_if_range);
    if (is_part && *first >= found.size) {
        head.status = 416;
        head.fields.emplace_back("Content-Range", "bytes */" + std::to_string(found.size));
        peer.send(head);
        return;
    }
    const std::uint64_t from = is_part ? *first : 0;
    if (is_part) {
        head.status = 206;
        head.fields.emplace_back("Content-Range", "bytes " + std::to_string(from) + '-' +
                                                      std::to_string(found.size - 1) + '/' +
                                                      std::to_string(found.size));
    }
    head.fields.emplace_back("Content-Length", std::to_string(found.size - from));
    if (peer.send_raw(head_of(head))) {
        send(peer, found, from);
    }
}

void slow_file::send(connection& peer, const state& found, std::uint64_t from) {
    const unsigned run = run_;
    const std::uint64_t end =
        found.cut_after ? std::min(from + *found.cut_after, found.size) : found.size;
    for (std::uint64_t at = from; at < end;) {
        const std::uint64_t next = std::min(at + piece, end);
        const auto may_go_on = [&] { return next <= stored() + most_ahead || run != run_; };
        if (!eventually(may_go_on) || run != run_ ||
            !peer.send_raw(bytes_of(found.version, at, next))) {
            return;
        }
        sent_ += next - at;
        at = next;
    }
    if (end < found.size) {
        peer.close();
        const std::lock_guard lock(mutex_);
        if (run == run_) {
            state_ = found.changes_when_cut ? changed(found) : found;
            state_.cut_after.reset();
        }
    }
}

}  // namespace asyncdl::test
