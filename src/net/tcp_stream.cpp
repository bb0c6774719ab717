#include "net/tcp_stream.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace asyncdl::net {

namespace {

attempt from_errno(readiness need) {
    attempt step;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        step.state = need;
    else
        step.error = connection_fault(errno);
    return step;
}

}  // namespace

tcp_stream::tcp_stream(boost::asio::ip::tcp::socket socket, timekeeper& keeper)
    : stream(std::move(socket), keeper) {
    boost::system::error_code ignored;
    socket_.native_non_blocking(true, ignored);
}

attempt tcp_stream::try_read(std::span<std::byte> space) {
    const auto got = ::recv(socket_.native_handle(), space.data(), space.size(), 0);
    if (got < 0)
        return from_errno(readiness::want_read);
    attempt step;
    step.state = got == 0 ? readiness::end : readiness::done;
    step.bytes = static_cast<std::size_t>(got);
    step.exhausted = step.bytes < space.size();
    return step;
}

attempt tcp_stream::try_write(std::span<const std::byte> data) {
    const auto sent = ::send(socket_.native_handle(), data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0)
        return from_errno(readiness::want_write);
    attempt step;
    step.state = readiness::done;
    step.bytes = static_cast<std::size_t>(sent);
    return step;
}

bool tcp_stream::is_quiet() {
    char byte;
    return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace asyncdl::net
