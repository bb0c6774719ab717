#pragma once
// The scripted origin: an HTTP/1.1 server on 127.0.0.1 that answers, or misbehaves, as a test says,
// and remembers what it was asked. Owned by the test; one thread accepts, each connection has one
// of its own. All members may be called from any thread.

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/certificates.hpp"
#include "support/connection.hpp"
#include "support/message.hpp"

namespace asyncdl::test {

/// Answers one request; afterwards the connection goes on where it is still open.
using handler = std::function<void(connection&, const request&)>;

struct origin_options {
    std::uint16_t port = 0;                         ///< 0: one that is free
    std::optional<identity> tls{};                  ///< empty: plain
    int highest_tls = 0;                            ///< `TLS1_2_VERSION`, ...; 0: the highest
    bool wants_certificate = false;                 ///< of the client
    std::function<void(connection&)> on_connect{};  ///< before the handshake
};

/// Options for a TLS origin whose certificate is of the shared authority.
origin_options over_tls();

class origin {
public:
    explicit origin(origin_options options = {});

    /// Ends all connections.
    ~origin();

    origin(const origin&) = delete;
    origin& operator=(const origin&) = delete;

    /// The answer to a path (without the query). A path that ends with `*` is for all that begin
    /// like it; the longest wins. Everything else is 404.
    void on(std::string path, handler answer);
    void on(std::string path, response answer);

    std::uint16_t port() const noexcept { return port_; }

    /// `http://127.0.0.1:PORT` and the path.
    std::string url(std::string_view path, std::string_view host = "127.0.0.1") const;

    /// Every request so far, in the order of arrival.
    std::vector<request> requests() const;

    /// How many requests there were for a path.
    std::size_t requests(std::string_view path) const;

    std::size_t accepted() const;  ///< connections so far
    std::size_t open() const;      ///< connections now
    std::size_t peak() const;      ///< most connections at once
    std::size_t resumed() const;   ///< TLS handshakes that resumed a session

private:
    struct entry {
        std::unique_ptr<connection> peer;
        std::thread thread;
        bool done = false;
    };
    struct release {
        void operator()(SSL_CTX* context) const noexcept;
    };

    void accept();
    void serve(entry& one);
    handler answer_to(const std::string& path) const;
    void reap();

    origin_options options_;
    std::unique_ptr<SSL_CTX, release> tls_;
    int listener_ = -1;
    std::uint16_t port_ = 0;

    mutable std::mutex mutex_;  // guards what follows
    std::map<std::string, handler, std::less<>> answers_;
    std::list<entry> entries_;
    std::vector<request> requests_;
    std::size_t accepted_ = 0;
    std::size_t open_ = 0;
    std::size_t peak_ = 0;
    std::size_t resumed_ = 0;
    bool stopping_ = false;

    std::thread acceptor_;
};

}  // namespace asyncdl::test
