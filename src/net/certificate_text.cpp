#include "net/certificate_text.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <ctime>
#include <memory>

#include "core/file_name.hpp"

namespace asyncdl::net {

namespace {

constexpr std::size_t max_text = 64;  // bytes of one name
constexpr int max_names = 3;

struct free_names {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

std::string_view bytes_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// The common name, else the organization, in quotes; never more than `max_text` bytes of it.
std::string shown(const X509_NAME* name) {
    for (const int kind : {NID_commonName, NID_organizationName}) {
        const int at = X509_NAME_get_index_by_NID(name, kind, -1);
        if (at < 0)
            continue;
        unsigned char* utf8 = nullptr;
        const int size =
            ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
        if (size < 0)
            continue;
        const std::string_view text(reinterpret_cast<const char*>(utf8),
                                    static_cast<std::size_t>(size));
        std::string quoted = '\'' + core::printable(text, max_text) + '\'';
        OPENSSL_free(utf8);
        return quoted;
    }
    return "without a name";
}

/// A host name or an address; empty if it is another kind of name.
std::string shown(const GENERAL_NAME& name) {
    int kind = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &kind));
    if (kind == GEN_DNS)
        return core::printable(bytes_of(value), max_text);
    if (kind != GEN_IPADD)
        return {};
    const auto bytes = bytes_of(value);
    boost::asio::ip::address_v4::bytes_type four;
    boost::asio::ip::address_v6::bytes_type six;
    if (bytes.size() == four.size()) {
        std::copy(bytes.begin(), bytes.end(), four.begin());
        return boost::asio::ip::address_v4(four).to_string();
    }
    if (bytes.size() == six.size()) {
        std::copy(bytes.begin(), bytes.end(), six.begin());
        return boost::asio::ip::address_v6(six).to_string();
    }
    return {};
}

/// "is for a.test, b.test and 3 more names,".
std::string shown_names(const X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, free_names> names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::string list;
    int count = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const std::string name = shown(*sk_GENERAL_NAME_value(names.get(), i));
        if (name.empty())
            continue;
        if (++count <= max_names)
            list += (count > 1 ? ", " : "") + name;
    }
    if (count == 0)
        return "names no host, so it is";
    if (count > max_names)
        list += " and " + std::to_string(count - max_names) + " more names";
    return "is for " + list + ",";
}

std::string shown(const std::tm& time) {
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &time);
    return text.data();
}

std::string shown(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? shown(parts) : "an unreadable date";
}

std::string shown(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return shown(parts);
}

}  // namespace

core::fault certificate_fault(int error, const X509* certificate, int depth, std::string_view host,
                              std::chrono::system_clock::time_point now) {
    auto code = errc::tls_certificate;
    const std::string own = "the certificate of " + std::string(host);
    std::string text = own;
    if (depth > 0)
        text +=
            " is not trusted: that of its authority " + shown(X509_get_subject_name(certificate));
    switch (error) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            text = "the certificate " + shown_names(certificate) + " not for " + std::string(host);
            break;
        case X509_V_ERR_CERT_HAS_EXPIRED:
            text += " expired on " + shown(X509_get0_notAfter(certificate));
            break;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            text += " is not valid before " + shown(X509_get0_notBefore(certificate)) +
                    "; by this system's clock it is " + shown(now);
            break;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            code = errc::tls_unknown_issuer;
            text = own + " is self-signed, and not among those that are trusted";
            break;
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            code = errc::tls_unknown_issuer;
            text = own + " is not trusted: the issuer " + shown(X509_get_issuer_name(certificate)) +
                   " is not known here";
            break;
        default:
            text += depth > 0 ? ": " : " is not trusted: ";
            text += X509_verify_cert_error_string(error);
    }
    return {make_error_code(code), std::move(text)};
}

}  // namespace asyncdl::net
