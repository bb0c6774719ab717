#include "core/dictionary_field.hpp"

#include "core/fields.hpp"
#include "core/percent.hpp"
#include "core/token.hpp"
#include "core/utf8.hpp"

namespace asyncdl::core {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_letter(char c) {
    return is_lower(static_cast<char>(c | 0x20));
}

bool is_key_char(char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
}

bool is_base64_char(char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '/' || c == '=';
}

bool is_lower_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

// Reads a text from its front (RFC 9651, 4.2.2 to 4.2.10); every function says whether it found
// what it looked for. Items are passed over, but for byte sequences.
class reader {
public:
    explicit reader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    bool at(char c) const { return rest_.starts_with(c); }

    bool take(char c) {
        if (!at(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    template <typename Predicate>
    std::string_view take_while(Predicate wanted) {
        std::size_t length = 0;
        while (length < rest_.size() && wanted(rest_[length])) {
            ++length;
        }
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }

    void spaces() {
        take_while([](char c) { return c == ' '; });
    }

    void blanks() {
        take_while([](char c) { return c == ' ' || c == '\t'; });
    }

    bool key(std::string_view& name) {
        const bool begins = !rest_.empty() && (is_lower(rest_.front()) || at('*'));
        name = take_while(is_key_char);
        return begins;
    }

    bool member(dictionary_member& out) {
        if (!key(out.first)) {
            return false;
        }
        if (take('=') && !(take('(') ? inner_list() : bare_item(&out.second))) {
            return false;
        }
        return parameters();
    }

private:
    bool parameters() {
        while (take(';')) {
            spaces();
            std::string_view name;
            if (!key(name) || (take('=') && !bare_item())) {
                return false;
            }
        }
        return true;
    }

    bool inner_list() {
        for (;;) {
            spaces();
            if (take(')')) {
                return true;
            }
            if (!bare_item() || !parameters() || (!at(' ') && !at(')'))) {
                return false;
            }
        }
    }

    bool bare_item(std::optional<std::string_view>* bytes = nullptr) {
        if (take(':')) {
            const std::string_view content = take_while(is_base64_char);
            if (bytes) {
                *bytes = content;
            }
            return take(':');
        }
        if (take('"')) {
            return string();
        }
        if (take('%')) {
            return take('"') && display_string();
        }
        if (take('?')) {
            return take('0') || take('1');
        }
        if (take('@')) {
            take('-');
            return integer();
        }
        if (at('-') || (!rest_.empty() && is_digit(rest_.front()))) {
            return number();
        }
        return token();
    }

    bool integer() {
        const std::size_t digits = take_while(is_digit).size();
        return digits >= 1 && digits <= 15;
    }

    bool number() {
        take('-');
        const std::size_t whole = take_while(is_digit).size();
        if (!take('.')) {
            return whole >= 1 && whole <= 15;
        }
        const std::size_t fraction = take_while(is_digit).size();
        return whole >= 1 && whole <= 12 && fraction >= 1 && fraction <= 3;
    }

    bool token() {
        const bool begins = !rest_.empty() && (is_letter(rest_.front()) || at('*'));
        take_while([](char c) { return is_token_char(c) || c == ':' || c == '/'; });
        return begins;
    }

    bool string() {
        for (;;) {
            take_while([](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
            if (!take('\\')) {
                return take('"');
            }
            if (!take('"') && !take('\\')) {
                return false;
            }
        }
    }

    bool display_string() {
        const std::string_view text =
            take_while([](char c) { return c >= 0x20 && c < 0x7f && c != '"'; });
        for (auto i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
            if (i + 2 >= text.size() || !is_lower_hex(text[i + 1]) || !is_lower_hex(text[i + 2])) {
                return false;
            }
        }
        return take('"') && utf8::valid(percent_decoded(text));
    }

    std::string_view rest_;
};

}  // namespace

std::optional<std::vector<dictionary_member>> parse_dictionary(std::string_view line) {
    std::vector<dictionary_member> members;
    reader in(trimmed(line));
    while (!in.at_end()) {
        dictionary_member next;
        if (!in.member(next)) {
            return std::nullopt;
        }
        members.push_back(next);
        in.blanks();
        const bool more = in.take(',');
        in.blanks();
        // A comma with nothing behind it breaks the grammar, so does anything but a comma.
        if (more == in.at_end()) {
            return std::nullopt;
        }
    }
    return members;
}

}  // namespace asyncdl::core
