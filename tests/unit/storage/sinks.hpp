#pragma once
// How the tests of sinks run coroutines, and sinks in both of their modes.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>

#include "storage/file_sink.hpp"

namespace asyncdl::test {

/// Runs `work` to its end on a context that outlives every pool: one that posts to it may still be
/// at it when the work is done.
inline void run(boost::asio::awaitable<void> work) {
    static boost::asio::io_context context;
    context.restart();
    std::exception_ptr thrown;
    boost::asio::co_spawn(context, std::move(work),
                          [&](std::exception_ptr error) { thrown = error; });
    context.run();
    if (thrown)
        std::rethrow_exception(thrown);
}

/// Both ways of making the calls: in place, and on a pool.
template <typename Test>
void in_both_modes(Test test) {
    boost::asio::thread_pool pool(1);
    storage::file_sink::options how;
    test(how);
    how.work = pool.get_executor();
    test(how);
    pool.join();
}

}  // namespace asyncdl::test
