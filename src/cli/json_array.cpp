#include "cli/json_array.hpp"

#include <string_view>

namespace asyncdl::cli {

namespace {

// Of brackets that are deeper it is not known what they are; no JSON parser of ours reads these.
constexpr std::uint64_t most_known = 64;

bool is_one_of(char c, std::string_view characters) noexcept {
    return characters.find(c) != characters.npos;
}

bool is_blank(char c) noexcept {
    return is_one_of(c, " \t\r\n");
}

}  // namespace

json_array::step json_array::take(char c) noexcept {
    const step result = judge(c);
    if (result == step::entry_before || result == step::broken_before) {
        return result;
    }
    begins_line_ = c == '\n' || (begins_line_ && is_blank(c));
    ++here_.column;
    if (c == '\n') {
        ++here_.line;
        here_.column = 1;
    }
    return result;
}

json_array::step json_array::judge(char c) noexcept {
    if (state_ == state::between) {
        if (is_blank(c) || c == ',') {
            return step::between;
        }
        if (c == ']') {
            return step::end;
        }
        begin(c);
    }
    if (state_ == state::word) {
        if (!is_one_of(c, ",]{[\"\n")) {
            return step::within;
        }
        state_ = state::between;
        return step::entry_before;
    }
    if (state_ == state::value) {
        if (!take_value(c)) {
            state_ = state::broken;
        } else if (depth_ == 0 && !quoted_) {
            state_ = state::between;
            return step::last;
        }
    }
    if (state_ == state::broken && begins_line_ && here_.column <= deepest_ && is_one_of(c, "{]")) {
        state_ = state::between;
        return step::broken_before;
    }
    return step::within;
}

void json_array::begin(char c) noexcept {
    entry_ = here_;
    deepest_ = begins_line_ ? here_.column : 0;
    state_ = is_one_of(c, "{[\"") ? state::value : state::word;
    quoted_ = escaped_ = false;
    before_ = '\0';
    depth_ = objects_ = 0;
}

/// False if no JSON has `c` here.
bool json_array::take_value(char c) noexcept {
    if (quoted_) {
        quoted_ = escaped_ || c != '"';
        escaped_ = !escaped_ && c == '\\';
        return c != '\n';
    }
    if (is_blank(c)) {
        return true;
    }
    const bool fits = is_one_of(c, "{[") ? open(c) : is_one_of(c, "}]") ? close(c) : true;
    quoted_ = c == '"';
    before_ = c;
    return fits;
}

bool json_array::open(char c) noexcept {
    if (depth_ > 0 && is_in('{') && before_ != ':') {
        return false;
    }
    if (depth_ < most_known) {
        const std::uint64_t bit = std::uint64_t{1} << depth_;
        objects_ = c == '{' ? objects_ | bit : objects_ & ~bit;
    }
    ++depth_;
    return true;
}

bool json_array::close(char c) noexcept {
    const bool fits = depth_ > most_known || is_in(c == '}' ? '{' : '[');
    depth_ -= fits ? 1 : 0;
    return fits;
}

/// Whether the innermost bracket that is open is known to be this one.
bool json_array::is_in(char bracket) const noexcept {
    return depth_ <= most_known && (((objects_ >> (depth_ - 1)) & 1) != 0) == (bracket == '{');
}

}  // namespace asyncdl::cli
