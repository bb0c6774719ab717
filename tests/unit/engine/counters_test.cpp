#include "engine/counters.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace asyncdl;
using namespace asyncdl::engine;

namespace {

progress_snapshot read(const counters& totals) {
    progress_snapshot now;
    const auto lock = totals.lock();
    totals.report(now);
    return now;
}

}  // namespace

TEST_SUITE("unit/engine/counters") {
    TEST_CASE("of five threads everything is counted once, and each moment fits together") {
        counters totals;
        std::vector<std::thread> threads;
        for (int t = 0; t < 5; ++t) {
            threads.emplace_back([&totals] {
                for (int i = 0; i < 20'000; ++i) {
                    {
                        const auto lock = totals.lock();
                        totals.started();
                    }
                    totals.received(3);
                    const auto lock = totals.lock();
                    totals.left(i % 2 == 0 ? fate::succeeded : fate::failed);
                }
            });
        }
        bool fits = true;
        progress_snapshot before;
        for (progress_snapshot now; now.succeeded + now.failed < 100'000; before = now) {
            now = read(totals);
            fits = fits && now.started == now.succeeded + now.failed + now.active &&
                   now.active <= 5 && now.bytes_received >= before.bytes_received &&
                   now.bytes_received >= 3 * (now.succeeded + now.failed);
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        CHECK(fits);
        const progress_snapshot end = read(totals);
        CHECK(end.started == 100'000);
        CHECK(end.succeeded == 50'000);
        CHECK(end.failed == 50'000);
        CHECK(end.active == 0);
        CHECK(end.bytes_received == 300'000);
    }

    TEST_CASE("what has no result is active no more") {
        counters totals;
        totals.started();
        totals.started();
        totals.left(fate::none);
        CHECK(read(totals).started == 2);
        CHECK(read(totals).active == 1);
        CHECK(read(totals).failed == 0);
    }

    TEST_CASE("what is held is active no more, and is when it is taken up") {
        counters totals;
        totals.started();
        totals.left(fate::held);
        CHECK(read(totals).active == 0);
        totals.taken_up();
        CHECK(read(totals).active == 1);
        totals.left(fate::held);
        totals.lost();
        CHECK(read(totals).started == 1);
        CHECK(read(totals).active == 0);
    }
}
