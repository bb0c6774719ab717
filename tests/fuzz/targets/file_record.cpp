// The record in a file's extended attribute, which anybody who owns the file can write: what is
// decoded fits, encoded again it is the same, and what a request asks by it cannot end its line.
// The input: a record; its last eight bytes are its check, which is also made right, else nothing
// behind it is seen.

#include "storage/file_record.hpp"

#include <span>
#include <string>

#include "fuzz/target.hpp"
#include "storage/byte_packing.hpp"

namespace asyncdl::fuzz {

namespace {

using storage::file_record;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string with_right_check(std::string_view input) {
    std::string text(input);
    if (text.size() >= 8) {
        const auto check = storage::check_of(bytes_of(input.substr(0, input.size() - 8)));
        for (std::size_t i = 0; i < 8; ++i) {
            text[text.size() - 8 + i] = static_cast<char>(check >> (8 * i));
        }
    }
    return text;
}

void check_condition(const file_record& record) {
    const auto condition = storage::condition_of(record);
    require(condition.has_value() == record.has_condition(), "a condition is there or it is not");
    if (!condition) {
        return;
    }
    const bool by_etag = condition->name == "If-None-Match";
    require(by_etag || condition->name == "If-Modified-Since", "it is one of two fields");
    require(!condition->value.empty(), "a condition has a value");
    require(storage::is_sendable(condition->value), "a condition cannot end its line");
    require(by_etag == (condition->value == record.etag && !record.etag.starts_with("W/")),
            "an ETag is asked by if it is strong");
    core::validators response;
    response.etag = record.etag;
    response.last_modified = record.last_modified;
    require(!storage::contradicts(record, response), "no record contradicts itself");
}

void check(std::string_view input) {
    const auto record = storage::decode_record(bytes_of(input));
    if (!record) {
        return;
    }
    const std::string again = storage::encode(*record);
    require(again.size() <= storage::max_record_bytes, "a record is under 200 bytes");
    require(again.size() == input.size(), "nothing of it is lost");
    require(storage::decode_record(bytes_of(again)) == record,
            "what was read, encoded, is read again");
    check_condition(*record);
}

const target registered("file_record", [](std::string_view input) {
    check(input);
    check(with_right_check(input));
});

}  // namespace

}  // namespace asyncdl::fuzz
