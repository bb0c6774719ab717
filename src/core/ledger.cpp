#include "core/ledger.hpp"

#include <algorithm>

namespace asyncdl::core {

void ledger::add(byte_range bytes) {
    if (bytes.empty()) {
        return;
    }
    const auto first = ranges_.begin() + static_cast<std::ptrdiff_t>(first_touching(bytes.begin));
    auto last = first;
    for (; last != ranges_.end() && last->begin <= bytes.end; ++last) {
        bytes.begin = std::min(bytes.begin, last->begin);
        bytes.end = std::max(bytes.end, last->end);
        held_ -= last->size();
    }
    held_ += bytes.size();
    if (first == last) {
        ranges_.insert(first, bytes);
    } else {
        *first = bytes;
        ranges_.erase(first + 1, last);
    }
}

void ledger::clear() noexcept {
    ranges_.clear();
    held_ = 0;
}

bool ledger::holds(byte_range bytes) const noexcept {
    if (bytes.empty()) {
        return true;
    }
    const std::size_t i = first_touching(bytes.begin);
    return i < ranges_.size() && ranges_[i].begin <= bytes.begin && bytes.end <= ranges_[i].end;
}

std::optional<byte_range> ledger::gap(std::uint64_t from, std::uint64_t total) const noexcept {
    std::size_t i = first_touching(from);
    if (i < ranges_.size() && ranges_[i].begin <= from) {
        from = ranges_[i].end;
        ++i;
    }
    const byte_range missing{from, i < ranges_.size() ? std::min(ranges_[i].begin, total) : total};
    return missing.empty() ? std::nullopt : std::optional(missing);
}

std::uint64_t ledger::prefix() const noexcept {
    return ranges_.empty() || ranges_.front().begin > 0 ? 0 : ranges_.front().end;
}

// The first range that ends at or behind an offset. Files mostly grow at their end, so the last one
// is looked at first.
std::size_t ledger::first_touching(std::uint64_t offset) const noexcept {
    if (ranges_.empty() || ranges_.back().end < offset) {
        return ranges_.size();
    }
    if (ranges_.back().begin <= offset) {
        return ranges_.size() - 1;
    }
    const auto found = std::partition_point(ranges_.begin(), ranges_.end(),
                                            [&](byte_range each) { return each.end < offset; });
    return static_cast<std::size_t>(found - ranges_.begin());
}

}  // namespace asyncdl::core
