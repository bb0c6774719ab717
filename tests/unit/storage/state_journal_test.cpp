#include "storage/state_journal.hpp"

#include <doctest/doctest.h>

#include "part_files.hpp"
#include "storage/piece_hash.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using buffer = std::vector<std::byte>;
using ranges_of = std::vector<core::byte_range>;

constexpr std::uint64_t generation = 0xfedcba9876543210;

buffer journal_of(const std::vector<piece>& claims,
                  const core::validators& about = test::some_validators()) {
    const auto header = encode_header(generation, test::origin, about).value();
    buffer all(header.begin(), header.end());
    for (const auto& claim : claims) {
        const auto record = encode_record(generation, claim);
        all.insert(all.end(), record.begin(), record.end());
    }
    return all;
}

ranges_of decoded(const buffer& journal) {
    const auto contents = decode(journal);
    REQUIRE(contents.has_value());
    return test::ranges(contents->pieces);
}

ranges_of decoded(const std::vector<piece>& claims) {
    return decoded(journal_of(claims));
}

/// The header's check made anew, as who wants to deceive us can do.
void sign(buffer& journal) {
    piece_hash hash;
    hash.update(std::span(journal).first(header_bytes - 8));
    for (std::size_t i = 0; i < 8; ++i)
        journal[header_bytes - 8 + i] = static_cast<std::byte>(hash.value() >> (8 * i));
}

/// Where the ETag's length is: behind magic, generation, source and length.
constexpr std::size_t etag_at = 32;

}  // namespace

