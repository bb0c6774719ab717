#pragma once
// A message digest over bytes that come one after the other. One owner, one thread at a time.

#include <cstddef>
#include <memory>
#include <span>

#include "core/checksum.hpp"

struct evp_md_ctx_st;

namespace asyncdl::storage {

/// Throws std::runtime_error where libcrypto cannot do it: no memory, or an algorithm that the
/// system's policy forbids (MD5, for one).
class digest {
public:
    explicit digest(core::digest_algorithm algorithm);

    void update(std::span<const std::byte> data);

    /// The digest of all that was given; to be called once.
    core::checksum finish();

private:
    struct release {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };

    core::digest_algorithm algorithm_;
    std::unique_ptr<evp_md_ctx_st, release> context_;
};

}  // namespace asyncdl::storage
