#include "engine/counters.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

TEST_SUITE("unit/engine/counters") {
    TEST_CASE("five threads with 100,000 increments each make exactly 500,000") {
        asyncdl::engine::counters totals;
        std::vector<std::thread> threads;
        for (int t = 0; t < 5; ++t) {
            threads.emplace_back([&totals] {
                asyncdl::download_result result;
                result.success = true;
                result.bytes_received = 3;
                for (int i = 0; i < 100'000; ++i) {
                    totals.started();
                    totals.finished(result);
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        CHECK(totals.started_count() == 500'000);
        CHECK(totals.succeeded_count() == 500'000);
        CHECK(totals.failed_count() == 0);
        CHECK(totals.bytes() == 1'500'000);
    }
}
