#include "storage/offload.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <latch>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "sinks.hpp"
#include "support/wait.hpp"

namespace {

using namespace asyncdl::storage;
using asyncdl::test::run;
using boost::asio::awaitable;
namespace asio = boost::asio;

/// An io_context's executor that has no memory for the first posts from other threads.
class scarce_executor {
public:
    scarce_executor(asio::io_context& context, std::atomic<int>& failures)
        : inner_(context.get_executor()), failures_(&failures) {}

    asio::execution_context& query(asio::execution::context_t) const noexcept {
        return asio::query(inner_, asio::execution::context);
    }
    static constexpr auto query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
    scarce_executor require(asio::execution::blocking_t::never_t) const { return *this; }

    template <typename Function>
    void execute(Function function) const {
        if (std::this_thread::get_id() != own_ && (*failures_)-- > 0)
            throw std::bad_alloc();
        asio::post(inner_, std::move(function));
    }

    bool operator==(const scarce_executor&) const noexcept = default;

private:
    asio::io_context::executor_type inner_;
    std::atomic<int>* failures_;
    std::thread::id own_ = std::this_thread::get_id();
};

}  // namespace

TEST_SUITE("unit/storage/offload") {
    TEST_CASE("with a work executor the calls are made there and the coroutine stays on its own") {
        asio::thread_pool pool(1);
        const auto here = std::this_thread::get_id();
        const auto story = [](asio::any_io_executor work, std::thread::id own) -> awaitable<void> {
            auto where = [] { return std::this_thread::get_id(); };
            const auto there = co_await offload(work, where);
            CHECK(there != own);
            CHECK(where() == own);
        };
        run(story(pool.get_executor(), here));
    }

    TEST_CASE("what an offloaded call throws comes out of the await") {
        asio::thread_pool pool(1);
        const auto story = [](asio::any_io_executor work) -> awaitable<void> {
            auto bad = [] { throw std::runtime_error("bad"); };
            bool caught = false;
            try {
                co_await offload(work, bad);
            } catch (const std::runtime_error& error) {
                caught = error.what() == std::string("bad");
            }
            CHECK(caught);
        };
        run(story(pool.get_executor()));
    }

    TEST_CASE("a cancellation in the middle of an offloaded call waits for its end") {
        asio::io_context context;
        asio::thread_pool pool(1);
        asio::cancellation_signal signal;
        std::promise<void> started, go;
        bool finished = false;
        const auto story = [](asio::any_io_executor work, std::promise<void>& begun,
                              std::promise<void>& wait, bool& end) -> awaitable<void> {
            std::string buffer = "in the frame";
            auto call = [&] {
                begun.set_value();
                wait.get_future().wait();
                end = buffer == "in the frame";
                return 7;
            };
            const int result = co_await offload(work, call);
            CHECK(result == 7);
        };
        bool done = false;
        asio::co_spawn(
            context, story(pool.get_executor(), started, go, finished),
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { done = true; }));
        context.poll();
        started.get_future().wait();
        signal.emit(asio::cancellation_type::terminal);
        context.poll();
        CHECK(!done);
        CHECK(!context.stopped());  // the call counts as outstanding work
        go.set_value();
        context.run();
        CHECK(done);
        CHECK(finished);
    }

    TEST_CASE("a call that still waits for the work executor when that ends is never made") {
        bool called = false;
        asio::io_context context;
        {
            asio::io_context work;  // nobody runs it
            const auto story = [](asio::any_io_executor on, bool& flag) -> awaitable<void> {
                auto call = [&flag] { flag = true; };
                co_await offload(on, call);
            };
            asio::co_spawn(context, story(work.get_executor(), called), asio::detached);
            context.poll();
        }
        context.restart();
        context.run();
        CHECK(!called);
    }

    TEST_CASE("a coroutine goes on though there is no memory to tell it so at first") {
        asio::thread_pool pool(1);
        asio::io_context context;
        const auto busy = asio::make_work_guard(context);
        std::atomic<int> failures = 3;
        bool went_on = false;
        const auto story = [&]() -> awaitable<void> {
            auto call = [] {};
            co_await offload(pool.get_executor(), call);
            went_on = true;
            context.stop();
        };
        asio::co_spawn(scarce_executor(context, failures), story(), asio::detached);
        context.run_for(asyncdl::test::patience);
        CHECK(went_on);
        CHECK(failures < 0);
    }

    TEST_CASE("a context may go while there is no memory to tell its coroutine") {
        asio::thread_pool pool(1);
        std::atomic<int> failures = 1'000'000'000;
        bool went_on = false;
        {
            asio::io_context context;
            const auto story = [&]() -> awaitable<void> {
                auto call = [] {};
                co_await offload(pool.get_executor(), call);
                went_on = true;
            };
            asio::co_spawn(scarce_executor(context, failures), story(), asio::detached);
            context.poll();
            CHECK(asyncdl::test::eventually([&] { return failures < 1'000'000'000; }));
        }
        pool.join();
        CHECK(!went_on);
    }

    TEST_CASE("several calls are made at the same time, and all are over when it goes on") {
        asio::thread_pool pool(3);
        std::latch together(3);
        std::atomic<int> made = 0;
        const auto own = std::this_thread::get_id();
        const auto story = [&]() -> awaitable<void> {
            auto call = [&] {
                CHECK(std::this_thread::get_id() != own);
                together.arrive_and_wait();
                ++made;
            };
            co_await offload_each(pool.get_executor(), 3, call);
            CHECK(made == 3);
            CHECK(std::this_thread::get_id() == own);
        };
        run(story());
        CHECK(made == 3);
    }

    TEST_CASE("more calls than threads are made one after the other") {
        asio::thread_pool pool(1);
        int made = 0;
        const auto story = [&]() -> awaitable<void> {
            auto call = [&] { ++made; };
            co_await offload_each(pool.get_executor(), 100, call);
        };
        run(story());
        CHECK(made == 100);
    }

    TEST_CASE("what one of several calls throws comes out when all are over") {
        asio::thread_pool pool(2);
        std::atomic<int> made = 0;
        bool caught = false;
        const auto story = [&]() -> awaitable<void> {
            auto call = [&] {
                if (++made == 2)
                    throw std::runtime_error("bad");
            };
            try {
                co_await offload_each(pool.get_executor(), 4, call);
            } catch (const std::runtime_error&) {
                caught = made == 4;
            }
        };
        run(story());
        CHECK(caught);
    }

    TEST_CASE("of several calls some of which are never made the coroutine sees none") {
        int made = 0;
        bool went_on = false;
        asio::io_context context;
        {
            asio::io_context work;
            const auto story = [](asio::any_io_executor on, int& count,
                                  bool& flag) -> awaitable<void> {
                auto call = [&count] { ++count; };
                co_await offload_each(on, 3, call);
                flag = true;
            };
            asio::co_spawn(context, story(work.get_executor(), made, went_on), asio::detached);
            context.poll();
            CHECK(work.run_one() == 1);
        }
        context.restart();
        context.run();
        CHECK(made == 1);
        CHECK(!went_on);
    }

    TEST_CASE("a context that goes waits for the call that runs, and its coroutine ends") {
        asio::thread_pool pool(1);
        std::promise<void> started, go;
        std::atomic<int> made = 0;
        bool went_on = false, kept = false;
        auto context = std::make_unique<asio::io_context>();
        const auto story = [&](asio::any_io_executor on) -> awaitable<void> {
            std::string frame = "is still there";
            auto call = [&] {
                if (++made == 1) {
                    started.set_value();
                    go.get_future().wait();
                    kept = frame == "is still there";
                }
            };
            co_await offload_each(on, 3, call);
            went_on = true;
        };
        asio::co_spawn(*context, story(pool.get_executor()), asio::detached);
        context->poll();
        started.get_future().wait();
        std::thread end([&] { context.reset(); });
        go.set_value();
        end.join();
        pool.join();
        CHECK(kept);
        CHECK(made >= 1);
        CHECK(!went_on);
    }

    TEST_CASE("the context may go with the coroutine, while the last calls still return") {
        asio::thread_pool pool(4);
        for (int i = 0; i < 200; ++i) {
            asio::io_context context;
            const auto story = [](asio::any_io_executor on) -> awaitable<void> {
                auto call = [] {};
                co_await offload_each(on, 4, call);
            };
            asio::co_spawn(context, story(pool.get_executor()), asio::detached);
            context.run();
        }
        pool.join();
    }
}
