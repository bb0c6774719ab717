#include "net/connect.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>

namespace asyncdl::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// RFC 8305, 5: the recommended delay between attempts.
constexpr auto attempt_delay = std::chrono::milliseconds(250);

/// Families in turn, each family in its own order (RFC 8305, 4).
std::vector<asio::ip::address> interleaved(std::vector<asio::ip::address> list) {
    const bool six_first = list.front().is_v6();
    const auto middle = std::stable_partition(
        list.begin(), list.end(),
        [&](const asio::ip::address& address) { return address.is_v6() == six_first; });
    std::vector<asio::ip::address> mixed;
    mixed.reserve(list.size());
    auto first = list.begin();
    auto second = middle;
    while (first != middle || second != list.end()) {
        if (first != middle)
            mixed.push_back(*first++);
        if (second != list.end())
            mixed.push_back(*second++);
    }
    return mixed;
}

/// Whether the system lacks a port of its own for a connection. It calls an address that none of
/// our interfaces reaches (::1 without IPv6) the same, so a socket that needs no port of TCP's
/// tells them apart.
bool lacks_port(boost::system::error_code error, const tcp::endpoint& to,
                const asio::any_io_executor& executor) {
    if (error == asio::error::no_buffer_space)
        return true;
    if (error != boost::system::errc::address_not_available)
        return false;
    boost::system::error_code unreachable;
    asio::ip::udp::socket probe(executor);
    probe.connect(asio::ip::udp::endpoint(to.address(), to.port()), unreachable);
    return unreachable != boost::system::errc::address_not_available;
}

core::fault refused(boost::system::error_code error, const tcp::endpoint& to,
                    const asio::any_io_executor& executor) {
    if (error == boost::system::errc::too_many_files_open ||
        error == boost::system::errc::too_many_files_open_in_system)
        return make_error_code(errc::too_many_files);
    if (lacks_port(error, to, executor))
        return {make_error_code(errc::no_local_port),
                "cannot connect: no local port is free: " + error.message()};
    return {make_error_code(errc::connect_failed), "cannot connect: " + error.message()};
}

/// The attempts of one call; kept alive by those that still run.
class race : public std::enable_shared_from_this<race> {
public:
    explicit race(asio::any_io_executor executor) : news(executor), executor_(executor) {}

    void start(const tcp::endpoint& to) {
        auto socket = std::make_shared<tcp::socket>(executor_);
        running_.push_back(socket);
        socket->async_connect(
            to, [self = shared_from_this(), socket, to](boost::system::error_code error) {
                self->ended(socket, to, error);
            });
    }

    void close_all() {
        for (const auto& socket : running_) {
            boost::system::error_code ignored;
            socket->close(ignored);
        }
    }

    bool idle() const { return running_.empty(); }

    asio::steady_timer news;
    std::optional<tcp::socket> winner;
    core::fault last_error;

private:
    void ended(const std::shared_ptr<tcp::socket>& socket, const tcp::endpoint& to,
               boost::system::error_code error) {
        std::erase(running_, socket);
        if (error)
            last_error = refused(error, to, executor_);
        else if (!winner)
            winner.emplace(std::move(*socket));
        news.cancel();
    }

    asio::any_io_executor executor_;
    std::vector<std::shared_ptr<tcp::socket>> running_;
};

}  // namespace

asio::awaitable<core::outcome<tcp::socket>> connect_first(std::vector<asio::ip::address> addresses,
                                                          std::uint16_t port) {
    const auto executor = co_await asio::this_coro::executor;
    if (addresses.size() == 1) {
        tcp::socket socket(executor);
        const tcp::endpoint to(addresses.front(), port);
        const auto [error] = co_await socket.async_connect(to, asio::as_tuple(asio::use_awaitable));
        if (error == asio::error::operation_aborted)
            co_return core::fault(errc::cancelled);
        if (error)
            co_return refused(error, to, executor);
        co_return std::move(socket);
    }

    addresses = interleaved(std::move(addresses));
    const auto attempts = std::make_shared<race>(executor);
    bool cancelled = false;
    for (auto next = addresses.begin(); !attempts->winner && !cancelled;) {
        if (next != addresses.end())
            attempts->start(tcp::endpoint(*next++, port));
        else if (attempts->idle())
            break;
        attempts->news.expires_after(next == addresses.end() ? std::chrono::hours(24)
                                                             : attempt_delay);
        co_await attempts->news.async_wait(asio::as_tuple(asio::use_awaitable));
        const auto state = co_await asio::this_coro::cancellation_state;
        cancelled = state.cancelled() != asio::cancellation_type::none;
    }
    attempts->close_all();
    if (attempts->winner)
        co_return std::move(*attempts->winner);
    if (cancelled)
        co_return core::fault(errc::cancelled);
    co_return attempts->last_error;
}

}  // namespace asyncdl::net
