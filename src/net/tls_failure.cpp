#include "net/tls_failure.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace asyncdl::net {

namespace {

/// SSL_R_*; 0: it was another part of OpenSSL, or the system.
int ssl_reason(const tls_errors& errors) {
    const bool ours = !ERR_SYSTEM_ERROR(errors.last) && ERR_GET_LIB(errors.last) == ERR_LIB_SSL;
    return ours ? ERR_GET_REASON(errors.last) : 0;
}

/// The alert that the peer sent, if that is what failed.
std::optional<int> alert_of(const tls_errors& errors) {
    const int reason = ssl_reason(errors);
    if (reason < SSL_AD_REASON_OFFSET || reason > SSL_AD_REASON_OFFSET + 255)
        return std::nullopt;
    return reason - SSL_AD_REASON_OFFSET;
}

/// "alert 40, handshake failure".
std::string shown_alert(int alert) {
    // Those of TLS 1.3 (RFC 8446, 6) that OpenSSL 3.0 has no words for.
    const char* words = alert == SSL_AD_CERTIFICATE_REQUIRED ? "certificate required"
                        : alert == SSL_AD_MISSING_EXTENSION  ? "missing extension"
                                                             : SSL_alert_desc_string_long(alert);
    return "alert " + std::to_string(alert) + ", " + words;
}

/// Whether the alert tells of a record or message that was damaged on its way: another connection
/// may bring it whole.
bool tells_damage(int alert) {
    return alert == SSL_AD_BAD_RECORD_MAC || alert == SSL_AD_DECODE_ERROR ||
           alert == SSL_AD_DECRYPT_ERROR;
}

/// The same for what we saw ourselves: what does not decrypt, or is no message of the handshake.
bool is_damage(int reason) {
    constexpr std::array reasons{
        SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
        SSL_R_DECRYPTION_FAILED,
        SSL_R_DIGEST_CHECK_FAILED,
        SSL_R_BAD_SIGNATURE,
        SSL_R_BAD_EXTENSION,
        SSL_R_BAD_KEY_SHARE,
        SSL_R_BAD_LENGTH,
        SSL_R_BAD_PACKET,
        SSL_R_BAD_RECORD_TYPE,
        SSL_R_INVALID_SESSION_ID,
        SSL_R_LENGTH_MISMATCH,
        SSL_R_LENGTH_TOO_SHORT,
        SSL_R_UNEXPECTED_MESSAGE,
    };
    return std::ranges::find(reasons, reason) != reasons.end();
}

/// Whether what came first cannot be the beginning of a TLS record: its type, 20 to 24, and the
/// major version, always 3 (RFC 8446, 5.1).
bool is_not_tls(std::string_view first) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(first[at]); };
    return (!first.empty() && (byte(0) < 20 || byte(0) > 24)) || (first.size() > 1 && byte(1) != 3);
}

core::fault fault_of(errc code, const tls_peer& peer, std::string_view what) {
    return {make_error_code(code), std::string(peer.host).append(what)};
}

}  // namespace

tls_errors tls_errors::take() {
    tls_errors taken;
    while (const unsigned long code = ERR_get_error()) {
        const int reason = ERR_GET_REASON(code);
        taken.last = code;
        taken.lacked_descriptor =
            taken.lacked_descriptor ||
            (ERR_SYSTEM_ERROR(code) && (reason == EMFILE || reason == ENFILE));
    }
    return taken;
}

core::fault refusal(const tls_errors& errors, const tls_peer& peer) {
    const auto alert = alert_of(errors);
    if (!alert)
        return {};
    if (tells_damage(*alert))
        return fault_of(errc::tls_reset, peer, " ended the TLS handshake: " + shown_alert(*alert));
    if (peer.certificate_missing || *alert == SSL_AD_CERTIFICATE_REQUIRED)
        return fault_of(errc::tls_handshake, peer,
                        " wants a client certificate (" + shown_alert(*alert) + ")");
    return fault_of(errc::tls_handshake, peer,
                    (peer.certificate_sent ? " refused the handshake with our client certificate: "
                                           : " refused the TLS handshake: ") +
                        shown_alert(*alert));
}

core::fault handshake_fault(const tls_errors& errors, const tls_peer& peer) {
    const int reason = ssl_reason(errors);
    // A directory of trusted CAs is read only now.
    if (errors.lacked_descriptor)
        return make_error_code(errc::too_many_files);
    if (is_not_tls(peer.first_bytes))
        return fault_of(errc::tls_handshake, peer,
                        peer.first_bytes.starts_with("HTTP/")
                            ? " does not speak TLS on this port, but plain HTTP; try http://"
                            : " does not speak TLS on this port");
    if (auto refused = refusal(errors, peer); refused.any())
        return refused;
    if (errors.last == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
        ERR_SYSTEM_ERROR(errors.last))
        return fault_of(errc::tls_reset, peer,
                        peer.certificate_missing
                            ? " asked for a client certificate and closed the connection"
                            : " closed the connection during the TLS handshake");
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return peer.distrust;
    if (is_damage(reason))
        return fault_of(errc::tls_reset, peer,
                        " sent a damaged record in the TLS handshake: " + reason_of(errors));
    return {make_error_code(errc::tls_handshake),
            "TLS handshake with " + std::string(peer.host) + " failed: " + reason_of(errors)};
}

std::string reason_of(const tls_errors& errors) {
    if (const auto alert = alert_of(errors))
        return shown_alert(*alert);
    const char* reason = errors.last != 0 ? ERR_reason_error_string(errors.last) : nullptr;
    return reason ? reason : "OpenSSL gives no reason";
}

}  // namespace asyncdl::net
