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
/// more commas are as good as one.
///
/// What cannot be JSON (a line that ends within a string, a bracket that closes another one, an
/// object within an object without a name) makes its entry broken. Of an entry that began its line,
/// the next line that begins with `{` or `]` no deeper is where the array goes on:
///
///     [
///       {"url": "http://a/1"},
///       {"url": "http://a/2},      broken, up to the next line
///       {"url": "http://a/3"}
///     ]
class json_array {
public:
    /// What a byte is, or what is known before it.
    enum class step {
        between,        ///< not of an entry: a blank or a comma
        within,         ///< of an entry
        last,           ///< the last one of an entry
        entry_before,   ///< an entry ended before the byte, which is to be taken once more
        broken_before,  ///< the same, but the entry was broken
        end             ///< of the array
    };

    /// @param behind the place of the first byte after the `[`
    explicit json_array(text_place behind) noexcept : here_(behind) {}

    step take(char c) noexcept;

    /// Where the next byte is, and where the last entry began.
    const text_place& here() const noexcept { return here_; }
    const text_place& entry() const noexcept { return entry_; }

    bool is_within() const noexcept { return state_ != state::between; }
    bool is_broken() const noexcept { return state_ == state::broken; }

private:
    enum class state { between, word, value, broken };

    step judge(char c) noexcept;
    void begin(char c) noexcept;
    bool take_value(char c) noexcept;
    bool open(char c) noexcept;
    bool close(char c) noexcept;
    bool is_in(char bracket) const noexcept;

    text_place here_;
    bool begins_line_ = false;  ///< only blanks are before `here_` in its line
    text_place entry_;
    std::uint64_t deepest_ = 0;  ///< column in which the array may go on; 0: in none
    state state_ = state::between;
    bool quoted_ = false;
    bool escaped_ = false;
    char before_ = '\0';         ///< the last byte that is no blank, outside of strings
    std::uint64_t depth_ = 0;    ///< brackets that are open
    std::uint64_t objects_ = 0;  ///< a bit each for the outermost of them: it is a `{`
};

}  // namespace asyncdl::cli
