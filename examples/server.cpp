// A server that downloads on request: a client sends URLs, a line each, and gets a line for each,
// with the size or the reason. SIGINT and SIGTERM end it: what runs is cancelled, and the clients
// are told so.
#include <asyncdl/asyncdl.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <iostream>
#include <set>
#include <string>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::size_t longest_line = 8 * 1024;
constexpr std::size_t largest_body = 16 * 1024 * 1024;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Lives on an io_context that one thread runs.
class server {
public:
    explicit server(asio::io_context& io)
        : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          downloader_(io.get_executor()) {
        asio::co_spawn(io, accept(), asio::detached);
    }

    unsigned port() const { return acceptor_.local_endpoint().port(); }

    /// Accepts and reads nothing more; the downloads that run end as cancelled.
    void stop() {
        acceptor_.close();
        downloader_.cancel();
        for (tcp::socket* client : clients_) {
            boost::system::error_code gone_already;
            client->shutdown(tcp::socket::shutdown_receive, gone_already);
        }
    }

private:
    asio::awaitable<void> accept() {
        for (;;) {
            auto [error, client] = co_await acceptor_.async_accept(as_result);
            if (error) {
                co_return;  // closed, or out of descriptors; who is here is still served
            }
            asio::co_spawn(acceptor_.get_executor(), serve(std::move(client)), asio::detached);
        }
    }

    asio::awaitable<void> serve(tcp::socket client) {
        clients_.insert(&client);
        std::string input;
        for (;;) {
            auto [read_error, length] = co_await asio::async_read_until(
                client, asio::dynamic_buffer(input, longest_line), '\n', as_result);
            if (read_error || !acceptor_.is_open()) {
                break;
            }
            std::string url = input.substr(0, length - 1);
            input.erase(0, length);

            std::string answer = co_await download(std::move(url));
            auto [write_error, written] =
                co_await asio::async_write(client, asio::buffer(answer), as_result);
            if (write_error) {
                break;
            }
        }
        clients_.erase(&client);
    }

    asio::awaitable<std::string> download(std::string url) {
        asyncdl::memory_sink body(largest_body);
        asyncdl::download_request request(std::move(url));
        request.destination = &body;
        asyncdl::download_result result =
            co_await downloader_.async_download(request, asio::use_awaitable);
        if (result.success) {
            co_return "ok " + std::to_string(body.bytes().size()) + " bytes\n";
        }
        co_return "failed " + std::string(asyncdl::error_kind(result.error)) + '\n';
    }

    tcp::acceptor acceptor_;
    asyncdl::downloader downloader_;
    std::set<tcp::socket*> clients_;
};

}  // namespace

int main() {
    asio::io_context io;
    server downloads(io);
    asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&downloads](boost::system::error_code, int) { downloads.stop(); });
    std::cout << "listening on 127.0.0.1:" << downloads.port() << std::endl;
    io.run();
}
