#include "engine/claimed_names.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using asyncdl::engine::claimed_names;

namespace {

const asyncdl::file_identity folder(1, 2);

}  // namespace

TEST_SUITE("unit/engine/claimed_names") {
    TEST_CASE("a name is the same in every registry of the process, and free when given back") {
        claimed_names active;
        claimed_names batch;
        const auto name = claimed_names::key_of(folder, "x");
        CHECK(active.claim(name));
        CHECK(batch.claim(claimed_names::key_of(folder, "x")));
        CHECK_FALSE(active.claim(claimed_names::key_of(folder, "x.part")));
        active.release(claimed_names::key_of(folder, "x"));
        CHECK(active.claim(name));
        CHECK_FALSE(batch.claim(name));
    }

    TEST_CASE("of threads that want the same names, each name goes to one") {
        claimed_names names;
        constexpr int count = 5000;
        std::atomic<int> granted = 0;
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back([&] {
                    for (int i = 0; i < count; ++i) {
                        const auto name = claimed_names::key_of(folder, std::to_string(i));
                        granted += names.claim(name) ? 1 : 0;
                    }
                });
            }
        }
        CHECK(granted == count);
    }
}
