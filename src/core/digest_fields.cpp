#include "core/digest_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base64.hpp"
#include "core/dictionary_field.hpp"

namespace asyncdl::core {

namespace {

// The keys of RFC 9530's registry that we can compute; `sha` is SHA-1. Digest has the same names in
// any case.
constexpr std::array<std::pair<std::string_view, digest_algorithm>, 4> keys{{
    {"sha-512", digest_algorithm::sha_512},
    {"sha-256", digest_algorithm::sha_256},
    {"sha", digest_algorithm::sha_1},
    {"md5", digest_algorithm::md5},
}};

// What a field says, a place for each of `keys`; the last word on a key counts.
class digests {
public:
    void set(std::string_view key, std::optional<std::string_view> base64) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (iequals(key, keys[i].first)) {
                found_[i] = read(keys[i].second, base64);
            }
        }
    }

    std::optional<checksum> strongest() && {
        const auto best = std::find_if(found_.begin(), found_.end(),
                                       [](const auto& each) { return each.has_value(); });
        return best == found_.end() ? std::nullopt : std::move(*best);
    }

private:
    std::array<std::optional<checksum>, keys.size()> found_;

    static std::optional<checksum> read(digest_algorithm algorithm,
                                        std::optional<std::string_view> base64) {
        auto bytes = base64 ? base64_decoded(*base64) : std::nullopt;
        if (!bytes || bytes->size() != digest_size(algorithm)) {
            return std::nullopt;
        }
        checksum result;
        result.algorithm = algorithm;
        result.value = std::move(*bytes);
        return result;
    }
};

// Repr-Digest, Content-Digest: a dictionary over all lines.
std::optional<checksum> dictionary_digest(const fields& fields, std::string_view name) {
    if (!fields.find(name)) {
        return std::nullopt;
    }
    digests found;
    for (const auto& [key, value] : fields) {
        if (!iequals(key, name)) {
            continue;
        }
        const auto members = parse_dictionary(value);
        if (!members) {
            return std::nullopt;
        }
        for (const auto& [algorithm, base64] : *members) {
            found.set(algorithm, base64);
        }
    }
    return std::move(found).strongest();
}

// Digest: `ALGORITHM=base64` parted by commas (RFC 3230, 4.3.2).
std::optional<checksum> listed_digest(const fields& fields) {
    if (!fields.find("Digest")) {
        return std::nullopt;
    }
    digests found;
    for (const auto& [key, value] : fields) {
        if (!iequals(key, "Digest")) {
            continue;
        }
        for (std::string_view rest = value; !rest.empty();) {
            const std::string_view element = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(element.size() + 1, rest.size()));
            if (const auto equals = element.find('='); equals != std::string_view::npos) {
                found.set(trimmed(element.substr(0, equals)), trimmed(element.substr(equals + 1)));
            }
        }
    }
    return std::move(found).strongest();
}

}  // namespace

std::optional<checksum> repr_digest(const fields& fields) {
    auto digest = dictionary_digest(fields, "Repr-Digest");
    return digest ? digest : listed_digest(fields);
}

std::optional<checksum> content_digest(const fields& fields) {
    return dictionary_digest(fields, "Content-Digest");
}

}  // namespace asyncdl::core
