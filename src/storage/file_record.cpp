#include "storage/file_record.hpp"

#include <algorithm>
#include <utility>

#include "storage/byte_packing.hpp"

namespace asyncdl::storage {

namespace {

constexpr std::uint64_t version = 1;
constexpr std::size_t fixed_bytes = 4 + 4 * 8 + 4 + std::tuple_size_v<boot_id>;
constexpr std::size_t check_bytes = 8;
constexpr std::size_t max_date = 35;  // RFC 850's form has up to 33
constexpr std::size_t max_etag = 100;
static_assert(fixed_bytes + max_etag + max_date + check_bytes <= max_record_bytes);

// Flags.
constexpr std::uint64_t settled = 1;
constexpr std::uint64_t was_decoded = 2;
constexpr std::uint64_t was_synced = 4;

// A date by itself proves nothing until the file can no longer change within its second.
constexpr std::chrono::seconds settles_after{60};

core::validators validators_of(const file_record& record) {
    core::validators about;
    about.etag = record.etag;
    about.last_modified = record.last_modified;
    return about;
}

// What a request asks by is an ETag or a date, whoever has written the record.
bool is_usable(const file_record& record) {
    core::validators about = validators_of(record);
    if (about.etag.starts_with("W/")) {
        about.etag.erase(0, 2);
    }
    return (record.etag.empty() || about.has_strong_etag()) && is_sendable(record.last_modified) &&
           !(record.settled_date && record.last_modified.empty());
}

}  // namespace

void file_record::take(const core::validators& about) {
    const bool fits = about.etag.size() <= max_etag;
    etag = fits ? about.etag : std::string();
    last_modified =
        fits && about.last_modified.size() <= max_date ? about.last_modified : std::string();
    settled_date =
        !last_modified.empty() && about.has_sound_date() && about.is_date_older_by(settles_after);
}

bool file_record::asks_by_etag() const noexcept {
    return !etag.empty() && !etag.starts_with("W/");
}

bool file_record::has_condition() const noexcept {
    return condition_of(*this).has_value();
}

std::optional<condition> condition_of(const file_record& record) noexcept {
    if (record.asks_by_etag()) {
        return condition{"If-None-Match", record.etag};
    }
    if (record.settled_date) {
        return condition{"If-Modified-Since", record.last_modified};
    }
    return std::nullopt;
}

bool contradicts(const file_record& record, const core::validators& response) {
    core::validators now = response;
    now.length.reset();
    return core::compare(validators_of(record), now) == core::agreement::different;
}

bool is_of(const file_record& record, const core::validators& response) {
    core::validators kept = validators_of(record);
    kept.length = record.size;
    if (!kept.last_modified.empty() && !response.last_modified.empty() &&
        kept.last_modified != response.last_modified) {
        return false;  // although the ETag may be equal: it need be unique for one URL alone
    }
    const auto agreed = core::compare(kept, response);
    if (record.asks_by_etag()) {
        return agreed == core::agreement::same && response.has_strong_etag();
    }
    return agreed == core::agreement::unknown && record.settled_date &&
           record.last_modified == response.last_modified;
}

std::string encode(const file_record& record) {
    std::string text(fixed_bytes + record.etag.size() + record.last_modified.size() + check_bytes,
                     '\0');
    const auto bytes = std::as_writable_bytes(std::span(text));
    byte_writer out(bytes);
    out.number(version, 1);
    out.number((record.settled_date ? settled : 0) | (record.decoded ? was_decoded : 0) |
                   (record.synced ? was_synced : 0),
               1);
    out.number(record.etag.size(), 1);
    out.number(record.last_modified.size(), 1);
    out.number(record.source);
    out.number(record.answered);
    out.number(record.size);
    out.number(static_cast<std::uint64_t>(record.time.seconds));
    out.number(record.time.nanoseconds, 4);
    for (const std::byte byte : record.boot) {
        out.number(std::to_integer<std::uint64_t>(byte), 1);
    }
    out.text(record.etag);
    out.text(record.last_modified);
    out.number(check_of(bytes.first(bytes.size() - check_bytes)));
    return text;
}

std::optional<file_record> decode_record(std::span<const std::byte> bytes) {
    if (bytes.size() < fixed_bytes + check_bytes || bytes.size() > max_record_bytes) {
        return std::nullopt;
    }
    const auto checked = bytes.first(bytes.size() - check_bytes);
    if (byte_reader(bytes.last(check_bytes)).number() != check_of(checked)) {
        return std::nullopt;
    }
    byte_reader in(checked);
    if (in.number(1) != version) {
        return std::nullopt;
    }
    const std::uint64_t flags = in.number(1);
    const std::size_t etag = in.number(1);
    const std::size_t date = in.number(1);
    if (fixed_bytes + etag + date != checked.size()) {
        return std::nullopt;
    }
    file_record record;
    record.settled_date = (flags & settled) != 0;
    record.decoded = (flags & was_decoded) != 0;
    record.synced = (flags & was_synced) != 0;
    record.source = in.number();
    record.answered = in.number();
    record.size = in.number();
    record.time.seconds = static_cast<std::int64_t>(in.number());
    record.time.nanoseconds = static_cast<std::uint32_t>(in.number(4));
    for (std::byte& byte : record.boot) {
        byte = static_cast<std::byte>(in.number(1));
    }
    record.etag = in.text(etag);
    record.last_modified = in.text(date);
    if (!is_usable(record)) {
        return std::nullopt;
    }
    return record;
}

}  // namespace asyncdl::storage
