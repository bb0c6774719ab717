#pragma once
// Finds the entries of a JSON array in a stream of bytes of which nothing is kept. Pure; owned by
// the line splitter.

#include <cstdint>

namespace asyncdl::cli {

/// Where something is in a list.
struct text_place {
    std::uint64_t line = 1;
    std::uint64_t column = 1;  ///< in bytes
};

/// Takes the bytes behind an array's `[` one by one. Only brackets and strings are looked at, so
/// that an entry is found whatever is wrong inside of it. Entries need no comma between them, and
/// more commas are as good as one. Between entries, `#` and `//` begin a comment up to the end of
/// the line, and `/*` one up to `*/`.
///
/// What cannot be JSON (a line that ends within a string, a bracket that closes another one, an
/// object within an object without a name) makes its entry broken. The array goes on at the next
/// line that begins with `{`, `}` or `]`, no deeper than the line in which the entry began:
///
///     [
///       {"url": "http://a/1"},
///       {"url": "http://a/2},      broken, up to the next line
///       {"url": "http://a/3"}
///     ]
///
/// Or the array has ended, and lines follow: if the last line ended with `}]`, or began the array.
class json_array {
public:
    /// What a byte is, or what is known before it.
    enum class step {
        between,        ///< not of an entry: a blank or a comma
        within,         ///< of an entry
        last,           ///< the last one of an entry
        entry_before,   ///< an entry ended before the byte, which is to be taken once more
        broken_before,  ///< the same, but the entry was broken
        end,            ///< of the array
        end_before      ///< the array has ended before the byte, which is not of it
    };

    /// @param behind the place of the first byte after the `[`
    explicit json_array(text_place behind) noexcept : here_(behind), first_line_(behind.line) {}

    step take(char c) noexcept;

    /// Where the next byte is, and where the last entry began.
    const text_place& here() const noexcept { return here_; }
    const text_place& entry() const noexcept { return entry_; }

    bool is_within() const noexcept { return state_ != state::between && state_ != state::comment; }
    bool is_broken() const noexcept { return state_ == state::broken; }
    bool is_word() const noexcept { return state_ == state::word; }
    bool is_value() const noexcept { return state_ == state::value; }

    /// Whether the entry is broken, and the last line looks like the end of the array.
    bool seems_ended() const noexcept { return is_broken() && closed_; }

private:
    enum class state { between, comment, slash, block_comment, word, value, broken, over };

    step judge(char c) noexcept;
    step judge_comment(char c) noexcept;
    step begin_line(char c) noexcept;
    void end_line() noexcept;
    void begin(char c) noexcept;
    bool take_value(char c) noexcept;
    bool open(char c) noexcept;
    bool close(char c) noexcept;
    bool is_in(char bracket) const noexcept;

    text_place here_;
    std::uint64_t first_line_;  ///< of the array
    bool begins_line_ = true;   ///< only blanks are before `here_` in its line, or since the `[`
    std::uint64_t indent_ = 1;  ///< column of the first byte in its line that is no blank
    char last_ = '\0';          ///< the last byte of its line that is no blank
    char last_but_one_ = '\0';  ///< the one before it
    text_place entry_;
    std::uint64_t deepest_ = 0;  ///< column up to which a line may go on with the array
    state state_ = state::between;
    bool mended_ = false;          ///< a broken entry may have brackets that are still to close
    bool closed_ = false;          ///< of a broken entry: its last line seems to end the array
    bool may_have_ended_ = false;  ///< its last line began the array
    bool commented_ = false;       ///< the line is a comment
    bool quoted_ = false;
    bool escaped_ = false;
    char before_ = '\0';         ///< the last byte that is no blank, outside of strings
    std::uint64_t depth_ = 0;    ///< brackets that are open
    std::uint64_t objects_ = 0;  ///< a bit each for the outermost of them: it is a `{`
};

}  // namespace asyncdl::cli
