#include "net/tls_context.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <new>

#include "net/certificate_text.hpp"
#include "net/tls_failure.hpp"

namespace asyncdl::net {

namespace {

// Peers whose sessions are remembered; one session takes about 2 KiB.
constexpr std::size_t max_sessions = 1024;

// OpenSSL reads this much at once where it can: four records of 16 KiB and the head of the next.
constexpr std::size_t read_ahead_bytes = 65 * 1024;

int context_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

// A connection carries its notes on the heap.
int notes_index() {
    static const int index = SSL_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* notes, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<handshake_notes*>(notes);
        });
    return index;
}

handshake_notes* notes_of(const SSL* connection) {
    return static_cast<handshake_notes*>(SSL_get_ex_data(connection, notes_index()));
}

/// Whether a file can be opened.
bool has_descriptor() {
    const int spare = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (spare < 0)
        return errno != EMFILE && errno != ENFILE;
    ::close(spare);
    return true;
}

}  // namespace

tls_context::tls_context(bool verifies) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, read_ahead_bytes);
    SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       &tls_context::on_certificate);
    SSL_CTX_set_cert_cb(context, &tls_context::on_certificate_request, nullptr);
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
    SSL_CTX_sess_set_new_cb(context, &tls_context::on_new_session);
    SSL_CTX_set_ex_data(context, context_index(), this);
    static constexpr unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
}

core::outcome<std::shared_ptr<tls_context>> tls_context::create(const tls_options& options) {
    auto made = std::make_shared<tls_context>(!options.insecure);
    if (!options.ca_file.empty()) {
        if (SSL_CTX_load_verify_locations(made->native(), options.ca_file.c_str(), nullptr) != 1) {
            const auto errors = tls_errors::take();
            if (errors.lacked_descriptor)
                return core::fault(make_error_code(errc::too_many_files));
            return core::fault(
                make_error_code(errc::tls_certificate),
                "cannot read CA certificates from " + options.ca_file + ": " + reason_of(errors));
        }
    } else if (!options.insecure) {
        // OpenSSL does not say what it could not read.
        const bool could_read = has_descriptor();
        SSL_CTX_set_default_verify_paths(made->native());
        if (!could_read || !has_descriptor())
            return core::fault(make_error_code(errc::too_many_files));
    }
    if (options.customize)
        options.customize(made->native());
    return made;
}

const handshake_notes& tls_context::attach(SSL* connection, const std::string& host,
                                           std::uint16_t port) {
    auto notes = std::make_unique<handshake_notes>();
    notes->host = host;
    notes->session_key = host + ':' + std::to_string(port);
    if (!connection || SSL_set_ex_data(connection, notes_index(), notes.get()) != 1)
        throw std::bad_alloc();
    const handshake_notes& kept = *notes.release();
    const std::lock_guard lock(mutex_);
    if (const auto known = sessions_.find(kept.session_key); known != sessions_.end())
        SSL_set_session(connection, known->second.get());
    return kept;
}

/// Called for each certificate of the chain, and for each thing that is wrong with one.
int tls_context::on_certificate(int believed, X509_STORE_CTX* chain) noexcept {
    if (believed)
        return believed;
    const auto* connection = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const X509* certificate = X509_STORE_CTX_get_current_cert(chain);
    handshake_notes* notes = connection ? notes_of(connection) : nullptr;
    if (!notes || !certificate)
        return believed;
    try {
        notes->distrust = certificate_fault(X509_STORE_CTX_get_error(chain), certificate,
                                            X509_STORE_CTX_get_error_depth(chain), notes->host,
                                            std::chrono::system_clock::now());
    } catch (const std::bad_alloc&) {
        // Then OpenSSL's words have to do.
    }
    return believed;
}

/// Only called if the server asks for a certificate; the one that the context has is sent.
int tls_context::on_certificate_request(SSL* connection, void*) noexcept {
    if (handshake_notes* notes = notes_of(connection))
        notes->certificate_wanted = true;
    return 1;
}

int tls_context::on_new_session(SSL* connection, SSL_SESSION* session) {
    auto* self = static_cast<tls_context*>(
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), context_index()));
    const handshake_notes* notes = notes_of(connection);
    if (!notes)
        return 0;
    const std::string& peer = notes->session_key;
    const std::lock_guard lock(self->mutex_);
    if (self->sessions_.size() >= max_sessions && !self->sessions_.contains(peer))
        self->sessions_.erase(self->sessions_.begin());
    self->sessions_[peer].reset(session);
    return 1;  // the reference is ours now
}

}  // namespace asyncdl::net
