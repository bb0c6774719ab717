#include "cli/run_beside.hpp"

#include <doctest/doctest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <new>
#include <stdexcept>

#include "support/event.hpp"

using asyncdl::cli::run_beside;
using asyncdl::test::event;

TEST_SUITE("cli/run_beside") {
    TEST_CASE("the loop runs until the work is done") {
        boost::asio::io_context loop(1);
        const auto guard = boost::asio::make_work_guard(loop);
        event on_loop;
        bool done = false;
        boost::asio::post(loop, [&] { on_loop.set(); });
        run_beside(
            loop,
            [&] {
                on_loop.wait();
                done = true;
            },
            [] { FAIL("nothing was to be cancelled"); });
        CHECK(done);
    }

    TEST_CASE("if the loop throws, the work is cancelled and waited for") {
        boost::asio::io_context loop(1);
        event cancelled;
        bool done = false;
        boost::asio::post(loop, [] { throw std::bad_alloc(); });
        CHECK_THROWS_AS(run_beside(
                            loop,
                            [&] {
                                cancelled.wait();
                                done = true;
                                throw std::runtime_error("comes second");
                            },
                            [&] { cancelled.set(); }),
                        std::bad_alloc);
        CHECK(done);
    }

    TEST_CASE("if cancelling throws as well, the work goes on to its end") {
        boost::asio::io_context loop(1);
        event cancelled;
        bool done = false;
        const auto work = [&] {
            cancelled.wait();
            done = true;
        };
        const auto cancel = [&] {
            cancelled.set();
            throw std::runtime_error("cannot cancel");
        };
        boost::asio::post(loop, [] { throw std::bad_alloc(); });
        CHECK_THROWS_AS(run_beside(loop, work, cancel), std::bad_alloc);
        CHECK(done);
    }

    TEST_CASE("what the work throws is thrown") {
        boost::asio::io_context loop(1);
        const auto guard = boost::asio::make_work_guard(loop);
        CHECK_THROWS_AS(run_beside(
                            loop, [] { throw std::runtime_error("broken"); }, [] {}),
                        std::runtime_error);
    }
}
