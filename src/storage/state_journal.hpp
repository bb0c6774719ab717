#pragma once
// The format of NAME.part.state, which says what NAME.part holds. Pure functions over bytes that a
// crash may have torn or somebody may have changed; any thread.
//
// A header of 4096 bytes, then records of 32 bytes, all numbers little-endian:
//   header: "asyncdl" and the version (one byte), generation, hash of the URL, length of the file
//           (all ones: unknown), three times a length of two bytes and the text (ETag,
//           Last-Modified, Date), a byte that is 1 if the name was derived, zeros, XXH3-64 of all
//           that
//   record: begin, end (one past the last byte), XXH3-64 of these bytes of the part file, XXH3-64
//           of the three numbers, seeded with the generation
// Records are only ever added, and a later one counts instead of earlier ones of the same bytes:
// what a kill leaves is a journal whose last record is whole or passed over.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/byte_range.hpp"
#include "core/validators.hpp"

namespace asyncdl::storage {

/// Some bytes of a part file, and their XXH3-64. A claim: it counts when the bytes prove it.
struct piece {
    core::byte_range range;
    std::uint64_t hash = 0;
};

/// What a journal says.
struct journal_contents {
    std::uint64_t generation = 0;  ///< random; seeds the check of each record
    std::uint64_t source = 0;      ///< a hash of the URL: the URL itself may hold secrets
    core::validators about;        ///< what the bytes are of
    bool derived = false;          ///< the URL or the server chose the name, not the caller
    std::vector<piece> pieces;     ///< sorted and disjoint
};

inline constexpr std::size_t header_bytes = 4096;
inline constexpr std::size_t record_bytes = 32;
/// A file of 16 TiB takes 53,248 records, 4096 for its first 4 GiB and for each doubling after
/// that; the rest is for what is written in parts or twice, and for a record a second.
inline constexpr std::size_t most_records = std::size_t{1} << 19;
inline constexpr std::size_t most_journal_bytes = header_bytes + most_records * record_bytes;
/// No piece is longer than 4 GiB.
inline constexpr std::uint64_t largest_piece = std::uint64_t{1} << 32;

using journal_header = std::array<std::byte, header_bytes>;
using journal_record = std::array<std::byte, record_bytes>;

/// Nothing where a validator is longer than 1 KiB or holds control characters.
std::optional<journal_header> encode_header(std::uint64_t generation, std::uint64_t source,
                                            const core::validators& about, bool derived = false);

journal_record encode_record(std::uint64_t generation, const piece& claim);

/// Nothing where the header is torn, of another version or absurd. Records that are torn,
/// zero-filled, of another generation, empty, longer than a piece can be or beyond the known length
/// are passed over; where two overlap, the later one counts.
std::optional<journal_contents> decode(std::span<const std::byte> journal);

/// Where the piece that begins at `offset` ends when it is full: the larger the file, the larger
/// the pieces, so that the journal stays small.
std::uint64_t piece_end(std::uint64_t offset) noexcept;

}  // namespace asyncdl::storage
