#include "core/ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bitset>
#include <limits>
#include <random>
#include <vector>

using namespace asyncdl::core;

namespace {

using range_list = std::vector<byte_range>;

constexpr std::uint64_t end_of_offsets = std::numeric_limits<std::uint64_t>::max();

ledger holding(const range_list& ranges) {
    ledger result;
    for (const byte_range each : ranges) {
        result.add(each);
    }
    return result;
}

range_list ranges_of(const ledger& ledger) {
    return {ledger.ranges().begin(), ledger.ranges().end()};
}

}  // namespace

TEST_SUITE_BEGIN("unit/core/ledger");

TEST_CASE("a range that ends where it begins, or before, is empty") {
    CHECK(byte_range{}.empty());
    CHECK(byte_range{5, 5}.empty());
    CHECK(byte_range{5, 3}.empty());
    CHECK(byte_range{5, 3}.size() == 0);
    CHECK_FALSE(byte_range{5, 6}.empty());
    CHECK(byte_range{5, 6}.size() == 1);
    CHECK(byte_range{0, end_of_offsets}.size() == end_of_offsets);
    CHECK(byte_range{1, 2} != byte_range{1, 3});
}

TEST_CASE("an empty ledger holds nothing") {
    const ledger nothing;
    CHECK(nothing.held() == 0);
    CHECK(nothing.prefix() == 0);
    CHECK(nothing.ranges().empty());
    CHECK_FALSE(nothing.holds({0, 1}));
    CHECK(nothing.gap(0, 10) == byte_range{0, 10});
    CHECK(nothing.gap(4, 10) == byte_range{4, 10});
    CHECK_FALSE(nothing.gap(0, 0));
    CHECK_FALSE(nothing.gap(10, 10));
    CHECK_FALSE(nothing.gap(11, 10));
}

TEST_CASE("what is empty adds nothing, and is held by anyone") {
    const ledger some = holding({{3, 3}, {7, 5}, {10, 12}});
    CHECK(ranges_of(some) == range_list{{10, 12}});
    CHECK(some.held() == 2);
    CHECK(some.holds({4, 4}));
    CHECK(some.holds({9, 1}));
}

TEST_CASE("ranges that touch or overlap become one") {
    struct row {
        range_list added, wanted;
    };
    const std::vector<row> rows{
        {{{0, 5}, {5, 10}}, {{0, 10}}},
        {{{5, 10}, {0, 5}}, {{0, 10}}},
        {{{0, 5}, {6, 10}}, {{0, 5}, {6, 10}}},
        {{{6, 10}, {0, 5}}, {{0, 5}, {6, 10}}},
        {{{0, 6}, {4, 10}}, {{0, 10}}},
        {{{0, 10}, {2, 3}}, {{0, 10}}},
        {{{2, 3}, {0, 10}}, {{0, 10}}},
        {{{0, 10}, {0, 10}}, {{0, 10}}},
        {{{0, 2}, {4, 6}, {8, 10}, {2, 4}}, {{0, 6}, {8, 10}}},
        {{{0, 2}, {4, 6}, {8, 10}, {1, 9}}, {{0, 10}}},
        {{{0, 2}, {4, 6}, {8, 10}, {3, 7}}, {{0, 2}, {3, 7}, {8, 10}}},
        {{{4, 6}, {8, 10}, {0, 20}}, {{0, 20}}},
        {{{8, 10}, {4, 6}, {0, 2}}, {{0, 2}, {4, 6}, {8, 10}}},
        {{{0, end_of_offsets}, {5, 6}}, {{0, end_of_offsets}}},
        {{{end_of_offsets - 1, end_of_offsets}, {0, end_of_offsets - 1}}, {{0, end_of_offsets}}},
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CAPTURE(i);
        const auto& [added, wanted] = rows[i];
        const ledger found = holding(added);
        CHECK(ranges_of(found) == wanted);
        std::uint64_t bytes = 0;
        for (const byte_range each : wanted) {
            bytes += each.size();
        }
        CHECK(found.held() == bytes);
    }
}

