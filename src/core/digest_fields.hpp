#pragma once
// Digests that a response carries: Repr-Digest and Content-Digest (RFC 9530), and the older Digest
// (RFC 3230). Pure.

#include <optional>

#include "core/checksum.hpp"
#include "core/fields.hpp"

namespace asyncdl::core {

/// The digest of the whole representation as it is sent, content codings included, on a 206 as
/// well: of Repr-Digest, else of Digest. The strongest of sha-512, sha-256, sha (SHA-1) and md5
/// that has a value of the right length; nothing where there is none. A Repr-Digest that breaks its
/// grammar anywhere is as if absent; of Digest the elements that can be read count.
std::optional<checksum> repr_digest(const fields& fields);

/// The digest of this response's body alone, of Content-Digest: on a 206 that of the part.
std::optional<checksum> content_digest(const fields& fields);

}  // namespace asyncdl::core
