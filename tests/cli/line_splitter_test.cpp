#include "cli/line_splitter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace {

using asyncdl::cli::line_splitter;

struct copied_line {
    std::string text;
    std::uint64_t number;
    bool too_long;

    bool operator==(const copied_line&) const = default;
};

// All lines of `input`, given in blocks of `block` bytes.
std::vector<copied_line> split(std::string_view input, std::size_t block) {
    line_splitter lines;
    std::vector<copied_line> result;
    for (;;) {
        while (const auto line = lines.next()) {
            result.push_back({std::string(line->text), line->number, line->too_long});
        }
        if (input.empty()) {
            lines.finish();
            while (const auto line = lines.next()) {
                result.push_back({std::string(line->text), line->number, line->too_long});
            }
            return result;
        }
        const std::span<char> space = lines.space();
        REQUIRE(space.size() >= line_splitter::block_size);
        const std::size_t size = std::min({block, space.size(), input.size()});
        std::copy_n(input.begin(), size, space.begin());
        lines.received(size);
        input.remove_prefix(size);
    }
}

std::vector<copied_line> split(std::string_view input) {
    const auto whole = split(input, line_splitter::block_size);
    CHECK(split(input, 1) == whole);
    CHECK(split(input, 7) == whole);
    return whole;
}

}  // namespace

TEST_SUITE("cli/line_splitter") {
    TEST_CASE("lines are cut at LF, a CR before it is dropped") {
        const auto lines = split("a\nb\r\n\n\r\nc\rd\n");
        REQUIRE(lines.size() == 5);
        CHECK(lines[0] == copied_line{"a", 1, false});
        CHECK(lines[1] == copied_line{"b", 2, false});
        CHECK(lines[2] == copied_line{"", 3, false});
        CHECK(lines[3] == copied_line{"", 4, false});
        CHECK(lines[4] == copied_line{"c\rd", 5, false});
    }

    TEST_CASE("the last line needs no end") {
        CHECK(split("a\nb") == std::vector<copied_line>{{"a", 1, false}, {"b", 2, false}});
        CHECK(split("a\r") == std::vector<copied_line>{{"a", 1, false}});
    }

    TEST_CASE("nothing has no lines") {
        CHECK(split("").empty());
        CHECK(line_splitter().next() == std::nullopt);
    }

    TEST_CASE("a byte order mark is dropped, but only before the first line") {
        CHECK(split("\xEF\xBB\xBF"
                    "a\n\xEF\xBB\xBF"
                    "b\n") == std::vector<copied_line>{{"a", 1, false},
                                                       {"\xEF\xBB\xBF"
                                                        "b",
                                                        2, false}});
    }

    TEST_CASE("a line of 64 KiB is whole, one more byte is too long, and the next is unharmed") {
        const std::string most(line_splitter::longest_line, 'x');
        for (const std::string end : {"\n", "\r\n"}) {
            const auto whole = split("\xEF\xBB\xBF" + most + end + "next" + end);
            REQUIRE(whole.size() == 2);
            CHECK(whole[0] == copied_line{most, 1, false});
            CHECK(whole[1] == copied_line{"next", 2, false});
            const auto over = split(most + "y" + end + "next" + end);
            REQUIRE(over.size() == 2);
            CHECK(over[0] == copied_line{most, 1, true});
            CHECK(over[1] == copied_line{"next", 2, false});
        }
    }

    TEST_CASE("an endless line is one line in bounded memory") {
        const std::string endless(line_splitter::longest_line * 20, 'x');
        const auto lines = split(endless + "\nnext", 4096);
        REQUIRE(lines.size() == 2);
        CHECK(lines[0].too_long);
        CHECK(lines[0].text.size() == line_splitter::longest_line);
        CHECK(lines[1] == copied_line{"next", 2, false});
        const auto unended = split(endless, 4096);
        REQUIRE(unended.size() == 1);
        CHECK(unended[0].too_long);
    }

    TEST_CASE("NUL bytes are bytes of a line") {
        using namespace std::string_literals;
        CHECK(split("a\0b\nc"s)[0].text == "a\0b"s);
    }
}
