#include "core/checksum_index.hpp"

#include <algorithm>

namespace asyncdl::core {

namespace {

bool is_before_backwards(std::string_view a, std::string_view b) {
    return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

}  // namespace

checksum_index::checksum_index(const list& entries) : entries_(entries) {
    by_end_.reserve(entries.size());
    for (const entry& each : entries) {
        by_end_.push_back(&each);
        max_name_ = std::max(max_name_, each.first.size());
    }
    std::sort(by_end_.begin(), by_end_.end(), [](const entry* a, const entry* b) {
        return is_before_backwards(a->first, b->first);
    });
}

const std::string* checksum_index::find(const std::string& path, std::string_view url_path) const {
    if (const auto exact = entries_.find(path); exact != entries_.end()) {
        return &exact->second;
    }
    while (!url_path.empty()) {
        const auto slash = url_path.find('/');
        if (slash != 0) {
            if (const auto found = with_tail(url_path)) {
                return *found;
            }
        }
        url_path.remove_prefix(slash == std::string_view::npos ? url_path.size() : slash + 1);
    }
    return with_tail(std::string_view(path).substr(path.rfind('/') + 1)).value_or(nullptr);
}

std::optional<const std::string*> checksum_index::with_tail(std::string_view tail) const {
    if (tail.empty() || tail.size() > max_name_ || tail.ends_with('/')) {
        return std::nullopt;
    }
    // A name that ends with these segments is the tail itself, or ends with "/" and the tail. Read
    // backwards, the latter come one after the other.
    const auto exact = entries_.find(std::string(tail));
    const std::string after_slash = '/' + std::string(tail);
    const auto first = std::lower_bound(by_end_.begin(), by_end_.end(), after_slash,
                                        [](const entry* each, const std::string& text) {
                                            return is_before_backwards(each->first, text);
                                        });
    const auto fits = [&](auto at) {
        return at != by_end_.end() && (*at)->first.ends_with(after_slash);
    };
    if (!fits(first)) {
        return exact == entries_.end() ? std::nullopt : std::optional(&exact->second);
    }
    const bool several = exact != entries_.end() || fits(first + 1);
    return several ? nullptr : &(*first)->second;
}

}  // namespace asyncdl::core
