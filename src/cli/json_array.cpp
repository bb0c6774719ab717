#include "cli/json_array.hpp"

#include <limits>
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
    const bool blank = is_blank(c);
    if (begins_line_ && !blank) {
        indent_ = here_.column;
    }
    const step result = judge(c);
    if (result == step::entry_before || result == step::broken_before ||
        result == step::end_before) {
        return result;
    }
    if (!blank) {
        last_but_one_ = begins_line_ ? '\0' : last_;
        last_ = c;
    }
    begins_line_ = c == '\n' || (begins_line_ && blank);
    ++here_.column;
    if (c == '\n') {
        ++here_.line;
        here_.column = 1;
    }
    return result;
}

json_array::step json_array::judge(char c) noexcept {
    if (state_ == state::over) {
        return step::end_before;
    }
    if (state_ == state::comment || state_ == state::slash || state_ == state::block_comment) {
        return judge_comment(c);
    }
    if (state_ == state::between) {
        if (is_blank(c) || c == ',' || (c == '}' && mended_)) {
            return step::between;
        }
        if (c == ']') {
            return step::end;
        }
        begin(c);
        return state_ == state::comment ? step::between : step::within;
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
    if (state_ == state::broken && c == '\n') {
        end_line();
    } else if (state_ == state::broken && begins_line_ && !is_blank(c)) {
        return begin_line(c);
    }
    return step::within;
}

json_array::step json_array::judge_comment(char c) noexcept {
    if (state_ == state::slash && !is_one_of(c, "/*")) {
        state_ = state::word;
        return judge(c);
    }
    if (state_ == state::slash) {
        state_ = c == '/' ? state::comment : state::block_comment;
        before_ = '\0';
    } else if (state_ == state::comment ? c == '\n' : before_ == '*' && c == '/') {
        state_ = state::between;
    } else {
        before_ = c;
    }
    return step::between;
}

void json_array::begin(char c) noexcept {
    entry_ = here_;
    deepest_ = indent_;
    state_ = c == '#'               ? state::comment
             : c == '/'             ? state::slash
             : is_one_of(c, "{[\"") ? state::value
                                    : state::word;
    mended_ = mended_ && (state_ == state::comment || state_ == state::slash);
    closed_ = may_have_ended_ = commented_ = quoted_ = escaped_ = false;
    before_ = '\0';
    depth_ = objects_ = 0;
    if (state_ == state::value) {
        take_value(c);
    }
}

/// A line of a broken entry has ended: what it says of where the entry and the array end.
void json_array::end_line() noexcept {
    if (begins_line_ || commented_) {
        commented_ = false;
        return;
    }
    may_have_ended_ = here_.line == first_line_;
    closed_ = last_ == ']' && (may_have_ended_ || last_but_one_ == '}');
    const bool whole = last_ == '}' || (last_ == ',' && last_but_one_ == '}');
    if (whole && here_.line == entry_.line) {
        deepest_ = std::numeric_limits<std::uint64_t>::max();
    }
}

/// A line begins while an entry is broken.
json_array::step json_array::begin_line(char c) noexcept {
    const bool shallow = here_.column <= deepest_;
    commented_ = is_one_of(c, "#/");
    if (commented_) {
        return step::within;
    }
    if ((closed_ && !is_one_of(c, "}]\",:")) || (may_have_ended_ && !is_one_of(c, "{}[]\",:")) ||
        (shallow && c == '[')) {
        state_ = state::over;
        return step::broken_before;
    }
    if (shallow && is_one_of(c, "{}]")) {
        state_ = state::between;
        mended_ = true;
        return step::broken_before;
    }
    return step::within;
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
