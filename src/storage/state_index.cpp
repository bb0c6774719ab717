#include "storage/state_index.hpp"

#include <dirent.h>

#include <array>
#include <memory>
#include <string_view>

#include "storage/directory.hpp"
#include "storage/part_lock.hpp"
#include "storage/state_journal.hpp"

namespace asyncdl::storage {

namespace {

// A directory of this size is read in about 10 ms; what is beyond starts over.
constexpr int max_entries = 65536;
constexpr std::size_t max_states = 4096;

std::string state_of(const std::string& leaf) {
    std::string name;
    name.reserve(leaf.size() + part_suffix.size() + state_suffix.size());
    return name.append(leaf).append(part_suffix).append(state_suffix);
}

bool is_own(const directory& where, const std::string& name) {
    struct ::stat found {};
    return where.calls().fstatat(where.descriptor(), name.c_str(), found, AT_SYMLINK_NOFOLLOW) >=
               0 &&
           is_ours(found) && (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// What the header of `leaf`'s state says, if that is ours and can be read.
std::optional<journal_contents> header_of(const directory& where, const std::string& leaf) {
    files& calls = where.calls();
    const std::string name = state_of(leaf);
    if (!is_own(where, name))
        return std::nullopt;
    const holder state(calls, calls.openat(where.descriptor(), name.c_str(),
                                           O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0));
    journal_header header;
    if (state.get() < 0 || calls.pread(state.get(), header, 0) != ::ssize_t{header_bytes})
        return std::nullopt;
    return decode(header);
}

/// The source of the state of `leaf`, if a download that another name was derived for may use it.
std::optional<std::uint64_t> source_of(const directory& where, const std::string& leaf) {
    const auto header = header_of(where, leaf);
    return header && header->derived ? std::optional(header->source) : std::nullopt;
}

}  // namespace

std::optional<std::string> state_index::find(const directory& where, std::uint64_t source) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(is_read_, true)) {
        for (std::string& leaf : where.states(max_entries, max_states))
            if (const auto its = source_of(where, leaf))
                leaves_.try_emplace(*its, std::move(leaf));
    }
    const auto found = leaves_.find(source);
    if (found == leaves_.end())
        return std::nullopt;
    if (source_of(where, found->second) == source)
        return found->second;
    leaves_.erase(found);  // its download has come to an end
    return std::nullopt;
}

void state_index::note(std::uint64_t source, const std::string& leaf) {
    const std::lock_guard lock(mutex_);
    if (is_read_ && (leaves_.size() < max_states || leaves_.contains(source)))
        leaves_[source] = leaf;
}

std::optional<std::string> find_state(directory& where, const std::string& leaf,
                                      std::uint64_t source, bool by_source) {
    struct ::stat found {};
    const bool is_there = where.calls().fstatat(where.descriptor(), state_of(leaf).c_str(), found,
                                                AT_SYMLINK_NOFOLLOW) >= 0;
    if (is_there && !by_source)
        return leaf;
    if (is_there)
        if (const auto header = header_of(where, leaf); header && header->source == source)
            return leaf;
    return by_source ? where.state_names().find(where, source) : std::nullopt;
}

}  // namespace asyncdl::storage
