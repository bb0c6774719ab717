// A journal that a crash tore or somebody changed: what is taken of it is in order and within
// bounds, the last whole record counts, and encoded again it is the same. The input: how many bytes
// of the header it gives, those bytes (behind the magic), then records, 25 bytes each: the claim,
// and whether its check is right. The header's check is made right, else nothing behind it is seen.

#include "storage/state_journal.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "fuzz/target.hpp"
#include "storage/piece_hash.hpp"

namespace asyncdl::fuzz {

namespace {

using storage::piece;

std::uint64_t take_u64(std::string_view& input) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 8) {
        value |= std::uint64_t{take_byte(input)} << shift;
    }
    return value;
}

std::vector<std::byte> header_of(std::string_view& input) {
    const auto made = storage::encode_header(0, 0, {});
    std::vector<std::byte> header(made->begin(), made->end());
    const std::size_t given = std::min<std::size_t>(take_byte(input), input.size());
    std::memcpy(header.data() + 8, input.data(), given);
    input.remove_prefix(given);
    storage::piece_hash hash;
    hash.update(std::span(header).first(storage::header_bytes - 8));
    for (unsigned i = 0; i < 8; ++i) {
        header[storage::header_bytes - 8 + i] = static_cast<std::byte>(hash.value() >> (8 * i));
    }
    return header;
}

bool is_sound(const piece& claim, const core::validators& about) {
    return !claim.range.empty() && claim.range.size() <= storage::largest_piece &&
           claim.range.end <= about.length.value_or(std::numeric_limits<std::uint64_t>::max());
}

bool same(const piece& a, const piece& b) {
    return a.range == b.range && a.hash == b.hash;
}

void check(const storage::journal_contents& contents, const std::vector<piece>& whole) {
    const piece* last = nullptr;
    for (const piece& claim : whole) {
        last = is_sound(claim, contents.about) ? &claim : last;
    }
    bool last_counts = last == nullptr;
    std::uint64_t end = 0;
    for (const piece& claim : contents.pieces) {
        require(claim.range.begin >= end, "pieces are sorted and disjoint");
        end = claim.range.end;
        require(is_sound(claim, contents.about), "a piece is within its bounds");
        const auto is_this = [&](const piece& other) { return same(claim, other); };
        require(std::any_of(whole.begin(), whole.end(), is_this), "a piece is one of the records");
        last_counts = last_counts || same(claim, *last);
    }
    require(last_counts, "the last sound record counts");
}

void check_again(const storage::journal_contents& contents) {
    const auto header =
        storage::encode_header(contents.generation, contents.source, contents.about);
    require(header.has_value(), "what was read can be kept");
    std::vector<std::byte> journal(header->begin(), header->end());
    for (const piece& claim : contents.pieces) {
        const auto record = storage::encode_record(contents.generation, claim);
        journal.insert(journal.end(), record.begin(), record.end());
    }
    const auto again = storage::decode(journal);
    require(again && again->source == contents.source && again->about == contents.about &&
                std::equal(again->pieces.begin(), again->pieces.end(), contents.pieces.begin(),
                           contents.pieces.end(), same),
            "what was read, encoded, is read again");
}

const target registered("state_journal", [](std::string_view input) {
    static_cast<void>(storage::decode(std::as_bytes(std::span(input))));

    std::vector<std::byte> journal = header_of(input);
    const auto begun = storage::decode(journal);
    if (!begun) {
        return;
    }
    std::vector<piece> whole;
    while (!input.empty()) {
        piece claim;
        claim.range = {take_u64(input), take_u64(input)};
        claim.hash = take_u64(input);
        auto record = storage::encode_record(begun->generation, claim);
        if (const std::uint8_t damage = take_byte(input); damage < 32) {
            record[damage] ^= std::byte{1};
        } else {
            whole.push_back(claim);
        }
        journal.insert(journal.end(), record.begin(), record.end());
    }
    const auto contents = storage::decode(journal);
    require(contents && contents->about == begun->about, "records change no header");
    check(*contents, whole);
    check_again(*contents);
    const auto torn = storage::decode(std::span(journal).first(journal.size() - 1));
    require(torn.has_value() != (journal.size() == storage::header_bytes),
            "only a torn header is nothing");
});

}  // namespace

}  // namespace asyncdl::fuzz
