#include "support/origin.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace asyncdl::test {
namespace {

SSL_CTX* make_context(const origin_options& options) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    show(context, *options.tls);
    SSL_CTX_set_max_proto_version(context, options.highest_tls);
    if (options.wants_certificate) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return context;
}

int listen_on(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 4096) != 0) {
        ::close(listener);
        throw std::runtime_error("the origin cannot listen on port " + std::to_string(port));
    }
    return listener;
}

std::uint16_t port_of(int listener) {
    ::sockaddr_in address{};
    ::socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<::sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

/// OpenSSL writes without MSG_NOSIGNAL. The signal of a write goes to the thread that wrote, so
/// blocking it in the origin's threads hides none that the library should not have raised.
void block_sigpipe() {
    ::sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void not_found(connection& peer, const request&) {
    response answer;
    answer.status = 404;
    answer.reason = "Not Found";
    answer.body = "no such path\n";
    peer.send(answer);
}

}  // namespace

origin_options over_tls() {
    origin_options options;
    options.tls = shared_authority().issue();
    return options;
}

void origin::release::operator()(SSL_CTX* context) const noexcept {
    SSL_CTX_free(context);
}

origin::origin(origin_options options)
    : options_(std::move(options)),
      tls_(options_.tls ? make_context(options_) : nullptr),
      listener_(listen_on(options_.port)),
      port_(port_of(listener_)),
      acceptor_([this] { accept(); }) {}

origin::~origin() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept
    acceptor_.join();
    ::close(listener_);
    {
        const std::lock_guard lock(mutex_);
        for (entry& one : entries_) {
            one.peer->interrupt();
        }
    }
    for (entry& one : entries_) {
        one.thread.join();
    }
}

void origin::on(std::string path, handler answer) {
    const std::lock_guard lock(mutex_);
    answers_.insert_or_assign(std::move(path), std::move(answer));
}

void origin::on(std::string path, response answer) {
    on(std::move(path),
       [answer = std::move(answer)](connection& peer, const request&) { peer.send(answer); });
}

std::string origin::url(std::string_view path, std::string_view host) const {
    return (tls_ ? "https://" : "http://") + std::string(host) + ':' + std::to_string(port_) +
           std::string(path);
}

std::vector<request> origin::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::size_t origin::requests(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(requests_.begin(), requests_.end(),
                      [&](const request& one) { return one.path() == path; }));
}

std::size_t origin::accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_;
}

std::size_t origin::open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

std::size_t origin::peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
}

std::size_t origin::resumed() const {
    const std::lock_guard lock(mutex_);
    return resumed_;
}

void origin::accept() {
    block_sigpipe();
    for (;;) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            if (socket >= 0) {
                ::close(socket);
            }
            return;
        }
        if (socket < 0) {
            continue;  // the peer has gone already
        }
        const int yes = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        reap();
        ++accepted_;
        peak_ = std::max(peak_, ++open_);
        entry& one = entries_.emplace_back();
        one.peer = std::make_unique<connection>(socket, accepted_, tls_.get());
        one.thread = std::thread([this, &one] { serve(one); });
    }
}

/// Joins the threads of connections that have ended.
void origin::reap() {
    entries_.remove_if([](entry& one) {
        if (one.done) {
            one.thread.join();
        }
        return one.done;
    });
}

void origin::serve(entry& one) {
    connection& peer = *one.peer;
    if (options_.on_connect) {
        options_.on_connect(peer);
    }
    const bool ready = peer.handshake();
    if (ready && peer.resumed()) {
        const std::lock_guard lock(mutex_);
        ++resumed_;
    }
    while (ready && peer.is_open()) {
        const std::optional<request> asked = peer.next_request();
        if (!asked) {
            break;
        }
        handler answer;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(*asked);
            answer = answer_to(asked->path());
        }
        answer(peer, *asked);
        if (asked->value("Connection") == "close") {
            break;
        }
    }
    peer.close();
    const std::lock_guard lock(mutex_);
    --open_;
    one.done = true;
}

handler origin::answer_to(const std::string& path) const {
    if (const auto exact = answers_.find(path); exact != answers_.end()) {
        return exact->second;
    }
    for (std::string prefix = path; !prefix.empty(); prefix.pop_back()) {
        if (const auto found = answers_.find(prefix + '*'); found != answers_.end()) {
            return found->second;
        }
    }
    return not_found;
}

}  // namespace asyncdl::test
