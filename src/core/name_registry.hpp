#pragma once
// The targets of a run: two downloads never share one. Keeps a 64-bit hash of each, at most about
// 16 bytes a download.

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace asyncdl::core {

/// Thread-safe. A claim that was written to is never given back: a run's later download must not
/// replace what an earlier one of the same run has written.
///
/// `x` and its companions `x.part` and `x.part.state` are one claim, in any order. A hash keyed
/// at construction makes collisions a matter of chance (1 in 10^7 for a million names); one would
/// show as a needless `exists` or number, never as a shared target.
class name_registry {
public:
    name_registry();

    /// Takes a path, lexically normal; false where it is taken.
    bool claim(std::string_view path);

    /// Gives back a path that the caller has claimed, and whose download turned out to have another
    /// name before it wrote anything. Nothing happens where the path is not claimed.
    void release(std::string_view path);

    std::size_t size() const;

    /// Bytes that the claims take up.
    std::size_t memory() const;

    using hash_key = std::array<std::uint64_t, 2>;

private:
    struct table {
        std::vector<std::uint64_t> slots;
        std::size_t used = 0;

        std::size_t after(std::size_t slot) const {
            return slot + 1 == slots.size() ? 0 : slot + 1;
        }
        bool insert(std::uint64_t hash);
        void erase(std::uint64_t hash);
        void grow();
    };

    table& table_of(std::uint64_t hash) { return tables_[hash % tables_.size()]; }
    std::uint64_t hash_of(std::string_view path) const;

    mutable std::mutex mutex_;
    hash_key key_{};
    std::array<table, 64> tables_;  // many, so that the copy that growth needs is a small one
};

}  // namespace asyncdl::core
