#include "net/stream.hpp"

#include <sys/socket.h>

#include <boost/asio/this_coro.hpp>
#include <cerrno>

#include "core/seconds.hpp"

namespace asyncdl::net {

namespace asio = boost::asio;

stream::stream(asio::ip::tcp::socket socket, timekeeper& keeper)
    : deadline(keeper), socket_(std::move(socket)) {}

core::outcome<void> stream::waited(boost::system::error_code error) {
    clear();
    if (expired_)
        return core::fault(errc::timeout);
    if (error == asio::error::operation_aborted)
        return core::fault(errc::cancelled);
    if (error)
        return connection_fault(error.value());
    return {};
}

asio::awaitable<core::outcome<void>> stream::write(std::span<const std::byte> data,
                                                   clock::duration patience) {
    while (!data.empty()) {
        const attempt step = try_write(data);
        if (step.state == readiness::done) {
            data = data.subspan(step.bytes);
        } else if (step.state == readiness::want_read || step.state == readiness::want_write) {
            if (is_cancelled(co_await asio::this_coro::cancellation_state))
                co_return core::fault(errc::cancelled);
            const auto ready = co_await wait(step.state, clock::now() + patience);
            if (!ready) {
                if (ready.error().code() != errc::timeout)
                    co_return ready.error();
                co_return core::fault(
                    make_error_code(errc::timeout),
                    "the server took no byte for " + core::seconds_text(patience));
            }
        } else if (step.state == readiness::end) {
            co_return core::fault(make_error_code(errc::truncated),
                                  "the peer closed the connection");
        } else {
            co_return step.error;
        }
    }
    co_return core::outcome<void>();
}

void stream::on_deadline() {
    expired_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void shut_down(int socket) noexcept {
    ::shutdown(socket, SHUT_RDWR);
}

void reset_on_close(int socket) noexcept {
    const ::linger at_once{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

core::fault connection_fault(int error) {
    const boost::system::error_code code(error, boost::system::system_category());
    return {make_error_code(errc::truncated), "the connection broke: " + code.message()};
}

}  // namespace asyncdl::net
