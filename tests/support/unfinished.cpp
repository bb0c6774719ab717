#include "support/unfinished.hpp"

#include <doctest/doctest.h>

#include <boost/asio/use_future.hpp>
#include <utility>

#include "support/expect.hpp"

namespace asyncdl::test {

download_result cancel_after(stage& on, download_request request, std::uint64_t bytes) {
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download(std::move(request), boost::asio::use_future);
    on.io.restart();
    const auto end = std::chrono::steady_clock::now() + patience;
    while (client.progress().bytes_received < bytes && on.io.run_one_until(end) > 0) {
    }
    client.cancel();
    return run_for_result(on.io, std::move(done));
}

void leave_part(stage& on, const remote_file& file, std::uint64_t bytes) {
    on.server.on("/file", file.cut(bytes));
    const unsigned retries = std::exchange(on.options.retries, 0);
    check_failure(on.fetch("/file"), errc::truncated);
    on.options.retries = retries;
    REQUIRE(on.names() == unfinished);
    REQUIRE(std::filesystem::file_size(on.dir / "out/file.part") >= bytes);
}

void check_resumed(const stage& on, const download_result& result, const remote_file& file,
                   std::uint64_t kept) {
    check_stored(on, result, file.bytes());
    CHECK(result.resumed_from == kept);
    CHECK(result.bytes_received == file.size - kept);
}

void check_all_new(const stage& on, const download_result& result, const remote_file& file) {
    check_resumed(on, result, file, 0);
}

void check_whole_or_nothing(const stage& on, const download_result& result,
                            const remote_file& file) {
    CAPTURE(result.message);
    if (result.success) {
        check_stored(on, result, file.bytes());
    } else {
        check_failure(result, static_cast<errc>(result.error.value()));
        CHECK_FALSE(std::filesystem::exists(on.dir / "out/file"));
    }
}

}  // namespace asyncdl::test
