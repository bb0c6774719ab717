#include "net/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>

namespace asyncdl::net {

namespace asio = boost::asio;

namespace {

// A BIO over a socket that never raises SIGPIPE in whoever embeds us, as OpenSSL's own does.
int bio_read(BIO* bio, char* space, int size) {
    BIO_clear_retry_flags(bio);
    auto& wire = *static_cast<tls_wire*>(BIO_get_data(bio));
    const auto got = ::recv(wire.socket, space, static_cast<std::size_t>(size), 0);
    for (::ssize_t at = 0; at < got && wire.heard < wire.first.size(); ++at)
        wire.first[wire.heard++] = space[at];
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_retry_read(bio);
    if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(static_cast<tls_wire*>(BIO_get_data(bio))->socket, data,
                             static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

long bio_control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH)
        return 1;
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return 0;
}

BIO_METHOD* socket_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        BIO_meth_set_read(made, &bio_read);
        BIO_meth_set_write(made, &bio_write);
        BIO_meth_set_ctrl(made, &bio_control);
        return made;
    }();
    return method;
}

}  // namespace

tls_stream::tls_stream(asio::ip::tcp::socket socket, timekeeper& keeper,
                       std::shared_ptr<tls_context> context, const std::string& host,
                       std::uint16_t port)
    : stream(std::move(socket), keeper),
      context_(std::move(context)),
      ssl_(SSL_new(context_->native())),
      notes_(&context_->attach(ssl_.get(), host, port)) {
    boost::system::error_code not_literal;
    socket_.native_non_blocking(true, not_literal);
    wire_.socket = socket_.native_handle();
    BIO* bio = BIO_new(socket_method());
    BIO_set_data(bio, &wire_);
    BIO_set_init(bio, 1);
    SSL* const ssl = ssl_.get();
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);

    // RFC 9525: the name has to be among the subject's alternative names, an address as an address;
    // the common name never counts. RFC 6066, 3: no literal address in SNI.
    asio::ip::make_address(host, not_literal);
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (not_literal) {
        SSL_set_tlsext_host_name(ssl, host.c_str());
        X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
    } else {
        X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
    }
}

tls_stream::~tls_stream() {
    // Without it OpenSSL would hold the session for broken and not resume it.
    if (SSL_is_init_finished(ssl_.get()) && !pending_.error.any())
        SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

asio::awaitable<core::outcome<void>> tls_stream::handshake(clock::time_point limit) {
    for (;;) {
        ERR_clear_error();
        errno = 0;
        const int returned = SSL_do_handshake(ssl_.get());
        if (returned == 1)
            co_return core::outcome<void>();
        const int what = SSL_get_error(ssl_.get(), returned);
        if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE)
            co_return handshake_fault(tls_errors::take(), peer());
        const auto need =
            what == SSL_ERROR_WANT_READ ? readiness::want_read : readiness::want_write;
        if (is_cancelled(co_await asio::this_coro::cancellation_state))
            co_return core::fault(errc::cancelled);
        const auto ready = co_await wait(need, limit);
        if (!ready) {
            if (ready.error().code() == errc::truncated)
                co_return core::fault(
                    make_error_code(errc::tls_reset),
                    "TLS handshake with " + notes_->host + ": " + ready.error().message());
            co_return ready.error();
        }
    }
}

tls_peer tls_stream::peer() const {
    tls_peer known;
    known.host = notes_->host;
    known.first_bytes = {wire_.first.data(), wire_.heard};
    const bool has_certificate = SSL_get_certificate(ssl_.get()) != nullptr;
    known.certificate_missing = notes_->certificate_wanted && !has_certificate;
    known.certificate_sent = notes_->certificate_wanted && has_certificate;
    known.distrust = notes_->distrust;
    if (const long judged = SSL_get_verify_result(ssl_.get());
        judged != X509_V_OK && !known.distrust.any())
        known.distrust = core::fault(make_error_code(errc::tls_certificate),
                                     "the certificate of " + notes_->host + " is not trusted: " +
                                         X509_verify_cert_error_string(judged));
    return known;
}

attempt tls_stream::from_ssl(int returned) {
    attempt step;
    const int what = SSL_get_error(ssl_.get(), returned);
    switch (what) {
        case SSL_ERROR_WANT_READ:
            step.state = readiness::want_read;
            break;
        case SSL_ERROR_WANT_WRITE:
            step.state = readiness::want_write;
            break;
        case SSL_ERROR_ZERO_RETURN:
            step.state = readiness::end;
            break;
        default:
            step.error = failed(what);
    }
    ERR_clear_error();
    return step;
}

/// `what` is as SSL_get_error tells.
core::fault tls_stream::failed(int what) {
    const int error = errno;
    const auto errors = tls_errors::take();
    if (auto refused = heard_ ? core::fault() : refusal(errors, peer()); refused.any())
        return refused;
    if (what == SSL_ERROR_SYSCALL && error != 0)
        return connection_fault(error);
    const char* const text = what == SSL_ERROR_SYSCALL ? "the connection broke"
                             : ERR_GET_REASON(errors.last) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                                 ? "the server closed the connection without the end of TLS"
                                 : nullptr;
    return {make_error_code(errc::truncated), text ? text : "TLS failed: " + reason_of(errors)};
}

attempt tls_stream::try_read(std::span<std::byte> space) {
    if (pending_.state != readiness::done) {
        // A closed or broken stream stays what it is; a stream that had to wait may go on.
        if (pending_.state == readiness::end || pending_.error.any())
            return pending_;
    }
    attempt step;
    step.state = readiness::done;
    // Records are 16 KiB at most: gather until the space is full or nothing is there.
    ERR_clear_error();
    while (step.bytes < space.size()) {
        std::size_t got = 0;
        errno = 0;
        const int returned =
            SSL_read_ex(ssl_.get(), space.data() + step.bytes, space.size() - step.bytes, &got);
        if (returned != 1) {
            pending_ = from_ssl(returned);
            if (step.bytes == 0)
                return pending_;
            // An end or a failure that was seen already does not make the socket readable again.
            step.exhausted = pending_.state == readiness::want_read;
            break;
        }
        step.bytes += got;
        heard_ = true;
    }
    return step;
}

attempt tls_stream::try_write(std::span<const std::byte> data) {
    ERR_clear_error();
    errno = 0;
    std::size_t sent = 0;
    const int returned = SSL_write_ex(ssl_.get(), data.data(), data.size(), &sent);
    if (returned != 1) {
        attempt step = from_ssl(returned);
        return step.error.any() ? last_words(std::move(step)) : step;
    }
    attempt step;
    step.state = readiness::done;
    step.bytes = sent;
    return step;
}

/// A server that refuses closes at once, and a write may fail before its alert is read.
attempt tls_stream::last_words(attempt broken) {
    char byte;
    std::size_t got = 0;
    ERR_clear_error();
    errno = 0;
    const int returned = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
    if (returned == 1)
        return broken;
    attempt last = from_ssl(returned);
    return last.error.any() && last.error.code() != errc::truncated ? last : broken;
}

bool tls_stream::is_quiet() {
    if (pending_.state == readiness::end || pending_.error.any())
        return false;
    char byte;
    std::size_t got = 0;
    ERR_clear_error();
    const int returned = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
    return returned != 1 && from_ssl(returned).state == readiness::want_read;
}

}  // namespace asyncdl::net