TEST_SUITE("unit/storage/state_journal") {
    TEST_CASE("what was encoded is decoded") {
        auto about = test::some_validators();
        for (const auto length : {std::optional<std::uint64_t>(), {0}, {123456789}}) {
            about.length = length;
            const std::vector<piece> claims = length == 0
                                                  ? std::vector<piece>()
                                                  : std::vector<piece>{{{0, 10}, 7}, {{20, 21}, 8}};
            const auto contents = decode(journal_of(claims, about));
            REQUIRE(contents.has_value());
            CHECK(contents->generation == generation);
            CHECK(contents->source == test::origin);
            CHECK(contents->about == about);
            REQUIRE(contents->pieces.size() == claims.size());
            for (std::size_t i = 0; i < claims.size(); ++i) {
                CHECK(contents->pieces[i].range == claims[i].range);
                CHECK(contents->pieces[i].hash == claims[i].hash);
            }
        }
    }

    TEST_CASE("numbers are little-endian, wherever the journal was written") {
        const auto record = encode_record(generation, {{0x0102, 0x030405}, 6});
        CHECK(record[0] == std::byte{2});
        CHECK(record[1] == std::byte{1});
        CHECK(record[8] == std::byte{5});
        CHECK(record[10] == std::byte{3});
        CHECK(record[16] == std::byte{6});
        const auto header = journal_of({});
        CHECK(std::string(reinterpret_cast<const char*>(header.data()), 8) == "asyncdl\1");
        CHECK(header[8] == std::byte{0x10});
    }

    TEST_CASE("a header with any byte changed gives nothing") {
        const auto good = journal_of({{{0, 10}, 7}});
        for (std::size_t at = 0; at < header_bytes; ++at) {
            auto bad = good;
            bad[at] ^= std::byte{0x40};
            if (decode(bad))
                FAIL_CHECK("byte " << at << " does not count");
        }
    }

    TEST_CASE("a record with any byte changed is passed over, and the others stay") {
        const auto good = journal_of({{{0, 10}, 7}, {{10, 20}, 8}, {{20, 30}, 9}});
        for (std::size_t at = 0; at < record_bytes; ++at) {
            auto bad = good;
            bad[header_bytes + record_bytes + at] ^= std::byte{1};
            CHECK(decoded(bad) == ranges_of{{0, 10}, {20, 30}});
        }
    }

    TEST_CASE("a journal that is cut gives the records that are whole, none without its header") {
        const auto good = journal_of({{{0, 10}, 7}, {{10, 20}, 8}});
        for (std::size_t size = 0; size <= good.size(); ++size) {
            const buffer cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
            if (size < header_bytes)
                CHECK(!decode(cut));
            else
                CHECK(decoded(cut).size() == (size - header_bytes) / record_bytes);
        }
    }

    TEST_CASE("what a power cut has filled with zeros claims nothing") {
        CHECK(!decode(buffer(header_bytes + 10 * record_bytes)));
        auto journal = journal_of({{{0, 10}, 7}});
        journal.resize(journal.size() + 100 * record_bytes);
        CHECK(decoded(journal) == ranges_of{{0, 10}});
    }

    TEST_CASE("records of another generation are passed over") {
        auto journal = journal_of({{{0, 10}, 7}});
        const auto foreign = encode_record(generation + 1, {{10, 20}, 8});
        journal.insert(journal.end(), foreign.begin(), foreign.end());
        CHECK(decoded(journal) == ranges_of{{0, 10}});
    }

    TEST_CASE("claims that no part file can meet are passed over") {
        CHECK(decoded({{{5, 5}, 0}, {{6, 5}, 0}, {{0, 0}, 0}}).empty());
        CHECK(decoded({{{0, largest_piece + 1}, 0}}).empty());
        CHECK(decoded({{{~std::uint64_t{0} - 1, 3}, 0}}).empty());
        CHECK(decoded({{{1, largest_piece + 1}, 0}}) == ranges_of{{1, largest_piece + 1}});
        auto about = test::some_validators();
        about.length = 100;
        const auto journal = journal_of({{{0, 100}, 1}, {{100, 101}, 2}, {{50, 101}, 3}}, about);
        CHECK(decoded(journal) == ranges_of{{0, 100}});
    }

    TEST_CASE("of records that overlap the later one counts, and what is left is disjoint") {
        CHECK(decoded({{{0, 10}, 1}, {{0, 12}, 2}}) == ranges_of{{0, 12}});
        CHECK(decoded({{{0, 12}, 1}, {{0, 10}, 2}}) == ranges_of{{0, 10}});
        CHECK(decoded({{{5, 15}, 1}, {{0, 10}, 2}}) == ranges_of{{0, 10}});
        CHECK(decoded({{{0, 10}, 1}, {{5, 15}, 2}}) == ranges_of{{5, 15}});
        CHECK(decoded({{{0, 10}, 1}, {{5, 15}, 2}, {{12, 20}, 3}, {{20, 30}, 4}}) ==
              ranges_of{{12, 20}, {20, 30}});
        const auto contents = decode(journal_of({{{0, 10}, 1}, {{0, 10}, 2}}));
        REQUIRE(contents->pieces.size() == 1);
        CHECK(contents->pieces[0].hash == 2);
    }

    TEST_CASE("the order of the records is not that of the bytes") {
        CHECK(decoded({{{20, 30}, 1}, {{0, 10}, 2}, {{10, 20}, 3}}) ==
              ranges_of{{0, 10}, {10, 20}, {20, 30}});
    }

    TEST_CASE("a validator of 1 KiB is taken, a longer one and one with controls are refused") {
        for (auto member :
             {&core::validators::etag, &core::validators::last_modified, &core::validators::date}) {
            core::validators about;
            about.*member = std::string(1024, 'x');
            CHECK(encode_header(1, 2, about).has_value());
            about.*member = std::string(1025, 'x');
            CHECK(!encode_header(1, 2, about));
            for (const char* bad : {"a\r\nb", "a\nb", "\t", "\x7f"}) {
                about.*member = bad;
                CHECK(!encode_header(1, 2, about));
            }
            about.*member = std::string("a\0b", 3);
            CHECK(!encode_header(1, 2, about));
        }
    }

    TEST_CASE("a header that is signed but absurd gives nothing") {
        auto journal = journal_of({{{0, 10}, 7}});
        sign(journal);
        REQUIRE(decode(journal).has_value());  // so that the others fail for their own reason
        for (const unsigned size : {1025u, 4000u, 0xffffu}) {
            auto bad = journal;
            bad[etag_at] = static_cast<std::byte>(size);
            bad[etag_at + 1] = static_cast<std::byte>(size >> 8);
            sign(bad);
            CHECK(!decode(bad));
        }
        auto injected = journal;
        injected[etag_at + 3] = std::byte{'\n'};
        sign(injected);
        CHECK(!decode(injected));
        auto newer = journal;
        newer[7] = std::byte{2};
        sign(newer);
        CHECK(!decode(newer));
    }

    TEST_CASE("a journal that is longer than any of ours is not looked at") {
        auto journal = journal_of({{{0, 10}, 7}});
        journal.resize(most_journal_bytes);
        CHECK(decoded(journal) == ranges_of{{0, 10}});
        journal.resize(most_journal_bytes + 1);
        CHECK(!decode(journal));
    }

    TEST_CASE("pieces grow with the file, so that its journal stays small") {
        CHECK(piece_end(0) == test::mib);
        CHECK(piece_end(1) == test::mib);
        CHECK(piece_end(test::mib - 1) == test::mib);
        CHECK(piece_end(test::mib) == 2 * test::mib);
        std::size_t pieces = 0;
        std::uint64_t longest = 0;
        for (std::uint64_t at = 0; at < std::uint64_t{1} << 44; ++pieces) {
            const auto end = piece_end(at);
            if (end <= at || piece_end(end - 1) != end)
                FAIL_CHECK("a piece at " << at);
            longest = std::max(longest, end - at);
            at = end;
        }
        CHECK(pieces == 53'248);
        CHECK(longest == std::uint64_t{1} << 31);
        CHECK(piece_end(std::uint64_t{1} << 62) == (std::uint64_t{1} << 62) + largest_piece);
    }
}
