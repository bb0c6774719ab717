#pragma once
// Finds what earlier runs have left of a URL in a directory, under whatever name. Blocking calls
// only; thread-safe.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace asyncdl::storage {

class directory;

/// The states in one directory whose files have derived names, by the hash of their URL. A server
/// may name a file anew with each answer, so that the name says nothing of what an earlier run has
/// left. Only our own count: what others plant must lead no download to their files. A hint: what
/// is found is proven when it is opened.
class state_index {
public:
    /// The name of the file whose state is of `source`. The first call reads the directory and the
    /// header of each state in it, up to a bound.
    std::optional<std::string> find(const directory& where, std::uint64_t source);

    /// This process has left a state.
    void note(std::uint64_t source, const std::string& leaf);

private:
    std::mutex mutex_;
    bool is_read_ = false;
    std::unordered_map<std::uint64_t, std::string> leaves_;
};

/// The name of the file whose state an earlier run has left of `source`: `leaf`, or, with
/// `by_source`, another one. Blocking.
std::optional<std::string> find_state(directory& where, const std::string& leaf,
                                      std::uint64_t source, bool by_source);

}  // namespace asyncdl::storage
