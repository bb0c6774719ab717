// A digest that a response carries is of a known algorithm and whole, and means the same written
// out as a checksum or as a field again. The input: fields.

#include "core/digest_fields.hpp"

#include <algorithm>
#include <string>

#include "core/dictionary_field.hpp"
#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

std::string base64(const std::vector<std::byte>& bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    unsigned bits = 0;
    unsigned held = 0;
    for (const std::byte each : bytes) {
        held = (held << 8 | std::to_integer<unsigned>(each)) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6) {
            text += digits[held >> (bits - 6) & 63];
        }
    }
    if (bits > 0) {
        text += digits[held << (6 - bits) & 63];
    }
    return text.append((4 - text.size() % 4) % 4, '=');
}

std::string_view key_of(core::digest_algorithm algorithm) {
    return algorithm == core::digest_algorithm::sha_1 ? "sha" : core::to_string(algorithm);
}

void check(const std::optional<core::checksum>& digest) {
    if (!digest) {
        return;
    }
    require(digest->value.size() == core::digest_size(digest->algorithm), "a digest is whole");
    const auto parsed = core::checksum::parse(digest->text());
    require(parsed && *parsed == *digest, "a digest is a checksum");

    const std::string key(key_of(digest->algorithm));
    const std::string text = key + "=:" + base64(digest->value) + ":;p=\"1,2\"";
    core::fields fields;
    fields.add("repr-digest", "unknown=5");
    fields.add("Repr-Digest", text);
    require(core::repr_digest(fields) == digest, "a digest, written out, is read again");
    fields.add("Repr-Digest", "no dictionary,");
    require(!core::repr_digest(fields), "a broken field is ignored as a whole");
    core::fields older;
    const std::string listed = "x=1, " + key + "=" + base64(digest->value);
    older.add("Digest", listed);
    require(core::repr_digest(older) == digest, "so is one of the older field");
}

const target registered("digest_fields", [](std::string_view input) {
    if (const auto members = core::parse_dictionary(input)) {
        for (const auto& [key, value] : *members) {
            const char* const begin = input.data();
            const bool inside = key.data() >= begin && key.data() < begin + input.size();
            require(!key.empty() && inside, "a key is a part of the line");
        }
    }
    const core::fields fields = take_fields(input);
    check(core::repr_digest(fields));
    check(core::content_digest(fields));
});

}  // namespace

}  // namespace asyncdl::fuzz
