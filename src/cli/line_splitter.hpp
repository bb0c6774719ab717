#pragma once
// Cuts a stream of bytes into lines in bounded memory: passes over a BOM and a CR before LF, keeps
// the beginning of a line that is too long and drops the rest of it. Pure; owned by the list
// reader.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace asyncdl::cli {

class line_splitter {
public:
    static constexpr std::size_t longest_line = 64 * 1024;
    static constexpr std::size_t block_size = 64 * 1024;

    struct line {
        std::string_view text;     ///< without its end; valid until the next `space`
        std::uint64_t number = 0;  ///< from 1
        bool too_long = false;     ///< `text` is only its beginning
    };

    /// Room for the next block of input, at least `block_size` bytes.
    std::span<char> space();

    /// `size` bytes were written to the room.
    void received(std::size_t size) noexcept { end_ += size; }

    /// No more input: what is left is the last line.
    void finish() noexcept { finished_ = true; }

    /// The next line, nothing where more input is needed or all is read.
    std::optional<line> next();

    /// Whether a line has begun that is not complete yet, with a blank.
    bool begins_with_blank() const noexcept {
        return begin_ < end_ && (buffer_[begin_] == ' ' || buffer_[begin_] == '\t');
    }

private:
    std::optional<line> cut(std::size_t length, std::size_t consumed);

    std::vector<char> buffer_;
    std::size_t begin_ = 0;    // of what is not given out yet
    std::size_t scanned_ = 0;  // no LF before it
    std::size_t end_ = 0;
    std::uint64_t number_ = 0;
    bool dropping_ = false;  // inside a line that was too long
    bool finished_ = false;
};

}  // namespace asyncdl::cli
