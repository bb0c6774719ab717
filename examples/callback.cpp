// Downloads the URLs of the command line into ./downloads; a function is called as each ends.
#include <asyncdl/asyncdl.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>

namespace asio = boost::asio;

int main(int count, char** words) {
    asio::io_context io;
    asyncdl::downloader_options options;
    options.max_concurrent = 3;
    asyncdl::downloader downloader(io.get_executor(), options);

    int failed = 0;
    for (int i = 1; i < count; ++i) {
        asyncdl::download_request request(words[i]);
        downloader.async_download(request, [&failed](asyncdl::download_result result) {
            if (result.success) {
                std::cout << result.file_path << ": " << result.file_size << " bytes\n";
            } else {
                std::cout << result.url << ": " << result.message << '\n';
                ++failed;
            }
        });
    }
    io.run();
    return failed == 0 ? 0 : 1;
}
