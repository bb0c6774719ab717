#pragma once
// Numbers and texts as bytes, little-endian: what the journal and the record of a file are made of.
// Pure.

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace asyncdl::storage {

/// Puts numbers and texts one after the other. The space is known to be enough.
class byte_writer {
public:
    explicit byte_writer(std::span<std::byte> into) : into_(into) {}

    void number(std::uint64_t value, std::size_t size = 8) {
        // Not indexed: g++ 12.2 at -O3 then loses the last number of the header.
        for (std::byte& byte : into_.first(size)) {
            byte = static_cast<std::byte>(value);
            value >>= 8;
        }
        into_ = into_.subspan(size);
    }
    void text(std::string_view value) {
        std::ranges::copy(std::as_bytes(std::span(value)), into_.begin());
        into_ = into_.subspan(value.size());
    }

private:
    std::span<std::byte> into_;
};

/// Takes them again. Whoever reads a text has looked at its length.
class byte_reader {
public:
    explicit byte_reader(std::span<const std::byte> from) : from_(from) {}

    std::uint64_t number(std::size_t size = 8) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            value |= std::to_integer<std::uint64_t>(from_[i]) << (8 * i);
        }
        from_ = from_.subspan(size);
        return value;
    }
    std::string text(std::size_t size) {
        std::string value(size, '\0');
        std::memcpy(value.data(), from_.data(), size);
        from_ = from_.subspan(size);
        return value;
    }

private:
    std::span<const std::byte> from_;
};

/// Whether a validator fits into a request: no control character may end its line there.
inline bool is_sendable(std::string_view validator) {
    return std::ranges::none_of(validator, [](char c) {
        const auto value = static_cast<unsigned char>(c);
        return value < 0x20 || value == 0x7f;
    });
}

inline std::uint64_t check_of(std::span<const std::byte> bytes, std::uint64_t seed = 0) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace asyncdl::storage
