#include "cli/attendant.hpp"

#include <doctest/doctest.h>

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
}
