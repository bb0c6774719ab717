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

/// What came cannot be the beginning of a head.
core::fault not_http(std::string_view received) {
    // An alert in its record (RFC 8446, 5.1): a TLS server's answer to what it cannot read.
    if (received.starts_with("\x15\x03"))
        return {make_error_code(errc::protocol),
                "the server speaks TLS on this port; try https://"};
    return malformed("no HTTP/1 status line");
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

/// A status line of HTTP/1.2 to 1.9, which is read as that of 1.1 (RFC 9110, 2.5).
bool is_later_minor(std::string_view line) {
    return line.size() > 8 && line[7] >= '2' && line[7] <= '9' && line[8] == ' ';
}

bool is_fold(std::string_view line) {
    return line.starts_with(' ') || line.starts_with('\t');
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// NUL, or a CR that ends no line: other readers of the same bytes see other lines.
bool has_hidden_end(std::string_view text) {
    for (auto at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1))
        if (!text.substr(at + 1).starts_with('\n'))
            return true;
    return text.find('\0') != std::string_view::npos;
}

/// Whether the token characters of `text`, all of them or a run of them, spell `name`.
bool spells(std::string_view text, std::string_view name) {
    std::string letters;
    std::size_t run = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && core::is_token_char(text[i])) {
            letters += text[i];
            continue;
        }
        if (core::iequals(text.substr(run, i - run), name))
            return true;
        run = i + 1;
    }
    return core::iequals(letters, name);
}

/// Whether someone could read the name in this line as one that says where a body ends, which part
/// of the file it is, or how it is coded.
bool may_frame(std::string_view line) {
    const auto name = line.substr(0, line.find(':'));
    return spells(name, "Content-Length") || spells(name, "Transfer-Encoding") ||
           spells(name, "Content-Range") || spells(name, "Content-Encoding");
}

/// The next line, without its end.
std::string_view take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

/// With a version that is known, and a reason phrase that is at least empty and holds no control
/// character.
void mend_status_line(std::string_view line, std::string& text) {
    constexpr std::size_t reason = 13;  // "HTTP/1.1 200 " is before it
    text = line.substr(0, reason);
    if (is_later_minor(line))
        text[7] = '1';
    if (line.size() == reason - 1)
        text += ' ';
    for (const char c : line.substr(std::min(reason, line.size())))
        if (!is_control(c))
            text += c;
    text += "\r\n";
}

/// Appends a field of one line. A malformed one is dropped if nobody could read it as framing.
core::outcome<void> mend_field(std::string_view field, std::string& text) {
    const auto colon = field.find(':');
    const auto name = field.substr(0, colon);
    const auto value = core::trimmed(field.substr(colon + 1));
    if (core::is_token(name) && std::none_of(value.begin(), value.end(), is_control)) {
        text.append(name).append(": ").append(value).append("\r\n");
        return {};
    }
    if (may_frame(field))
        return malformed("a field that may frame the body");
    // It may have said so, and a connection less costs little.
    if (spells(name, "Connection"))
        text += "Connection: close\r\n";
    return {};
}

/// A complete head with every line ended by CRLF, folds undone, and no malformed field.
core::outcome<void> mend(std::string_view raw, std::string& text) {
    if (has_hidden_end(raw))
        return malformed("a NUL or a bare CR");
    std::string_view line = take_line(raw);
    while (line.empty())
        line = take_line(raw);
    mend_status_line(line, text);
    std::string field;
    for (line = take_line(raw); !line.empty();) {
        if (line.find(':') == std::string_view::npos)
            return malformed("a line without a colon");
        field = line;
        for (line = take_line(raw); is_fold(line); line = take_line(raw)) {
            // To a reader that knows no folds it is a field of its own.
            if (line.find(':') != std::string_view::npos && may_frame(line))
                return malformed("a folded line that may frame the body");
            field.append(" ").append(core::trimmed(line));
        }
        if (const auto mended = mend_field(field, text); !mended)
            return mended;
    }
    text += "\r\n";
    return {};
}

}  // namespace

void head_reader::reset() noexcept {
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
        scanned_ = line_start_ = end + 1;
        if (!empty) {
            // Not HTTP at all (HTTP/0.9, another protocol): say so before more is read.
            if (!status_line_seen_ && !line.starts_with("HTTP/1."))
                return not_http(line);
            status_line_seen_ = true;
        } else if (status_line_seen_) {
            const std::size_t taken = scanned_;
            reset();
            if (const auto parsed = parse(received.substr(0, taken)); !parsed)
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
        return not_http(received.substr(line_start_));
    return std::optional<std::size_t>();
}

core::outcome<void> head_reader::parse(std::string_view text) {
    if (split_plain(text, head_) > 0)
        return {};
    if (const auto mended = mend(text, text_); !mended)
        return mended;
    if (split_plain(text_, head_) > 0)
        return {};
    head_.fields.clear();
    field_collector parser(head_);
    parser.eager(false);
    beast::error_code error;
    parser.put(boost::asio::buffer(text_), error);
    if (error)
        return malformed(error.message());
    if (!parser.is_header_done())
        return malformed("incomplete");
    return {};
}

}  // namespace asyncdl::http
