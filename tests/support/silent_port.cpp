#include "support/silent_port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace asyncdl::test {

namespace {

/// Gives the socket a free port and returns its address.
::sockaddr_in bind_to_loopback(int socket) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<const ::sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<::sockaddr*>(&address), &size);
    return address;
}

}  // namespace

silent_port::silent_port() {
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const ::sockaddr_in address = bind_to_loopback(sockets_[0]);
    ::listen(sockets_[0], 0);
    number_ = ntohs(address.sin_port);
    // Linux queues one more than the backlog. This one is there when the call returns.
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::connect(sockets_.back(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address);
}

silent_port::~silent_port() {
    for (const int socket : sockets_) {
        ::close(socket);
    }
}

closed_port::closed_port()
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      number_(ntohs(bind_to_loopback(socket_).sin_port)) {}

closed_port::~closed_port() {
    ::close(socket_);
}

}  // namespace asyncdl::test
