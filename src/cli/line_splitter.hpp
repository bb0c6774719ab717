#pragma once
// Cuts a stream of bytes into lines in bounded memory, and a JSON array in it into its entries:
// passes over a BOM and a CR before LF, keeps the beginning of a line that is too long and drops
// the rest of it. Pure; owned by the list reader.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cli/json_array.hpp"

namespace asyncdl::cli {

class line_splitter {
public:
    static constexpr std::size_t longest_line = 64 * 1024;
    static constexpr std::size_t block_size = 64 * 1024;

    enum class form {
        line,
        array,      ///< the begin of a JSON array
        entry,      ///< of an array; may be over several lines
        broken,     ///< an entry that is no JSON, up to the line `until`
        unfinished  ///< the array does not end, nor does an entry that has begun
    };

    struct line {
        std::string_view text;     ///< without its end; valid until the next `space`
        std::uint64_t number = 0;  ///< from 1; of an entry: where it begins
        bool too_long = false;     ///< `text` is only its beginning; of an entry: empty
        form what = form::line;    ///< only lines and entries have a text
        std::uint64_t column = 0;  ///< from 1, in bytes; of an entry, or behind an array
        std::uint64_t until = 0;
    };

    /// Room for the next block of input, at least `block_size` bytes.
    std::span<char> space();

    /// `size` bytes were written to the room.
    void received(std::size_t size) noexcept { end_ += size; }

    /// No more input: what is left is the last line.
    void finish() noexcept { finished_ = true; }

    /// The next line or part of an array; nothing if more input is needed or all is read. A line
    /// begins an array if it begins with `[`, and a `{`, a `"`, a `]` or the end of the list comes
    /// next, in one of the next lines a `[` as well: file names that begin with `[` are common.
    /// What is behind an array in its last line is a line.
    std::optional<line> next();

    /// Whether a line has begun that is not complete yet, with a blank.
    bool begins_with_blank() const noexcept {
        return begin_ < end_ && (buffer_[begin_] == ' ' || buffer_[begin_] == '\t');
    }

private:
    bool pass_mark();
    bool pass_rest();
    std::optional<bool> at_array() const;
    line begin_array();
    std::optional<line> next_entry();
    line entry(form what);
    line cut(std::size_t length, std::size_t consumed);

    std::vector<char> buffer_;
    std::size_t begin_ = 0;    // of what is not given out yet
    std::size_t scanned_ = 0;  // no LF before it
    std::size_t end_ = 0;
    std::uint64_t number_ = 0;  // lines before `begin_`; in an array: before the array
    std::uint64_t column_ = 0;  // bytes before `begin_` in its line, if an array has ended there
    bool begun_ = false;        // past a BOM
    bool dropping_ = false;     // inside a line that was too long
    bool finished_ = false;
    std::optional<json_array> array_;
    bool too_long_ = false;  // the entry of the array
};

}  // namespace asyncdl::cli
