#pragma once
// A bare blocking TCP client for the tests of the test support itself.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncdl::test {

class raw_client {
public:
    explicit raw_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const ::timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        connected_ =
            ::connect(socket_, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0;
    }
    ~raw_client() { ::close(socket_); }
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    bool connected() const noexcept { return connected_; }

    void send(std::string_view bytes) {
        (void)!::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    /// What comes until `end` is at its end, or until the peer closes where that is empty.
    std::string receive_until(std::string_view end) {
        std::string bytes;
        char piece[4096];
        while (end.empty() || !bytes.ends_with(end)) {
            const ::ssize_t count = ::recv(socket_, piece, sizeof piece, 0);
            if (count <= 0) {
                error_ = count < 0 ? errno : 0;
                break;
            }
            bytes.append(piece, static_cast<std::size_t>(count));
        }
        return bytes;
    }

    /// What ended the last `receive_until` early: 0 for an orderly end.
    int error() const noexcept { return error_; }

private:
    int socket_;
    bool connected_ = false;
    int error_ = 0;
};

}  // namespace asyncdl::test
