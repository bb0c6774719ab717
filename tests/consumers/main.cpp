// A program of somebody else: it sees the public face alone, and compiles Asio as it likes. A port
// that nobody listens on is enough to go through the whole library.
#include <asyncdl/asyncdl.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <iostream>
#include <string>

namespace asio = boost::asio;

namespace {

/// The URL of a loopback port that is bound but does not listen.
std::string refusing_url(asio::ip::tcp::acceptor& holder) {
    asio::ip::tcp::endpoint loopback(asio::ip::address_v4::loopback(), 0);
    holder.open(loopback.protocol());
    holder.bind(loopback);
    return "http://127.0.0.1:" + std::to_string(holder.local_endpoint().port()) + "/file";
}

}  // namespace

int main() {
    asio::io_context io;
    asio::ip::tcp::acceptor holder(io);
    asyncdl::downloader_options options;
    options.retries = 0;
    asyncdl::downloader downloader(io.get_executor(), options);

    asyncdl::memory_sink body(1024);
    asyncdl::download_request request(refusing_url(holder));
    request.destination = &body;
    std::future<asyncdl::download_result> done =
        downloader.async_download(request, asio::use_future);
    // Work of its own, with the hooks of its own Asio.
    asio::steady_timer timer(io, std::chrono::milliseconds(1));
    bool timer_fired = false;
    timer.async_wait([&timer_fired](boost::system::error_code) { timer_fired = true; });
    io.run();

    asyncdl::download_result result = done.get();
    std::cout << "asyncdl " << ASYNCDL_VERSION << ": " << result.message << '\n';
    return result.error == asyncdl::errc::connect_failed && timer_fired ? 0 : 1;
}
