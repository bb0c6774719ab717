#include "cli/attendant.hpp"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <thread>

#include "support/wait.hpp"

using namespace asyncdl;
using asyncdl::cli::progress_line;

TEST_SUITE("cli/attendant") {
    TEST_CASE("a line of progress has the totals and the speed") {
        progress_snapshot now;
        now.succeeded = 3;
        now.failed = 1;
        now.active = 2;
        now.bytes_received = 4096;
        CHECK(progress_line(now, 2048) ==
              "asyncdl: 3 done, 1 failed, 2 active, 4.0 KiB, 2.0 KiB/s\n");
    }

    TEST_CASE("what is being verified is counted apart") {
        progress_snapshot now;
        now.active = 3;
        now.downloads.resize(3);
        now.downloads[0].state = download_state::verifying;
        now.downloads[1].state = download_state::receiving;
        CHECK(progress_line(now, 0) ==
              "asyncdl: 0 done, 0 failed, 3 active (1 verifying), 0 B, 0 B/s\n");
        now.downloads[2].state = download_state::verifying;
        CHECK(progress_line(now, 0).find("(2 verifying)") != std::string::npos);
    }

    TEST_CASE("the loop is left even where the next tick is due at the same time") {
        boost::asio::io_context loop;
        asyncdl::cli::attendant watch(loop, {}, nullptr);
        std::this_thread::sleep_for(std::chrono::milliseconds(1100));
        boost::asio::post(loop, [&] { watch.stop(); });
        loop.run_for(test::patience);
        CHECK(loop.stopped());
    }
}
