#include "support/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "support/pattern.hpp"
#include "support/wait.hpp"

namespace asyncdl::test {

void connection::release::operator()(SSL* session) const noexcept {
    SSL_free(session);
}

connection::connection(int socket, std::size_t number, SSL_CTX* tls)
    : socket_(socket), number_(number), tls_(tls != nullptr ? SSL_new(tls) : nullptr) {
    if (tls_) {
        SSL_set_fd(tls_.get(), socket_);
    }
}

connection::~connection() {
    close();
}

bool connection::handshake() {
    if (!is_open()) {
        return false;
    }
    const bool done = !tls_ || SSL_accept(tls_.get()) == 1;
    ERR_clear_error();
    return done;
}

bool connection::resumed() const {
    return tls_ && SSL_session_reused(tls_.get()) == 1;
}

std::size_t connection::receive(char* data, std::size_t size) {
    if (!is_open()) {
        return 0;
    }
    if (tls_) {
        std::size_t count = 0;
        const bool worked = SSL_read_ex(tls_.get(), data, size, &count) == 1;
        ERR_clear_error();
        return worked ? count : 0;
    }
    const ssize_t count = ::recv(socket_, data, size, 0);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::optional<request> connection::next_request() {
    std::size_t end = received_.find("\r\n\r\n");
    while (end == std::string::npos) {
        std::array<char, 4096> piece;
        const std::size_t count = receive(piece.data(), piece.size());
        if (count == 0) {
            return std::nullopt;
        }
        received_.append(piece.data(), count);
        end = received_.find("\r\n\r\n");
    }
    std::optional<request> result = parse_request(std::string_view(received_).substr(0, end + 4));
    received_.erase(0, end + 4);
    if (result) {
        result->connection = number_;
        if (tls_) {
            const char* name = SSL_get_servername(tls_.get(), TLSEXT_NAMETYPE_host_name);
            result->server_name = name != nullptr ? name : "";
            result->tls_version = SSL_get_version(tls_.get());
        }
    }
    return result;
}

bool connection::send_raw(std::string_view bytes) {
    while (!bytes.empty() && is_open()) {
        std::size_t sent = 0;
        if (tls_) {
            SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent);
            ERR_clear_error();
        } else {
            const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            sent = count > 0 ? static_cast<std::size_t>(count) : 0;
        }
        if (sent == 0) {
            return false;
        }
        bytes.remove_prefix(sent);
    }
    return bytes.empty();
}

bool connection::send(const response& what) {
    pause(what.head_delay);
    const std::uint64_t size = what.body.size() + what.pattern_size;
    std::string out = head_of(what);
    std::uint64_t offset = 0;
    while (offset < size) {
        const std::uint64_t end = std::min<std::uint64_t>(offset + what.piece, size);
        const bool holds = what.before_last && end == size;
        if (what.piece_delay.count() > 0 || holds) {
            if (!send_raw(out)) {
                return false;
            }
            out.clear();
            pause(what.piece_delay);
        }
        if (holds) {
            what.before_last();
        }
        if (what.chunked) {
            std::array<char, 32> line;
            const int length = std::snprintf(line.data(), line.size(), "%llx\r\n",
                                             static_cast<unsigned long long>(end - offset));
            out.append(line.data(), static_cast<std::size_t>(length));
        }
        if (offset < what.body.size()) {
            out.append(what.body, offset, end - offset);
        }
        const std::uint64_t from = std::max<std::uint64_t>(offset, what.body.size());
        if (from < end) {
            out += pattern(from - what.body.size(), end - from);
        }
        out += what.chunked ? "\r\n" : "";
        if (!send_raw(out)) {
            return false;
        }
        out.clear();
        offset = end;
    }
    out += what.chunked ? "0\r\n\r\n" : "";
    const bool sent = send_raw(out);
    if (what.close || what.until_close) {
        close();
    }
    return sent;
}

bool connection::read_client_hello() {
    // RFC 8446, section 5.1: type, version, and the length of what follows.
    std::array<unsigned char, 5> head;
    if (::recv(socket_, head.data(), head.size(), MSG_WAITALL) != ::ssize_t{head.size()}) {
        return false;
    }
    std::string rest(head[3] * 256U + head[4], '\0');
    return ::recv(socket_, rest.data(), rest.size(), MSG_WAITALL) ==
           static_cast<::ssize_t>(rest.size());
}

void connection::send_in_clear(std::string_view bytes) {
    ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void connection::damaged_handshake(std::size_t at) {
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(tls_.get(), in, out);
    std::array<char, 4096> piece;
    std::size_t sent = 0;
    for (bool goes_on = true; goes_on;) {
        const int accepted = SSL_accept(tls_.get());
        goes_on = SSL_get_error(tls_.get(), accepted) == SSL_ERROR_WANT_READ;
        for (int size = 0; (size = BIO_read(out, piece.data(), piece.size())) > 0;) {
            const auto count = static_cast<std::size_t>(size);
            if (at >= sent && at < sent + count) {
                piece[at - sent] ^= 1;
            }
            sent += count;
            ::send(socket_, piece.data(), count, MSG_NOSIGNAL);
        }
        const ::ssize_t came = goes_on ? ::recv(socket_, piece.data(), piece.size(), 0) : 0;
        goes_on = came > 0;
        BIO_write(in, piece.data(), static_cast<int>(came));
    }
    ERR_clear_error();
    close_socket();
}

void connection::settle() {
    eventually([&] {
        int unconfirmed = 0;
        return ::ioctl(socket_, TIOCOUTQ, &unconfirmed) != 0 || unconfirmed == 0;
    });
}

void connection::pause(std::chrono::milliseconds time) {
    if (time.count() > 0 && is_open()) {
        ::pollfd hang_up{socket_, POLLRDHUP, 0};
        ::poll(&hang_up, 1, static_cast<int>(time.count()));
    }
}

void connection::stall() {
    if (is_open()) {
        ::pollfd hang_up{socket_, POLLRDHUP, 0};
        ::poll(&hang_up, 1, -1);
        close();
    }
}

void connection::close() {
    if (tls_ && is_open()) {
        SSL_shutdown(tls_.get());
        ERR_clear_error();
    }
    close_socket();
}

void connection::end_tls(std::string_view last) {
    const auto cork = [this](int on) {
        ::setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
    };
    cork(1);
    send_raw(last);
    SSL_shutdown(tls_.get());
    ERR_clear_error();
    cork(0);
}

void connection::tls_truncate() {
    close_socket();
}

void connection::reset() {
    if (is_open()) {
        const ::linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close_socket();
}

void connection::close_socket() {
    const std::lock_guard lock(mutex_);
    if (socket_ >= 0) {
        ::close(socket_);
        socket_ = -1;
    }
}

void connection::interrupt() {
    const std::lock_guard lock(mutex_);
    if (socket_ >= 0) {
        ::shutdown(socket_, SHUT_RDWR);
    }
}

}  // namespace asyncdl::test
