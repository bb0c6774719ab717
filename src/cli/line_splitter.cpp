#include "cli/line_splitter.hpp"

#include <cstring>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// What may stand beside the text of a line: the mark before the first, CR and LF after each.
constexpr std::size_t beside_text = byte_order_mark.size() + 2;

}  // namespace

std::span<char> line_splitter::space() {
    buffer_.resize(longest_line + beside_text + block_size);
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
    return std::span(buffer_).subspan(end_);
}

std::optional<line_splitter::line> line_splitter::next() {
    for (;;) {
        const auto at = std::string_view(buffer_.data(), end_).find('\n', scanned_);
        if (at == std::string_view::npos) {
            break;
        }
        if (!dropping_) {
            return cut(at - begin_, at - begin_ + 1);
        }
        dropping_ = false;
        begin_ = scanned_ = at + 1;
    }
    scanned_ = end_;
    if (dropping_) {
        begin_ = end_;
        return std::nullopt;
    }
    const std::size_t length = end_ - begin_;
    if (length >= longest_line + beside_text) {
        dropping_ = true;
        return cut(length, length);
    }
    if (finished_ && length > 0) {
        return cut(length, length);
    }
    return std::nullopt;
}

std::optional<line_splitter::line> line_splitter::cut(std::size_t length, std::size_t consumed) {
    std::string_view text(buffer_.data() + begin_, length);
    if (number_ == 0 && text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    if (text.ends_with('\r')) {
        text.remove_suffix(1);
    }
    begin_ += consumed;
    scanned_ = begin_;
    return line{text.substr(0, longest_line), ++number_, text.size() > longest_line};
}

}  // namespace asyncdl::cli
