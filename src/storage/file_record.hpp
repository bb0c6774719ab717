#pragma once
// What a finished file says of itself in its extended attribute `user.asyncdl`: which download made
// it and what it was then. A later run keeps the file if all of this still fits and the server says
// that nothing has changed. Pure; any thread.
//
// Little-endian, under 200 bytes:
//   version (one byte, 1), flags (one byte), length of the ETag, length of Last-Modified (one byte
//   each), hash of the URL as given, hash of the URL that answered (beside a strong
//   ETag less its query), size, the file's
//   time (seconds, then nanoseconds in four bytes), the boot it was written in (16 bytes), the two
//   texts, XXH3-64 of all that
// The URLs themselves may hold secrets, so that only their hashes are there.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/validators.hpp"
#include "storage/files.hpp"

namespace asyncdl::storage {

/// A file's modification time.
struct file_time {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    friend bool operator==(const file_time&, const file_time&) = default;
};

class file_record {
public:
    std::uint64_t source = 0;    ///< hash of the URL as given
    std::uint64_t answered = 0;  ///< hash of the URL that answered, less its query
    std::string etag;            ///< as it was sent; empty if there is none, or it is too long
    std::string last_modified;   ///< the same
    bool settled_date = false;   ///< Last-Modified was at least 60 s older than Date
    std::uint64_t size = 0;      ///< bytes
    file_time time;
    bool decoded = false;  ///< stored without the content coding that it was sent with
    bool synced = false;   ///< fsync had succeeded
    boot_id boot{};

    /// The texts of `about`; none if the ETag is too long to be kept, since a date beside an ETag
    /// that is not known would prove less.
    void take(const core::validators& about);

    /// Whether it has a strong ETag. A date tells less: it may be that of other bytes, which the
    /// server chose by the query or by a field of the request.
    bool asks_by_etag() const noexcept;

    /// Whether a request can ask if the file has changed.
    bool has_condition() const noexcept;

    friend bool operator==(const file_record&, const file_record&) = default;
};

inline constexpr std::size_t max_record_bytes = 199;

/// A condition of a request (RFC 9110, 13.1.2 and 13.1.3).
struct condition {
    std::string_view name;   ///< If-None-Match or If-Modified-Since
    std::string_view value;  ///< into the record
};

/// Asks by a strong ETag, else by a settled date, also beside a weak ETag: a weak one may be equal
/// for other bytes. Nothing if there is neither.
std::optional<condition> condition_of(const file_record& record) noexcept;

/// Whether a response with these validators is of the bytes that the record tells of: equal strong
/// ETags or, if the record has none, an equal settled date; and nothing that speaks against it.
bool is_of(const file_record& record, const core::validators& response);

/// Whether a validator of the response (not its length) speaks against that: a server that says
/// "not modified" and sends another ETag is not believed.
bool contradicts(const file_record& record, const core::validators& response);

std::string encode(const file_record& record);

/// Nothing if the bytes are torn, of another version or absurd.
std::optional<file_record> decode_record(std::span<const std::byte> bytes);

}  // namespace asyncdl::storage
