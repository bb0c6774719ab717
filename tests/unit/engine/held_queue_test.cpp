#include "engine/held_queue.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace asyncdl;
using namespace asyncdl::engine;
using namespace std::chrono_literals;
using time_point = net::clock::time_point;

const time_point start = time_point() + 1000h;

/// A queue, its rest, and a context whose memory it uses.
class stage {
public:
    explicit stage(unsigned retries = 3, std::chrono::duration<double> max_time = 0s)
        : queue(what, retries, max_time) {}

    void add(std::uint64_t id, time_point started = start) {
        queue.add([&] {
            held_download one;
            one.id = id;
            one.started = started;
            one.spent.told_again = what->now().told;
            return one;
        });
    }

    void tell() {
        const auto now = what->now().end + 1s;
        refusal how;
        how.retry_after = 5s;
        how.asked = now;
        for (std::uint64_t url = 1; url <= 3; ++url)
            what->refused(url, how, now);
    }

    std::vector<std::uint64_t> take_all() {
        std::vector<std::uint64_t> ids;
        while (!queue.empty())
            ids.push_back(queue.take_first().id);
        return ids;
    }

    std::shared_ptr<rest> what = [] {
        auto one = std::make_shared<rest>(1, 1, 3);
        return one;
    }();
    held_queue queue;
};

TEST_SUITE_BEGIN("unit/engine/held_queue");

TEST_CASE("downloads are taken up in the order in which they came") {
    stage on;
    for (std::uint64_t id = 1; id <= 3; ++id)
        on.add(id);
    CHECK_FALSE(on.queue.judge(start));
    CHECK(on.take_all() == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("a rest that is told again costs each a retry; those that have none left come first") {
    stage on(1);
    on.tell();
    on.add(1);
    on.tell();
    CHECK_FALSE(on.queue.judge(start));
    on.add(2);
    on.add(3);
    on.tell();
    REQUIRE(on.queue.judge(start));
    CHECK(on.queue.take_first().id == 1);
    CHECK_FALSE(on.queue.judge(start));
    on.tell();
    REQUIRE(on.queue.judge(start));
    const held_download two = on.queue.take_first();
    CHECK(two.id == 2);
    CHECK(two.spent.total == 1);
    CHECK(two.spent.by_others == 2);
    CHECK(on.queue.judge(start));
}

TEST_CASE("once a host has answered, nothing counts that others were told before") {
    stage on(1);
    on.tell();
    on.add(1);
    on.tell();
    CHECK_FALSE(on.queue.judge(start));
    auto another = std::make_shared<rest>(1, 1, 3);
    on.queue.wait_for(another);
    on.tell();
    on.tell();
    CHECK_FALSE(on.queue.judge(start));
    CHECK(on.queue.now() == another);
    on.queue.wait_for(nullptr);
    CHECK_FALSE(on.queue.judge(start));
    CHECK(on.queue.last() == another);
    CHECK(on.queue.take_first().spent.total == 0);
    CHECK(&on.queue.subject() == on.what.get());
}

TEST_CASE("those whose time is over come first") {
    stage on(3, 10s);
    on.add(1, start + 5s);
    on.add(2, start);
    on.add(3, start + 3s);
    CHECK(on.queue.first_time_over() == start + 10s);
    CHECK_FALSE(on.queue.judge(start + 9s));
    REQUIRE(on.queue.judge(start + 10s));
    CHECK(on.queue.take_first().id == 2);
    CHECK_FALSE(on.queue.judge(start + 12s));
    CHECK(on.queue.first_time_over() == start + 13s);
    REQUIRE(on.queue.judge(start + 20s));
    CHECK(on.take_all() == std::vector<std::uint64_t>{1, 3});
}

TEST_CASE("one of them is taken by its id") {
    stage on;
    for (std::uint64_t id = 1; id <= 3; ++id)
        on.add(id);
    CHECK_FALSE(on.queue.take(4));
    CHECK(on.queue.take(2)->id == 2);
    CHECK_FALSE(on.queue.take(2));
    CHECK(on.take_all() == std::vector<std::uint64_t>{1, 3});
}

TEST_CASE("what fails to be added is not there") {
    stage on;
    const auto fail = []() -> held_download { throw std::runtime_error("no"); };
    CHECK_THROWS_AS(on.queue.add(fail), std::runtime_error);
    CHECK(on.queue.empty());
}

TEST_CASE("downloads that are held take a bounded amount of memory") {
    shared_context shared{context_options()};
    download_request request("http://host/path", "name");
    const std::size_t bytes = held_download::memory(request);
    CHECK(bytes >= sizeof(held_download));
    CHECK(bytes < 1000);
    request.headers.emplace_back("Name", std::string(60'000, 'x'));
    CHECK(held_download::memory(request) > 60'000);

    shared.totals.started();
    std::vector<held_space> spaces;
    for (;;) {
        held_space space = held_space::try_take(shared, bytes);
        if (!space)
            break;
        spaces.push_back(std::move(space));
    }
    CHECK(spaces.size() == shared_context::max_held_bytes / bytes);
    CHECK(spaces.size() > 40'000);
    CHECK(shared.held_bytes <= shared_context::max_held_bytes);
    spaces.back().give_back();
    spaces.pop_back();
    CHECK(held_space::try_take(shared, bytes));
}

TEST_CASE("a download that was held and is never taken up is counted as lost") {
    shared_context shared{context_options()};
    shared.totals.started();
    {
        held_space space = held_space::try_take(shared, 100);
        shared.totals.left(fate::held);
        space.left();
        held_space moved = std::move(space);
        shared.totals.taken_up();
        moved.give_back();
    }
    CHECK(shared.totals.active() == 1);
    {
        held_space space = held_space::try_take(shared, 100);
        shared.totals.left(fate::held);
        space.left();
    }
    CHECK(shared.totals.active() == 0);
    progress_snapshot now;
    shared.totals.report(now);
    CHECK(now.started == 1);
    CHECK(shared.held_bytes == 0);
}

TEST_SUITE_END();

}  // namespace
