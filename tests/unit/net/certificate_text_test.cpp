#include "net/certificate_text.hpp"

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "core/utf8.hpp"
#include "support/certificates.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

struct release {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using certificate_ptr = std::unique_ptr<X509, release>;

certificate_ptr issued(const certificate_options& options, const authority& by) {
    const identity made = by.issue(options);
    const std::unique_ptr<BIO, release> pem(
        BIO_new_mem_buf(made.certificate.data(), static_cast<int>(made.certificate.size())));
    return certificate_ptr(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
}

core::fault fault_of(int error, const certificate_options& options,
                     const authority& by = shared_authority(), int depth = 0) {
    const certificate_ptr certificate = issued(options, by);
    const std::chrono::sys_days today(std::chrono::year(2026) / 2 / 3);
    return net::certificate_fault(error, certificate.get(), depth, "h.test", today);
}

/// One line of printable text.
void check_shown(const std::string& text) {
    CAPTURE(text);
    CHECK(text.size() < 500);
    for (std::string_view rest = text; !rest.empty();) {
        const auto next = core::utf8::first(rest);
        CHECK(next.valid);
        CHECK_FALSE(core::utf8::is_control(next.code));
        rest.remove_prefix(next.size);
    }
}

TEST_SUITE_BEGIN("unit/net/certificate_text");

TEST_CASE("of a wrong name both are told: what the certificate is for and what it should be for") {
    certificate_options options;
    options.dns_names = {"a.test", "*.b.test"};
    options.addresses = {"127.0.0.2"};
    const core::fault why = fault_of(X509_V_ERR_HOSTNAME_MISMATCH, options);
    CHECK(why.code() == errc::tls_certificate);
    CHECK(why.message() == "the certificate is for a.test, *.b.test, 127.0.0.2, not for h.test");
    options.addresses = {"::1", "10.0.0.1", "10.0.0.2"};
    CHECK(fault_of(X509_V_ERR_IP_ADDRESS_MISMATCH, options).message() ==
          "the certificate is for a.test, *.b.test, ::1 and 2 more names, not for h.test");
    options.dns_names.clear();
    options.addresses.clear();
    CHECK(fault_of(X509_V_ERR_HOSTNAME_MISMATCH, options).message() ==
          "the certificate names no host, so it is not for h.test");
}

TEST_CASE("a date is told, and this system's clock if the certificate comes from the future") {
    certificate_options options;
    const std::string expired = fault_of(X509_V_ERR_CERT_HAS_EXPIRED, options).message();
    CHECK(expired.starts_with("the certificate of h.test expired on 20"));
    CHECK(expired.ends_with(" UTC"));
    const std::string early = fault_of(X509_V_ERR_CERT_NOT_YET_VALID, options).message();
    CHECK(early.starts_with("the certificate of h.test is not valid before 20"));
    CHECK(early.ends_with(" UTC; by this system's clock it is 2026-02-03 00:00:00 UTC"));
    CHECK(fault_of(X509_V_ERR_CERT_HAS_EXPIRED, options, shared_authority(), 1)
              .message()
              .starts_with("the certificate of h.test is not trusted: that of its authority 'Test "
                           "server' expired on 20"));
}

TEST_CASE("an issuer that is not known is a failure of its own, and is named") {
    const core::fault why = fault_of(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, {});
    CHECK(why.code() == errc::tls_unknown_issuer);
    CHECK(error_kind(why.code()) == "tls");
    CHECK_FALSE(why.code() == failure::retryable);
    CHECK(why.message() ==
          "the certificate of h.test is not trusted: the issuer 'Test authority' is not known "
          "here");
    certificate_options own;
    own.self_signed = true;
    const core::fault self = fault_of(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, own);
    CHECK(self.code() == errc::tls_unknown_issuer);
    CHECK(self.message() ==
          "the certificate of h.test is self-signed, and not among those that are trusted");
}

TEST_CASE("what else may be wrong is in OpenSSL's words") {
    const core::fault why = fault_of(X509_V_ERR_CERT_REVOKED, {});
    CHECK(why.code() == errc::tls_certificate);
    CHECK(why.message() == "the certificate of h.test is not trusted: certificate revoked");
    CHECK(fault_of(X509_V_ERR_INVALID_CA, {}, shared_authority(), 1).message() ==
          "the certificate of h.test is not trusted: that of its authority 'Test server': invalid "
          "CA certificate");
}

TEST_CASE("whatever a certificate holds, one bounded printable line is shown") {
    const std::string hostile =
        "evil\r\n\x1b[2J\x07" + std::string(1, '\0') + "\xE2\x80\xAEtxt.exe" + std::string(30, 'x');
    certificate_options options;
    options.subject = "\xE2\x80\xAE\x1b]0;title\x07" + std::string(20, 'y');
    options.dns_names = {hostile, std::string(5000, 'z'), "\xFF\xFE", "last"};
    const authority by("Evil\n\x1b[31m authority");
    for (const int error : {X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_CERT_HAS_EXPIRED,
                            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_INVALID_CA}) {
        for (const int depth : {0, 1}) {
            check_shown(fault_of(error, options, by, depth).message());
        }
    }
    CHECK(fault_of(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, {}, by)
              .message()
              .find("'Evil[31m authority'") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace
