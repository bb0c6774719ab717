#include "storage/digest.hpp"

#include <openssl/evp.h>

#include <stdexcept>
#include <string>

namespace asyncdl::storage {

namespace {

const EVP_MD* method_of(core::digest_algorithm algorithm) {
    switch (algorithm) {
        case core::digest_algorithm::md5:
            return EVP_md5();
        case core::digest_algorithm::sha_1:
            return EVP_sha1();
        case core::digest_algorithm::sha_224:
            return EVP_sha224();
        case core::digest_algorithm::sha_256:
            return EVP_sha256();
        case core::digest_algorithm::sha_384:
            return EVP_sha384();
        case core::digest_algorithm::sha_512:
            return EVP_sha512();
    }
    return nullptr;
}

void require(bool done, core::digest_algorithm algorithm) {
    if (!done)
        throw std::runtime_error("libcrypto cannot make a digest by " +
                                 std::string(to_string(algorithm)));
}

}  // namespace

void digest::release::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

digest::digest(core::digest_algorithm algorithm)
    : algorithm_(algorithm), context_(EVP_MD_CTX_new()) {
    require(context_ && EVP_DigestInit_ex(context_.get(), method_of(algorithm), nullptr) == 1,
            algorithm_);
}

void digest::update(std::span<const std::byte> data) {
    require(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1, algorithm_);
}

core::checksum digest::finish() {
    core::checksum made;
    made.algorithm = algorithm_;
    made.value.resize(core::digest_size(algorithm_));
    require(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(made.value.data()),
                               nullptr) == 1,
            algorithm_);
    return made;
}

}  // namespace asyncdl::storage
