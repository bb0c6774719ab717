#include <doctest/doctest.h>
#include <asyncdl/async_semaphore.hpp>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <latch>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace asyncdl;
using boost::system::error_code;
namespace asio = boost::asio;

/// Waiters of one semaphore on one context: each may be cancelled and keeps what it got.
class waiters {
public:
    waiters(async_semaphore& semaphore, asio::io_context& context, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            one& waiter = all_.emplace_back();
            semaphore.async_acquire(asio::bind_cancellation_slot(
                waiter.signal.slot(),
                asio::bind_executor(context,
                                    [this, i, &waiter](error_code error, semaphore_guard guard) {
                                        served_.push_back(i);
                                        waiter.error = error;
                                        waiter.guard = std::move(guard);
                                    })));
        }
    }

    struct one {
        asio::cancellation_signal signal;
        std::optional<error_code> error;  ///< nothing while it waits
        semaphore_guard guard;
    };

    one& operator[](std::size_t index) { return *std::next(all_.begin(), static_cast<int>(index)); }
    const std::vector<std::size_t>& served() const { return served_; }

private:
    std::list<one> all_;
    std::vector<std::size_t> served_;
};

using order = std::vector<std::size_t>;

}  // namespace

TEST_SUITE("unit/engine/async_semaphore") {
    TEST_CASE("a semaphore without permits is refused") {
        CHECK_THROWS_AS(async_semaphore(0), std::invalid_argument);
    }

    TEST_CASE("a guard gives its permit back when destroyed, released or assigned to, and once") {
        async_semaphore semaphore(2);
        auto first = semaphore.try_acquire();
        auto second = semaphore.try_acquire();
        CHECK(first);
        CHECK(second);
        CHECK(!semaphore.try_acquire());
        CHECK(semaphore.available() == 0);
        first = std::move(second);
        CHECK(semaphore.available() == 1);
        CHECK(!second);
        second.release();
        CHECK(semaphore.available() == 1);
        first.release();
        first.release();
        CHECK(semaphore.available() == 2);
        { const auto scoped = semaphore.try_acquire(); }
        CHECK(semaphore.available() == 2);
    }

    TEST_CASE("a guard may outlive its semaphore") {
        semaphore_guard guard;
        {
            async_semaphore semaphore(1);
            guard = semaphore.try_acquire();
        }
        CHECK(guard);
        guard.release();
        CHECK(!guard);
    }

    TEST_CASE("waiters are served in order, one for each permit that comes back") {
        async_semaphore semaphore(2);
        asio::io_context context;
        waiters waiting(semaphore, context, 5);
        CHECK(waiting.served().empty());  // never from within the initiating function
        CHECK(semaphore.waiting() == 3);
        context.poll();
        CHECK(waiting.served() == order{0, 1});
        CHECK(!semaphore.try_acquire());
        waiting[1].guard.release();
        context.poll();
        waiting[0].guard.release();
        waiting[2].guard.release();
        context.poll();
        CHECK(waiting.served() == order{0, 1, 2, 3, 4});
        for (std::size_t i = 0; i < 5; ++i)
            CHECK(waiting[i].error == error_code());
        CHECK(semaphore.available() == 0);
        waiting[3].guard.release();
        waiting[4].guard.release();
        CHECK(semaphore.available() == 2);
    }

    TEST_CASE("nobody overtakes the queue with try_acquire") {
        async_semaphore semaphore(1);
        asio::io_context context;
        waiters waiting(semaphore, context, 2);
        context.poll();
        waiting[0].guard.release();
        CHECK(!semaphore.try_acquire());  // granted, if not delivered
        context.poll();
        CHECK(waiting[1].guard);
    }

    TEST_CASE("waiters go on after the semaphore is destroyed") {
        asio::io_context context;
        auto semaphore = std::make_unique<async_semaphore>(1);
        waiters waiting(*semaphore, context, 3);
        context.poll();
        semaphore.reset();
        waiting[0].guard.release();
        context.poll();
        waiting[1].guard.release();
        context.poll();
        CHECK(waiting.served() == order{0, 1, 2});
        CHECK(waiting[2].guard);
    }

    TEST_CASE("each of many waiters can be cancelled, and the others are served as ever") {
        constexpr std::size_t count = 6;
        for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                asio::cancellation_type::total}) {
            for (std::size_t cancelled = 1; cancelled < count; ++cancelled) {
                async_semaphore semaphore(1);
                asio::io_context context;
                waiters waiting(semaphore, context, count);
                context.poll();
                waiting[cancelled].signal.emit(type);
                waiting[cancelled].signal.emit(type);
                CHECK(!waiting[cancelled].error);  // posted, not called
                context.poll();
                CHECK(waiting[cancelled].error == asio::error::operation_aborted);
                CHECK(!waiting[cancelled].guard);
                CHECK(semaphore.waiting() == count - 2);
                order expected{0, cancelled};
                for (std::size_t i = 0; i < count; ++i) {
                    waiting[i].guard.release();
                    context.poll();
                    if (i > 0 && i != cancelled)
                        expected.push_back(i);
                }
                CHECK(waiting.served() == expected);
                CHECK(semaphore.available() == 1);
            }
        }
    }

    TEST_CASE("all waiters cancelled at once leave an idle semaphore") {
        async_semaphore semaphore(3);
        asio::io_context context;
        waiters waiting(semaphore, context, 100);
        context.poll();
        for (std::size_t i = 3; i < 100; ++i)
            waiting[i].signal.emit(asio::cancellation_type::terminal);
        CHECK(semaphore.waiting() == 0);
        context.run();  // comes back: nothing is outstanding
        CHECK(waiting.served().size() == 100);
        for (std::size_t i = 0; i < 3; ++i)
            waiting[i].guard.release();
        CHECK(semaphore.available() == 3);
    }

    TEST_CASE("a permit that was granted before the cancellation is delivered") {
        async_semaphore semaphore(1);
        asio::io_context context;
        waiters waiting(semaphore, context, 2);
        waiting[0].signal.emit(asio::cancellation_type::terminal);
        context.poll();
        CHECK(waiting[0].guard);
        waiting[0].guard.release();
        waiting[1].signal.emit(asio::cancellation_type::terminal);
        context.poll();
        CHECK(waiting[1].error == error_code());
        CHECK(waiting[1].guard);
    }

    TEST_CASE("a cancellation that nobody asked for, or that comes late, does nothing") {
        async_semaphore semaphore(1);
        asio::io_context context;
        waiters waiting(semaphore, context, 2);
        context.poll();
        waiting[1].signal.emit(asio::cancellation_type::none);
        CHECK(semaphore.waiting() == 1);
        waiting[0].signal.emit(asio::cancellation_type::terminal);
        CHECK(waiting[0].guard);
        CHECK(semaphore.available() == 0);
    }

    TEST_CASE("an operation that waits keeps its context running, one that ended does not") {
        async_semaphore semaphore(1);
        asio::io_context context;
        auto guard = semaphore.try_acquire();
        waiters waiting(semaphore, context, 1);
        context.poll();
        CHECK(!context.stopped());
        guard.release();
        context.run();
        CHECK(context.stopped());
        CHECK(waiting[0].guard);
    }

    TEST_CASE("a context destroyed with completions pending gives every permit back") {
        constexpr std::size_t count = 20'000;  // deep enough to end the stack, were it a recursion
        async_semaphore semaphore(1);
        {
            asio::io_context context;
            waiters waiting(semaphore, context, count);
            CHECK(semaphore.waiting() == count - 1);
        }
        CHECK(semaphore.waiting() == 0);
        CHECK(semaphore.available() == 1);
    }

    TEST_CASE("a context destroyed with coroutines that hold and wait gives every permit back") {
        async_semaphore semaphore(2);
        {
            asio::io_context context;
            const auto hold = [](async_semaphore& of) -> asio::awaitable<void> {
                const auto guard = co_await of.async_acquire(asio::use_awaitable);
                co_await asio::post(asio::use_awaitable);
                CHECK(!guard);  // never reached
            };
            for (int i = 0; i < 10; ++i)
                asio::co_spawn(context, hold(semaphore), asio::detached);
            for (int i = 0; i < 12; ++i)  // ten begin, two are granted and go on to the post
                context.poll_one();
            CHECK(semaphore.waiting() == 8);
        }
        CHECK(semaphore.waiting() == 0);
        CHECK(semaphore.available() == 2);
    }

    TEST_CASE(
        "operations that wait leave the queue with their context, the others keep their turn") {
        async_semaphore semaphore(1);
        auto guard = semaphore.try_acquire();
        asio::io_context stays;
        waiters before(semaphore, stays, 1);
        const auto alive = std::make_shared<int>();
        {
            asio::io_context context;
            asio::cancellation_signal signal;
            auto strand = asio::make_strand(context);
            for (int i = 0; i < 3; ++i)
                semaphore.async_acquire(asio::bind_cancellation_slot(
                    signal.slot(),
                    asio::bind_executor(strand, [alive](error_code, semaphore_guard) {
                        FAIL("nobody is there any more");
                    })));
            context.poll();
            CHECK(semaphore.waiting() == 4);
        }
        CHECK(alive.use_count() == 1);
        CHECK(semaphore.waiting() == 1);
        waiters behind(semaphore, stays, 1);
        guard.release();
        stays.poll();
        CHECK(before[0].guard);
        before[0].guard.release();
        stays.poll();
        CHECK(behind[0].guard);
        behind[0].guard.release();
        CHECK(semaphore.available() == 1);
    }

    TEST_CASE("a coroutine that waits goes with its context, and gives back what it holds") {
        async_semaphore first(1);
        async_semaphore second(1);
        auto guard = second.try_acquire();
        {
            asio::io_context context;
            const auto story = [](async_semaphore& one,
                                  async_semaphore& other) -> asio::awaitable<void> {
                const auto held = co_await one.async_acquire(asio::use_awaitable);
                const auto wanted = co_await other.async_acquire(asio::use_awaitable);
                CHECK(!wanted);  // never reached
            };
            asio::co_spawn(context, story(first, second), asio::detached);
            asio::co_spawn(context, story(first, second), asio::detached);
            context.poll();
            CHECK(first.waiting() == 1);
            CHECK(second.waiting() == 1);
        }
        CHECK(first.waiting() == 0);
        CHECK(first.available() == 1);
        guard.release();
        CHECK(second.available() == 1);
    }

    TEST_CASE("a context that goes while permits come back on another thread loses none") {
        constexpr int rounds = 500, count = 8;
        async_semaphore semaphore(2);
        asio::thread_pool releasing(1);
        for (int round = 0; round < rounds; ++round) {
            std::latch start(2);
            std::promise<void> over;
            auto guards = std::make_shared<std::vector<semaphore_guard>>();
            guards->push_back(semaphore.try_acquire());
            guards->push_back(semaphore.try_acquire());
            REQUIRE(guards->back());
            asio::post(releasing, [&] {
                start.arrive_and_wait();
                guards->clear();
                over.set_value();
            });
            {
                asio::io_context context;
                for (int i = 0; i < count; ++i)
                    semaphore.async_acquire(
                        asio::bind_executor(context, [](error_code, semaphore_guard) {}));
                start.arrive_and_wait();
                context.poll_one();
            }
            over.get_future().wait();
            REQUIRE(semaphore.available() == 2);
            REQUIRE(semaphore.waiting() == 0);
        }
        releasing.join();
    }

    TEST_CASE("a strand over a destroyed context ends its waiters without a recursion") {
        async_semaphore semaphore(1);
        {
            asio::io_context context;
            auto strand = asio::make_strand(context);
            for (int i = 0; i < 20'000; ++i)
                semaphore.async_acquire(
                    asio::bind_executor(strand, [](error_code, semaphore_guard) {}));
        }
        CHECK(semaphore.available() == 1);
    }

    TEST_CASE("coroutines: use_awaitable, as_tuple, deferred and the default token") {
        async_semaphore semaphore(1);
        asio::io_context context;
        int passed = 0;
        const auto story = [](async_semaphore& of, int& count) -> asio::awaitable<void> {
            auto guard = co_await of.async_acquire(asio::use_awaitable);
            count += guard ? 1 : 0;
            guard.release();
            auto [error, second] = co_await of.async_acquire(asio::as_tuple(asio::use_awaitable));
            count += !error && second ? 1 : 0;
            second.release();
            auto operation = of.async_acquire(asio::deferred);
            auto third = co_await std::move(operation)(asio::use_awaitable);
            count += third ? 1 : 0;
            third.release();
            guard = co_await of.async_acquire();
            count += guard ? 1 : 0;
        };
        asio::co_spawn(context, story(semaphore, passed), asio::detached);
        context.run();
        CHECK(passed == 4);
        CHECK(semaphore.available() == 1);
    }

    TEST_CASE("a deferred operation asks for nothing until it is started") {
        async_semaphore semaphore(1);
        { auto operation = semaphore.async_acquire(asio::deferred); }
        CHECK(semaphore.available() == 1);
    }

    TEST_CASE("a cancelled coroutine gets operation_aborted as an exception") {
        async_semaphore semaphore(1);
        asio::io_context context;
        auto guard = semaphore.try_acquire();
        asio::cancellation_signal signal;
        error_code caught;
        const auto story = [](async_semaphore& of, error_code& out) -> asio::awaitable<void> {
            try {
                co_await of.async_acquire(asio::use_awaitable);
            } catch (const boost::system::system_error& error) {
                out = error.code();
            }
        };
        asio::co_spawn(context, story(semaphore, caught),
                       asio::bind_cancellation_slot(signal.slot(), asio::detached));
        context.poll();
        CHECK(semaphore.waiting() == 1);
        signal.emit(asio::cancellation_type::terminal);
        context.run();
        CHECK(caught == asio::error::operation_aborted);
        guard.release();
        CHECK(semaphore.available() == 1);
    }

    TEST_CASE("use_future: the permit comes from a thread of the system's when it is free") {
        async_semaphore semaphore(1);
        auto first = semaphore.async_acquire(asio::use_future).get();
        CHECK(first);
        auto second = semaphore.async_acquire(asio::use_future);
        first.release();
        CHECK(second.get());
    }

    TEST_CASE("a callback completes on its associated executor, the system's by default") {
        async_semaphore semaphore(1);
        asio::thread_pool pool(1);
        std::promise<bool> inside;
        semaphore.async_acquire(asio::bind_executor(pool, [&](error_code, semaphore_guard) {
            inside.set_value(pool.get_executor().running_in_this_thread());
        }));
        CHECK(inside.get_future().get());
        pool.join();
        CHECK(semaphore.available() == 1);

        std::promise<std::thread::id> where;
        semaphore.async_acquire([&](error_code, semaphore_guard guard) {
            guard.release();
            where.set_value(std::this_thread::get_id());
        });
        CHECK(where.get_future().get() != std::this_thread::get_id());
    }

    TEST_CASE("under contention the bound holds, every waiter is served and no permit is lost") {
        constexpr int permits = 3, threads = 4, coroutines = 50, rounds = 20;
        async_semaphore semaphore(permits);
        std::atomic<int> inside = 0, most = 0, served = 0;
        const auto story = [](async_semaphore& of, std::atomic<int>& in, std::atomic<int>& top,
                              std::atomic<int>& count) -> asio::awaitable<void> {
            for (int i = 0; i < rounds; ++i) {
                const auto guard = co_await of.async_acquire(asio::use_awaitable);
                const int now = ++in;
                for (int seen = top; now > seen && !top.compare_exchange_weak(seen, now);)
                    ;
                co_await asio::post(asio::use_awaitable);
                ++count;
                --in;
            }
        };
        std::vector<std::thread> all;
        for (int t = 0; t < threads; ++t)
            all.emplace_back([&] {
                asio::io_context context;
                for (int i = 0; i < coroutines; ++i)
                    asio::co_spawn(context, story(semaphore, inside, most, served), asio::detached);
                context.run();
            });
        for (auto& thread : all)
            thread.join();
        CHECK(most <= permits);
        CHECK(served == threads * coroutines * rounds);
        CHECK(semaphore.available() == permits);
        CHECK(semaphore.waiting() == 0);
    }

    TEST_CASE("grants that race with cancellations lose no permit and serve everyone once") {
        constexpr int rounds = 300, count = 8;
        async_semaphore semaphore(1);
        std::atomic<int> granted = 0, aborted = 0;
        asio::thread_pool pool(1);  // where the waiters live and are cancelled
        for (int round = 0; round < rounds; ++round) {
            auto guard = semaphore.try_acquire();
            REQUIRE(guard);
            std::vector<asio::cancellation_signal> signals(count);
            std::atomic<int> ended = 0;
            std::latch start(2);
            std::promise<void> over;
            asio::post(pool, [&] {
                for (auto& signal : signals)
                    semaphore.async_acquire(asio::bind_cancellation_slot(
                        signal.slot(),
                        asio::bind_executor(pool, [&](error_code error, semaphore_guard got) {
                            CHECK(!error == !!got);
                            ++(error ? aborted : granted);
                            got.release();
                            if (++ended == count)
                                over.set_value();
                        })));
                start.arrive_and_wait();
                for (auto signal = signals.rbegin(); signal != signals.rend(); ++signal)
                    signal->emit(asio::cancellation_type::terminal);
            });
            start.arrive_and_wait();
            guard.release();
            over.get_future().wait();
        }
        pool.join();
        CHECK(granted + aborted == rounds * count);
        CHECK(semaphore.available() == 1);
        CHECK(semaphore.waiting() == 0);
    }

    TEST_CASE("order is kept where permits come back on several threads at once") {
        constexpr std::size_t permits = 4, count = 400;
        async_semaphore semaphore(permits);
        std::vector<semaphore_guard> held;
        for (std::size_t i = 0; i < permits; ++i)
            held.push_back(semaphore.try_acquire());
        asio::io_context context;
        asio::thread_pool releasing(permits);
        order served;
        for (std::size_t i = 0; i < count; ++i)
            semaphore.async_acquire(
                asio::bind_executor(context, [&, i](error_code, semaphore_guard guard) {
                    served.push_back(i);
                    // Any thread may be the one that gives it back.
                    asio::post(releasing, [guard = std::move(guard)] {});
                }));
        held.clear();
        context.run();
        releasing.join();
        order expected(count);
        for (std::size_t i = 0; i < count; ++i)
            expected[i] = i;
        CHECK(served == expected);
        CHECK(semaphore.available() == permits);
    }
}
