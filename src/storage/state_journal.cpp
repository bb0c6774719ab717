#include "storage/state_journal.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <string_view>

#include "storage/byte_packing.hpp"

namespace asyncdl::storage {

namespace {

constexpr std::string_view magic("asyncdl\1", 8);
constexpr std::size_t longest_validator = 1024;
constexpr std::uint64_t unknown_length = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t smallest_piece = 1024 * 1024;
// Where a record's check begins.
constexpr std::size_t claim_bytes = 24;

static_assert(8 + 3 * 8 + 3 * (2 + longest_validator) + 1 + 8 <= header_bytes);

bool is_absurd(const core::byte_range& range, const std::optional<std::uint64_t>& length) {
    return range.empty() || range.size() > largest_piece || (length && range.end > *length);
}

struct found_piece {
    piece claim;
    std::size_t slot;
};

/// Sorted and disjoint: of two that overlap the one of the later slot stays.
std::vector<piece> settle(std::vector<found_piece> found) {
    std::ranges::sort(found, [](const found_piece& a, const found_piece& b) {
        return a.claim.range.begin != b.claim.range.begin
                   ? a.claim.range.begin < b.claim.range.begin
                   : a.slot < b.slot;
    });
    std::size_t settled = 0;  // so many, at the front, are disjoint
    for (const found_piece& next : found) {
        if (settled > 0 && found[settled - 1].claim.range.end > next.claim.range.begin) {
            if (found[settled - 1].slot > next.slot)
                continue;
            --settled;
        }
        found[settled++] = next;
    }
    std::vector<piece> pieces;
    pieces.reserve(settled);
    for (std::size_t i = 0; i < settled; ++i)
        pieces.push_back(found[i].claim);
    return pieces;
}

bool is_fit(std::string_view validator) {
    return validator.size() <= longest_validator && is_sendable(validator);
}

}  // namespace

std::optional<journal_header> encode_header(std::uint64_t generation, std::uint64_t source,
                                            const core::validators& about, bool derived) {
    const std::string_view texts[] = {about.etag, about.last_modified, about.date};
    if (!std::ranges::all_of(texts, is_fit))
        return std::nullopt;
    journal_header header{};
    byte_writer out(header);
    out.text(magic);
    out.number(generation);
    out.number(source);
    out.number(about.length.value_or(unknown_length));
    for (const auto text : texts) {
        out.number(text.size(), 2);
        out.text(text);
    }
    out.number(derived ? 1 : 0, 1);
    const auto checked = std::span(header).first(header_bytes - 8);
    byte_writer(std::span(header).last(8)).number(check_of(checked));
    return header;
}

journal_record encode_record(std::uint64_t generation, const piece& claim) {
    journal_record record{};
    byte_writer out(record);
    out.number(claim.range.begin);
    out.number(claim.range.end);
    out.number(claim.hash);
    out.number(check_of(std::span(record).first(claim_bytes), generation));
    return record;
}

std::optional<journal_contents> decode(std::span<const std::byte> journal) {
    if (journal.size() < header_bytes || journal.size() > most_journal_bytes)
        return std::nullopt;
    const auto header = journal.first(header_bytes);
    byte_reader in(header);
    if (in.text(magic.size()) != magic ||
        byte_reader(header.last(8)).number() != check_of(header.first(header_bytes - 8)))
        return std::nullopt;

    journal_contents contents;
    contents.generation = in.number();
    contents.source = in.number();
    if (const auto length = in.number(); length != unknown_length)
        contents.about.length = length;
    for (auto* text : {&contents.about.etag, &contents.about.last_modified, &contents.about.date}) {
        const auto size = static_cast<std::size_t>(in.number(2));
        if (size > longest_validator)
            return std::nullopt;
        *text = in.text(size);
        if (!is_fit(*text))
            return std::nullopt;
    }
    contents.derived = in.number(1) == 1;

    std::vector<found_piece> found;
    const auto records = journal.subspan(header_bytes);
    for (std::size_t slot = 0; (slot + 1) * record_bytes <= records.size(); ++slot) {
        const auto record = records.subspan(slot * record_bytes, record_bytes);
        byte_reader fields(record);
        piece claim;
        claim.range.begin = fields.number();
        claim.range.end = fields.number();
        claim.hash = fields.number();
        if (fields.number() == check_of(record.first(claim_bytes), contents.generation) &&
            !is_absurd(claim.range, contents.about.length))
            found.push_back({claim, slot});
    }
    contents.pieces = settle(std::move(found));
    return contents;
}

std::uint64_t piece_end(std::uint64_t offset) noexcept {
    // Powers of two that only grow: the end of a larger piece is one of the smaller ones as well.
    const auto size = std::clamp(std::bit_floor(offset / 4096), smallest_piece, largest_piece);
    return (offset / size + 1) * size;
}

}  // namespace asyncdl::storage
