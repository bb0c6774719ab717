#include "http/head_reader.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "core/token.hpp"

namespace asyncdl::http {

namespace {

namespace beast = boost::beast;

constexpr std::size_t max_head = 64 * 1024;

core::fault malformed(std::string_view what) {
    return {make_error_code(errc::protocol), "malformed response head: " + std::string(what)};
}

/// Notes what Beast finds, as views; the body is never shown to it.
class field_collector final : public beast::http::basic_parser<false> {
public:
    explicit field_collector(core::response_head& head) : head_(head) {
        header_limit(2 * max_head);
        body_limit(boost::none);
        skip(true);
    }

private:
    using error_code = beast::error_code;

    void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                         error_code&) override {}

    void on_response_impl(int code, beast::string_view reason, int version, error_code&) override {
        head_.status = static_cast<unsigned>(code);
        head_.version = static_cast<unsigned>(version);
        head_.reason = {reason.data(), reason.size()};
    }

    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                       error_code&) override {
        head_.fields.add({name.data(), name.size()}, {value.data(), value.size()});
    }

    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
        return body.size();
    }
    void on_finish_impl(error_code&) override {}

    core::response_head& head_;
};

/// No control character but HTAB, and CR and LF only as the two that end a line; for a text that
/// does not begin with one. Looks at every byte without a branch.
bool is_plain_text(std::string_view text) {
    unsigned char doubts = 0;  // compilers keep to vectors where all is of one size
    for (std::size_t i = 1; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const unsigned char control =
            (byte < 0x20) & (byte != '\t') & (byte != '\r') & (byte != '\n');
        const unsigned char del = byte == 0x7f;
        const unsigned char half_end = (text[i - 1] == '\r') ^ (byte == '\n');
        doubts |= control | del | half_end;
    }
    return doubts == 0;
}

/// Splits a head that is certainly well formed, at a fifth of what a full parser costs. Gives the
/// bytes that it takes; 0, with `head` in any state, where there is the least doubt, or where more
/// has to come.
std::size_t split_plain(std::string_view received, core::response_head& head) {
    std::string_view rest = received;
    std::string_view line;
    const auto take_line = [&] {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos || end == 0)
            return false;
        line = rest.substr(0, end - 1);  // whether it is CR that is left out is seen at the end
        rest.remove_prefix(end + 1);
        return true;
    };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    head.fields.clear();
    if (!take_line() || line.size() < 13 || !line.starts_with("HTTP/1.") ||
        (line[7] != '0' && line[7] != '1') || line[8] != ' ' || !is_digit(line[9]) ||
        !is_digit(line[10]) || !is_digit(line[11]) || line[12] != ' ')
        return 0;
    head.version = line[7] == '0' ? 10 : 11;
    head.status =
        static_cast<unsigned>((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    head.reason = line.substr(13);
    while (take_line()) {
        if (line.empty()) {
            const std::size_t taken = received.size() - rest.size();
            return is_plain_text(received.substr(0, taken)) ? taken : 0;
        }
        std::size_t colon = 0;
        while (colon < line.size() && core::is_token_char(line[colon]))
            ++colon;
        if (colon == 0 || colon == line.size() || line[colon] != ':')
            return 0;
        head.fields.add(line.substr(0, colon), core::trimmed(line.substr(colon + 1)));
    }
    return 0;
}

/// Whether a line ends in a bare LF, is a fold, or is a status line with no blank after the status.
bool needs_mending(std::string_view line) {
    if (!line.ends_with('\r'))
        return true;
    if (line.front() == ' ' || line.front() == '\t')
        return true;
    return line.size() == 13 && line.starts_with("HTTP/");
}

/// A status line of HTTP/1.2 to 1.9, which is read as that of 1.1 (RFC 9110, 2.5).
bool is_later_minor(std::string_view line) {
    return line.size() > 8 && line[7] >= '2' && line[7] <= '9' && line[8] == ' ';
}

/// Every line ended by CRLF, folds undone, a reason phrase at least empty, a version that is known.
void mend(std::string_view raw, std::string& text) {
    text.clear();
    text.reserve(raw.size() + 16);
    bool first = true;
    while (!raw.empty()) {
        const auto end = raw.find('\n');
        std::string_view line = raw.substr(0, end);
        raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (first && line.empty())
            continue;
        if (first) {
            text += line;
            if (is_later_minor(line))
                text[7] = '1';
            // "HTTP/1.1 200": the blank before the reason is part of the grammar.
            if (line.size() == 12 && line.starts_with("HTTP/"))
                text += ' ';
            first = false;
        } else if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
            text.resize(text.size() - 2);
            text += ' ';
            text += core::trimmed(line);
        } else {
            text += line;
        }
        text += "\r\n";
    }
}

}  // namespace

void head_reader::reset() noexcept {
    needs_mending_ = false;
    scanned_ = 0;
    line_start_ = 0;
    status_line_seen_ = false;
}

core::outcome<std::optional<std::size_t>> head_reader::feed(std::string_view received) {
    if (scanned_ == 0)  // most heads come whole, and plain
        if (const auto taken = split_plain(received.substr(0, max_head), head_); taken > 0)
            return std::optional(taken);
    while (scanned_ < received.size()) {
        const auto end = received.find('\n', scanned_);
        if (end == std::string_view::npos || end >= max_head) {
            scanned_ = received.size();
            break;
        }
        const std::string_view line = received.substr(line_start_, end - line_start_);
        const bool empty = line.empty() || line == "\r";
        needs_mending_ = needs_mending_ || needs_mending(line) || (empty && !status_line_seen_);
        scanned_ = line_start_ = end + 1;
        if (!empty) {
            // Not HTTP at all (HTTP/0.9, another protocol): say so before more is read.
            if (!status_line_seen_ && !line.starts_with("HTTP/1."))
                return malformed("no HTTP/1 status line");
            needs_mending_ = needs_mending_ || (!status_line_seen_ && is_later_minor(line));
            status_line_seen_ = true;
        } else if (status_line_seen_) {
            const std::size_t taken = scanned_;
            std::string_view text = received.substr(0, taken);
            if (needs_mending_) {
                mend(text, text_);
                text = text_;
            }
            reset();
            if (const auto parsed = parse(text); !parsed)
                return parsed.error();
            return std::optional(taken);
        }
    }
    if (received.size() >= max_head)
        return malformed("longer than 64 KiB");
    const std::string_view start = received.substr(line_start_, 7);
    constexpr std::string_view expected = "HTTP/1.";
    if (!status_line_seen_ && !start.starts_with('\r') && !expected.starts_with(start) &&
        !start.starts_with(expected))
        return malformed("no HTTP/1 status line");
    return std::optional<std::size_t>();
}

core::outcome<void> head_reader::parse(std::string_view text) {
    if (split_plain(text, head_) > 0)
        return {};
    head_.fields.clear();
    field_collector parser(head_);
    parser.eager(false);
    beast::error_code error;
    parser.put(boost::asio::buffer(text), error);
    if (error)
        return malformed(error.message());
    if (!parser.is_header_done())
        return malformed("incomplete");
    return {};
}

}  // namespace asyncdl::http
