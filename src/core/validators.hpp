#pragma once
// What tells whether two responses carry the same representation (RFC 9110, 8.8). Values; pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/fields.hpp"

namespace asyncdl::core {

/// The validators of one response. Each text is as it was sent, less blanks at its ends; empty
/// where there is none, where lines that are repeated disagree, or where it cannot be used.
class validators {
public:
    /// With its quotes and `W/`. One that is not well formed (RFC 9110, 8.8.3: without quotes, say)
    /// or over 1 KiB is none.
    std::string etag;
    std::string last_modified;            ///< printable ASCII, at most 64 bytes, else none
    std::string date;                     ///< the same; when the response was made
    std::optional<std::uint64_t> length;  ///< bytes of the whole representation

    /// Of a response's fields. `length` is left to the caller: which field tells it depends on the
    /// status.
    static validators of(const fields& fields);

    /// Whether there is an ETag that is equal only for equal bytes.
    bool has_strong_etag() const noexcept;

    /// Whether Last-Modified changes whenever the bytes do: Date is at least a second later
    /// (RFC 9110, 8.8.2.2).
    bool has_strong_date() const noexcept { return is_date_older_by(std::chrono::seconds(1)); }

    /// Whether Date is at least this much later than Last-Modified.
    bool is_date_older_by(std::chrono::seconds margin) const noexcept;

    /// Last-Modified, if it is a date that a server can mean: one that knows none says 1970, or
    /// less.
    bool has_sound_date() const noexcept;

    friend bool operator==(const validators&, const validators&) = default;
};

/// The value of If-Range: a strong ETag, else a Last-Modified that is strong, also beside a weak
/// ETag; empty where there is neither. A view into `of`.
std::string_view if_range(const validators& of) noexcept;

enum class agreement {
    same,       ///< byte for byte
    unknown,    ///< nothing says so and nothing speaks against it
    different,  ///< what is kept belongs to another representation
};

/// Compares what is kept with what a response says now. Lengths, ETags (weakly where one of them is
/// weak) and Last-Modified each say `different` where both sides have one and they are unequal,
/// asked in this order; equal strong ETags end the comparison as `same`, so does an equal
/// Last-Modified that is strong for `kept`. Date says nothing by itself.
agreement compare(const validators& kept, const validators& now) noexcept;

}  // namespace asyncdl::core
