#pragma once
// Which bytes of a file are known to be there. One download owns it and uses it on its own
// executor; nothing here knows of files.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/byte_range.hpp"

namespace asyncdl::core {

/// Bytes that are held, as few ranges as possible, in order. To add at the end costs the same
/// however many ranges there are; elsewhere it costs a search and moving the ranges behind.
class ledger {
public:
    /// The bytes are there from now on; some or all of them may have been before.
    void add(byte_range bytes);
    void clear() noexcept;

    /// How many bytes are held.
    std::uint64_t held() const noexcept { return held_; }

    /// Whether all of these bytes are held; true for none at all.
    bool holds(byte_range bytes) const noexcept;

    /// What is held: in order, none empty, with a gap between each two.
    std::span<const byte_range> ranges() const noexcept { return ranges_; }

    /// The first bytes at or behind `from` that are missing from a file of `total` bytes; nothing
    /// where none are.
    std::optional<byte_range> gap(std::uint64_t from, std::uint64_t total) const noexcept;

    /// How many bytes are held from the start of the file on.
    std::uint64_t prefix() const noexcept;

private:
    std::vector<byte_range> ranges_;
    std::uint64_t held_ = 0;

    std::size_t first_touching(std::uint64_t offset) const noexcept;
};

}  // namespace asyncdl::core