TEST_CASE("bytes are held where every one of them is") {
    const ledger some = holding({{2, 5}, {7, 9}});
    CHECK(some.holds({2, 5}));
    CHECK(some.holds({3, 4}));
    CHECK(some.holds({7, 9}));
    CHECK_FALSE(some.holds({1, 3}));
    CHECK_FALSE(some.holds({4, 6}));
    CHECK_FALSE(some.holds({2, 9}));
    CHECK_FALSE(some.holds({5, 6}));
    CHECK_FALSE(some.holds({5, 7}));
    CHECK_FALSE(some.holds({8, 10}));
    CHECK_FALSE(some.holds({9, 10}));
    CHECK_FALSE(some.holds({0, end_of_offsets}));
}

TEST_CASE("a gap is the first that is missing from an offset on, within the total") {
    const ledger some = holding({{2, 5}, {7, 9}});
    CHECK(some.gap(0, 20) == byte_range{0, 2});
    CHECK(some.gap(1, 20) == byte_range{1, 2});
    CHECK(some.gap(2, 20) == byte_range{5, 7});
    CHECK(some.gap(4, 20) == byte_range{5, 7});
    CHECK(some.gap(5, 20) == byte_range{5, 7});
    CHECK(some.gap(6, 20) == byte_range{6, 7});
    CHECK(some.gap(7, 20) == byte_range{9, 20});
    CHECK(some.gap(9, 20) == byte_range{9, 20});
    CHECK(some.gap(15, 20) == byte_range{15, 20});
    CHECK_FALSE(some.gap(20, 20));

    CHECK(some.gap(0, 1) == byte_range{0, 1});
    CHECK(some.gap(2, 6) == byte_range{5, 6});
    CHECK_FALSE(some.gap(2, 5));
    CHECK_FALSE(some.gap(2, 4));
    CHECK_FALSE(some.gap(7, 9));
    CHECK_FALSE(some.gap(7, 8));
    CHECK_FALSE(some.gap(9, 9));
}

TEST_CASE("the prefix ends at the first gap") {
    CHECK(holding({{0, 5}, {7, 9}}).prefix() == 5);
    CHECK(holding({{0, 5}, {5, 9}}).prefix() == 9);
    CHECK(holding({{1, 5}}).prefix() == 0);
}

TEST_CASE("a ledger that was cleared knows nothing more") {
    ledger some = holding({{0, 5}, {7, 9}});
    some.clear();
    CHECK(some.held() == 0);
    CHECK(some.ranges().empty());
    some.add({1, 2});
    CHECK(ranges_of(some) == range_list{{1, 2}});
    CHECK(some.held() == 1);
}

TEST_CASE("a ledger agrees with a list of every byte") {
    constexpr std::uint64_t total = 64;
    std::mt19937 dice(20240611);
    for (int round = 0; round < 300; ++round) {
        ledger some;
        std::bitset<total> bytes;
        for (int i = 0; i < 12; ++i) {
            const std::uint64_t begin = dice() % total;
            const std::uint64_t end = std::min<std::uint64_t>(begin + dice() % 9, total);
            some.add({begin, end});
            for (std::uint64_t at = begin; at < end; ++at) {
                bytes.set(at);
            }
            REQUIRE(some.held() == bytes.count());
        }
        for (std::uint64_t from = 0; from < total; ++from) {
            CHECK(some.holds({from, from + 1}) == bytes.test(from));
            std::uint64_t first = from;
            while (first < total && bytes.test(first)) {
                ++first;
            }
            std::uint64_t last = first;
            while (last < total && !bytes.test(last)) {
                ++last;
            }
            const auto gap = some.gap(from, total);
            CHECK(gap.value_or(byte_range{total, total}) == byte_range{first, last});
        }
        for (std::size_t i = 1; i < some.ranges().size(); ++i) {
            CHECK(some.ranges()[i - 1].end < some.ranges()[i].begin);
        }
    }
}

TEST_SUITE_END();
