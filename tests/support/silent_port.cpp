#include "support/silent_port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace asyncdl::test {

silent_port::silent_port() {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::bind(sockets_[0], reinterpret_cast<const ::sockaddr*>(&address), size);
    ::getsockname(sockets_[0], reinterpret_cast<::sockaddr*>(&address), &size);
    ::listen(sockets_[0], 0);
    number_ = ntohs(address.sin_port);
    // Linux queues one more than the backlog; the others only make sure.
    for (int i = 0; i < 3; ++i) {
        sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(sockets_.back(), reinterpret_cast<const ::sockaddr*>(&address), size);
    }
}

silent_port::~silent_port() {
    for (const int socket : sockets_) {
        ::close(socket);
    }
}

}  // namespace asyncdl::test
