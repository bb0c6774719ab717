#pragma once
// One connection of the scripted origin, plain or TLS, with blocking calls. Owned by the origin,
// used by the connection's own thread; only `interrupt` may be called from another.

#include <openssl/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "support/message.hpp"

namespace asyncdl::test {

class connection {
public:
    /// Takes the socket over. `tls` is empty for a plain connection.
    connection(int socket, std::size_t number, SSL_CTX* tls);
    ~connection();

    /// Its number in the order of accepting, from 1.
    std::size_t number() const noexcept { return number_; }

    /// The TLS handshake; true at once for a plain connection.
    bool handshake();

    /// Whether the TLS handshake resumed a session.
    bool resumed() const;

    /// The next request; nothing when the peer has gone or sent none.
    std::optional<request> next_request();

    /// False when the peer has gone.
    bool send_raw(std::string_view bytes);

    /// An ordinary answer, its delays included; closes where it says so.
    bool send(const response& what);

    /// Reads what a TLS client sends first, and nothing more, instead of the handshake. False if
    /// the peer has gone.
    bool read_client_hello();

    /// These bytes as they are, below TLS.
    void send_in_clear(std::string_view bytes);

    /// The handshake with one bit wrong in the byte `at` of what the server sends; then closes.
    void damaged_handshake(std::size_t at);

    /// Waits until the peer's system has everything that was sent.
    void settle();

    /// Waits, less long where the peer goes away or the origin is stopped.
    void pause(std::chrono::milliseconds time);

    /// Sends nothing more until the peer goes away or the origin is stopped; then closes.
    void stall();

    /// An orderly end: close_notify, then FIN.
    void close();

    /// These bytes and a close_notify in one segment, without FIN: the socket stays open.
    void end_tls(std::string_view last);

    /// FIN without a close_notify.
    void tls_truncate();

    /// RST.
    void reset();

    bool is_open() const noexcept { return socket_ >= 0; }

    /// Ends all waiting of the connection's thread, from any thread.
    void interrupt();

private:
    struct release {
        void operator()(SSL* session) const noexcept;
    };

    std::size_t receive(char* data, std::size_t size);
    void close_socket();

    int socket_;
    const std::size_t number_;
    std::unique_ptr<SSL, release> tls_;
    std::string received_;  // what came behind the last request
    std::mutex mutex_;      // guards the life of socket_ against interrupt
};

}  // namespace asyncdl::test
