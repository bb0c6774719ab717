// Downloads the URLs of the command line into ./downloads, five at once.
#include <asyncdl/asyncdl.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <iostream>

namespace asio = boost::asio;

asio::awaitable<bool> download(std::vector<asyncdl::download_request> requests) {
    asyncdl::downloader downloader(co_await asio::this_coro::executor);
    asyncdl::batch_result batch =
        co_await downloader.async_download_batch(std::move(requests), asio::use_awaitable);
    for (const asyncdl::download_result& result : batch.results) {
        std::cout << result.url << ": " << (result.success ? "done" : result.message) << '\n';
    }
    co_return batch.summary.failed == 0;
}

int main(int count, char** words) {
    asio::io_context io;
    std::vector<asyncdl::download_request> requests(words + 1, words + count);
    std::future<bool> done = asio::co_spawn(io, download(requests), asio::use_future);
    io.run();
    return done.get() ? 0 : 1;
}
