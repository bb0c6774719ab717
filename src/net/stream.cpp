#include "net/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>

namespace asyncdl::net {

namespace asio = boost::asio;

stream::stream(asio::ip::tcp::socket socket, timekeeper& keeper)
    : deadline(keeper), socket_(std::move(socket)) {}

asio::awaitable<core::outcome<void>> stream::wait(readiness need, clock::time_point limit) {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return core::fault(errc::cancelled);
    const auto what = need == readiness::want_write ? asio::socket_base::wait_write
                                                    : asio::socket_base::wait_read;
    expired_ = false;
    set(limit);
    // Deferred: awaited in place, where `use_awaitable` would make a coroutine for it.
    const auto [error] = co_await socket_.async_wait(what, asio::as_tuple(asio::deferred));
    clear();
    if (expired_)
        co_return core::fault(errc::timeout);
    if (error == asio::error::operation_aborted)
        co_return core::fault(errc::cancelled);
    if (error)
        co_return connection_fault(error.value());
    co_return core::outcome<void>();
}

asio::awaitable<core::outcome<void>> stream::write(std::span<const std::byte> data,
                                                   clock::duration patience) {
    while (!data.empty()) {
        const attempt step = try_write(data);
        if (step.state == readiness::done) {
            data = data.subspan(step.bytes);
        } else if (step.state == readiness::want_read || step.state == readiness::want_write) {
            const auto ready = co_await wait(step.state, clock::now() + patience);
            if (!ready)
                co_return ready.error();
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

core::fault connection_fault(int error) {
    const boost::system::error_code code(error, boost::system::system_category());
    return {make_error_code(errc::truncated), "the connection broke: " + code.message()};
}

}  // namespace asyncdl::net
