// Downloads the URLs of the command line into ./downloads from a program whose own thread may
// block: the io_context has a thread of its own, and each download is a future.
#include <asyncdl/asyncdl.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <iostream>
#include <thread>
#include <vector>

namespace asio = boost::asio;

int main(int count, char** words) {
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> busy = asio::make_work_guard(io);
    std::thread network([&io] { io.run(); });
    asyncdl::downloader downloader(io.get_executor());

    std::vector<std::future<asyncdl::download_result>> downloads;
    for (int i = 1; i < count; ++i) {
        asyncdl::download_request request(words[i]);
        downloads.push_back(downloader.async_download(request, asio::use_future));
    }

    int failed = 0;
    for (std::future<asyncdl::download_result>& download : downloads) {
        asyncdl::download_result result = download.get();
        std::cout << result.url << ": " << (result.success ? "done" : result.message) << '\n';
        failed += result.success ? 0 : 1;
    }
    busy.reset();
    network.join();
    return failed == 0 ? 0 : 1;
}
