#include "cli/line_splitter.hpp"

#include <algorithm>
#include <cstring>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// What may stand behind the text of a line: CR and LF.
constexpr std::size_t behind_text = 2;

}  // namespace

std::span<char> line_splitter::space() {
    buffer_.resize(longest_line + behind_text + block_size);
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
    return std::span(buffer_).subspan(end_);
}

std::optional<line_splitter::line> line_splitter::next() {
    if ((!begun_ && !pass_mark()) || (dropping_ && !pass_rest())) {
        return std::nullopt;
    }
    if (array_) {
        const auto found = next_entry();
        if (found || array_) {
            return found;
        }
    }
    const std::optional<bool> array_begins = at_array();
    if (!array_begins) {
        return std::nullopt;
    }
    if (*array_begins) {
        return begin_array();
    }
    const auto at = std::string_view(buffer_.data(), end_).find('\n', scanned_);
    if (at != std::string_view::npos) {
        return cut(at - begin_, at - begin_ + 1);
    }
    scanned_ = end_;
    const std::size_t length = end_ - begin_;
    dropping_ = length >= longest_line + behind_text;
    if (dropping_ || (finished_ && length > 0)) {
        return cut(length, length);
    }
    return std::nullopt;
}

/// False if it may still be that a BOM begins the list.
bool line_splitter::pass_mark() {
    const std::string_view beginning(buffer_.data(), std::min(end_, byte_order_mark.size()));
    const bool whole = beginning == byte_order_mark;
    begun_ = whole || finished_ || !byte_order_mark.starts_with(beginning);
    begin_ = scanned_ = whole ? byte_order_mark.size() : 0;
    return begun_;
}

/// Passes over the rest of a line that was too long; false if its end is not there yet.
bool line_splitter::pass_rest() {
    const auto at = std::string_view(buffer_.data(), end_).find('\n', begin_);
    dropping_ = at == std::string_view::npos;
    begin_ = scanned_ = dropping_ ? end_ : at + 1;
    return !dropping_;
}

/// Whether an array begins; nothing if more input is needed to know it.
std::optional<bool> line_splitter::at_array() const {
    const std::string_view rest(buffer_.data() + begin_, std::min(end_ - begin_, longest_line));
    const std::size_t open = rest.find_first_not_of(blanks);
    if (open == rest.npos || rest[open] != '[') {
        return false;
    }
    const std::size_t next = rest.find_first_not_of(" \t\r", open + 1);
    if (next != rest.npos && std::string_view("[#,").find(rest[next]) != rest.npos) {
        return false;
    }
    json_array ahead(text_place{});
    for (const char c : rest.substr(open + 1)) {
        if (ahead.take(c) == json_array::step::end || ahead.is_value()) {
            return true;
        }
        if (ahead.is_word()) {
            return false;
        }
    }
    if (!finished_ && rest.size() < longest_line) {
        return std::nullopt;
    }
    return rest.size() < longest_line || ahead.here().line > 1;
}

line_splitter::line line_splitter::begin_array() {
    const std::size_t open = std::string_view(buffer_.data(), end_).find('[', begin_);
    array_.emplace(text_place{number_ + 1, column_ + (open - begin_) + 2});
    begin_ = scanned_ = open + 1;
    return {{}, number_ + 1, false, form::array};
}

/// The next entry of the array; nothing if more input is needed, or if it has ended.
std::optional<line_splitter::line> line_splitter::next_entry() {
    using enum json_array::step;
    while (scanned_ < end_) {
        switch (array_->take(buffer_[scanned_])) {
            case between:
                begin_ = ++scanned_;
                break;
            case within:
                ++scanned_;
                too_long_ = too_long_ || scanned_ - begin_ > longest_line;
                break;
            case last:
                ++scanned_;
                return entry(form::entry);
            case entry_before:
                return entry(form::entry);
            case broken_before:
                return entry(form::broken);
            case end:
                ++scanned_;
                [[fallthrough]];
            case end_before:
                begin_ = scanned_;
                number_ = array_->here().line - 1;
                column_ = array_->here().column - 1;
                array_.reset();
                return std::nullopt;
        }
        if (too_long_ || array_->is_broken()) {
            begin_ = scanned_;
        }
    }
    if (!finished_) {
        return std::nullopt;
    }
    if (array_->seems_ended()) {
        const line found = entry(form::broken);
        array_.reset();
        return found;
    }
    const text_place at = array_->is_within() ? array_->entry() : array_->here();
    array_.reset();
    begin_ = scanned_ = end_;
    return line{{}, at.line, false, form::unfinished, at.column};
}

line_splitter::line line_splitter::entry(form what) {
    const text_place& at = array_->entry();
    line found{{buffer_.data() + begin_, scanned_ - begin_},
               at.line,
               too_long_,
               what,
               at.column,
               array_->here().line};
    found.too_long = too_long_ || found.text.size() > longest_line;
    if (found.too_long || what == form::broken) {
        found.text = {};
    }
    begin_ = scanned_;
    too_long_ = false;
    return found;
}

line_splitter::line line_splitter::cut(std::size_t length, std::size_t consumed) {
    std::string_view text(buffer_.data() + begin_, length);
    if (text.ends_with('\r')) {
        text.remove_suffix(1);
    }
    line found{text.substr(0, longest_line), ++number_, text.size() > longest_line};
    found.column = column_ == 0 ? 0 : column_ + 1;
    begin_ += consumed;
    scanned_ = begin_;
    column_ = 0;
    return found;
}

}  // namespace asyncdl::cli
