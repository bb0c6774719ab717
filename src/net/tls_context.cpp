#include "net/tls_context.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <unistd.h>

#include <cerrno>

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

// A connection carries the name of its peer as a heap string of its own.
int peer_index() {
    static const int index = SSL_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* peer, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<std::string*>(peer);
        });
    return index;
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

bool lacked_descriptor() {
    bool lacked = false;
    while (const unsigned long code = ERR_get_error()) {
        const int reason = ERR_GET_REASON(code);
        lacked = lacked || (ERR_SYSTEM_ERROR(code) && (reason == EMFILE || reason == ENFILE));
    }
    return lacked;
}

tls_context::tls_context(bool verifies) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, read_ahead_bytes);
    SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
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
            if (lacked_descriptor())
                return core::fault(make_error_code(errc::too_many_files));
            return core::fault(make_error_code(errc::tls_certificate),
                               "cannot read CA certificates from " + options.ca_file);
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

void tls_context::attach_session(SSL* connection, const std::string& peer) {
    SSL_set_ex_data(connection, peer_index(), new std::string(peer));
    const std::lock_guard lock(mutex_);
    if (const auto known = sessions_.find(peer); known != sessions_.end())
        SSL_set_session(connection, known->second.get());
}

int tls_context::on_new_session(SSL* connection, SSL_SESSION* session) {
    auto* self = static_cast<tls_context*>(
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), context_index()));
    const auto* peer = static_cast<const std::string*>(SSL_get_ex_data(connection, peer_index()));
    if (!peer)
        return 0;
    const std::lock_guard lock(self->mutex_);
    if (self->sessions_.size() >= max_sessions && !self->sessions_.contains(*peer))
        self->sessions_.erase(self->sessions_.begin());
    self->sessions_[*peer].reset(session);
    return 1;  // the reference is ours now
}

}  // namespace asyncdl::net
