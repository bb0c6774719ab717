#pragma once
// Threads for blocking calls. Unlike Asio's pool it makes do with fewer threads than it was to
// have. Owned by the shared context; its executor may be used from any thread.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <thread>
#include <vector>

namespace asyncdl::engine {

class work_pool {
public:
    /// Starts as many of `threads` as can be had.
    /// @throws std::system_error if not one can
    explicit work_pool(std::size_t threads);

    /// Waits for the calls that run; those that have not begun are dropped.
    ~work_pool();

    boost::asio::any_io_executor executor() { return pool_.get_executor(); }

private:
    /// Without threads of its own: if one of those cannot be had, its constructor waits for the
    /// others forever (Boost 1.81).
    boost::asio::thread_pool pool_{0};
    std::vector<std::thread> threads_;
};

}  // namespace asyncdl::engine
