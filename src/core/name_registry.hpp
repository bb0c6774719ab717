#pragma once
// The targets of a run: two downloads never share one. Keeps a 64-bit hash of each, at most about
// 16 bytes a download. Pure; whoever owns it locks it.

#include <array>
#include <asyncdl/file_identity.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace asyncdl::core {

/// Random numbers that nobody outside of the process knows.
using hash_key = std::array<std::uint64_t, 2>;

/// A name in a folder as registries know it: a hash with a secret key, so that no list of names and
/// no server can aim for a collision, and one is a matter of chance (1 in 10^7 for a million
/// names). All names that are compared have the same key. The folder counts as the file system
/// knows it, so that its own names do not matter. `x` and its companions `x.part` and
/// `x.part.state` are one.
class name_key {
public:
    name_key(const hash_key& key, const file_identity& folder, std::string_view leaf);

private:
    friend class name_registry;
    std::uint64_t hash_;
};

/// A claim that was written to is never given back: a run's later download must not
/// replace what an earlier one of the same run has written. A collision would show as a needless
/// `exists` or number, never as a shared target.
class name_registry {
public:
    /// Takes a name; false if it is taken.
    bool claim(name_key name);

    /// Gives back a name that the caller has claimed, and whose download turned out to have another
    /// one before it wrote anything. Nothing happens if the name is not claimed.
    void release(name_key name);

    std::size_t size() const;

    /// Bytes that the claims take up.
    std::size_t memory() const;

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

    std::array<table, 64> tables_;  // many, so that the copy that growth needs is a small one
};

}  // namespace asyncdl::core
