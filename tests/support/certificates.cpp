#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <stdexcept>

namespace asyncdl::test {
namespace {

struct release {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, release>;
using certificate_ptr = std::unique_ptr<X509, release>;

void check(bool worked) {
    if (!worked) {
        throw std::runtime_error("OpenSSL cannot make a certificate");
    }
}

key_ptr make_key() {
    key_ptr key(EVP_EC_gen("P-256"));
    check(key != nullptr);
    return key;
}

template <typename Write>
std::string to_pem(Write write) {
    const std::unique_ptr<BIO, release> bio(BIO_new(BIO_s_mem()));
    check(bio != nullptr && write(bio.get()) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string certificate_pem(X509* certificate) {
    return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string key_pem(EVP_PKEY* key) {
    return to_pem([&](BIO* bio) {
        return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, release> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void set_name(X509_NAME* name, const std::string& text) {
    check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()), -1, 0) == 1);
}

/// Everything that all certificates have; not signed yet.
certificate_ptr draft(EVP_PKEY* key, const std::string& name, long from, long to) {
    certificate_ptr certificate(X509_new());
    check(certificate != nullptr);
    X509_set_version(certificate.get(), X509_VERSION_3);
    std::uint32_t serial = 0;
    check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
    check(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial) == 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to);
    check(X509_set_pubkey(certificate.get(), key) == 1);
    set_name(X509_get_subject_name(certificate.get()), name);
    return certificate;
}

/// Made by hand, since OpenSSL's own notation cannot express every byte.
void add_alternative_names(X509* certificate, const certificate_options& options) {
    const std::unique_ptr<GENERAL_NAMES, release> names(GENERAL_NAMES_new());
    const auto add = [&](int kind, ASN1_STRING* value) {
        GENERAL_NAME* one = GENERAL_NAME_new();
        check(value != nullptr && one != nullptr);
        GENERAL_NAME_set0_value(one, kind, value);
        sk_GENERAL_NAME_push(names.get(), one);
    };
    for (const std::string& name : options.dns_names) {
        ASN1_IA5STRING* text = ASN1_IA5STRING_new();
        check(ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) == 1);
        add(GEN_DNS, text);
    }
    for (const std::string& address : options.addresses) {
        add(GEN_IPADD, a2i_IPADDRESS(address.c_str()));
    }
    check(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0,
                            X509V3_ADD_DEFAULT) == 1);
}

constexpr long hour = 3600;
constexpr long day = 24 * hour;

}  // namespace

class authority::keys {
public:
    key_ptr key = make_key();
    certificate_ptr certificate;
};

authority::authority(const std::string& name) : keys_(std::make_unique<keys>()) {
    keys_->certificate = draft(keys_->key.get(), name, -30 * day, 30 * day);
    X509* own = keys_->certificate.get();
    check(X509_set_issuer_name(own, X509_get_subject_name(own)) == 1);
    add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    check(X509_sign(own, keys_->key.get(), EVP_sha256()) != 0);
    pem_ = certificate_pem(own);
}

authority::~authority() = default;

identity authority::issue(const certificate_options& options) const {
    const key_ptr key = make_key();
    const long from = options.expired ? -3 * day : options.not_yet_valid ? day : -hour;
    const long to = options.expired ? -day : options.not_yet_valid ? 3 * day : day;
    const certificate_ptr certificate = draft(key.get(), options.subject, from, to);
    X509* issuer = options.self_signed ? certificate.get() : keys_->certificate.get();
    check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1);
    if (!options.dns_names.empty() || !options.addresses.empty()) {
        add_alternative_names(certificate.get(), options);
    }
    EVP_PKEY* const signer = options.self_signed ? key.get() : keys_->key.get();
    check(X509_sign(certificate.get(), signer, EVP_sha256()) != 0);
    return {certificate_pem(certificate.get()), key_pem(key.get())};
}

void show(SSL_CTX* context, const identity& who) {
    const auto over = [](const std::string& text) {
        return std::unique_ptr<BIO, release>(
            BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    };
    const certificate_ptr certificate(
        PEM_read_bio_X509(over(who.certificate).get(), nullptr, nullptr, nullptr));
    const key_ptr key(PEM_read_bio_PrivateKey(over(who.key).get(), nullptr, nullptr, nullptr));
    check(SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
          SSL_CTX_use_PrivateKey(context, key.get()) == 1);
}

const authority& shared_authority() {
    static const authority shared;
    return shared;
}

}  // namespace asyncdl::test
