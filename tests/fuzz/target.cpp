#include "fuzz/target.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "core/utf8.hpp"

namespace asyncdl::fuzz {

namespace {

std::vector<target>& registered() {
    static std::vector<target> list;
    return list;
}

}  // namespace

target::target(std::string_view target_name, body function) : name(target_name), run(function) {
    registered().push_back(*this);
}

const std::vector<target>& targets() {
    return registered();
}

void require(bool holds, std::string_view promise, std::source_location place) {
    if (!holds) {
        std::fprintf(stderr, "%s:%u: broken: %.*s\n", place.file_name(), unsigned(place.line()),
                     static_cast<int>(promise.size()), promise.data());
        std::abort();
    }
}

std::uint8_t take_byte(std::string_view& input) {
    if (input.empty()) {
        return 0;
    }
    const auto byte = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    return byte;
}

std::string_view take_line(std::string_view& input) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    return line;
}

std::uint64_t take_number(std::string_view& input) {
    std::uint64_t value = 0;
    const auto end = std::from_chars(input.data(), input.data() + input.size(), value).ptr;
    const auto used = static_cast<std::size_t>(end - input.data());
    input.remove_prefix(std::min(used + 1, input.size()));
    return value;
}

core::fields take_fields(std::string_view& input) {
    core::fields fields;
    while (!input.empty()) {
        const std::string_view line = take_line(input);
        if (const auto colon = line.find(':'); colon != line.npos) {
            fields.add(line.substr(0, colon), core::trimmed(line.substr(colon + 1)));
        }
    }
    return fields;
}

bool is_harmless(std::string_view text) {
    while (!text.empty()) {
        const core::utf8::character next = core::utf8::first(text);
        if (!next.valid || core::utf8::is_control(next.code)) {
            return false;
        }
        text.remove_prefix(next.size);
    }
    return true;
}

cuts::cuts(std::uint8_t seed) : dice_(seed + 1U), largest_(std::size_t{1} << seed % 12) {}

std::size_t cuts::next(std::size_t left) {
    return 1 + dice_() % std::min(left, largest_);
}

}  // namespace asyncdl::fuzz
