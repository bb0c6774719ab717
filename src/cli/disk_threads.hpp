#pragma once
// The threads of `--disk-threads`. Owned by the program; its executor may be used from any thread.
// A second `work_pool`: the engine's is not public, and throws if the system gives no thread.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <thread>
#include <vector>

namespace asyncdl::cli {

class disk_threads {
public:
    /// Starts as many of `count` as the system gives.
    explicit disk_threads(std::size_t count);

    /// Waits for the calls that run.
    ~disk_threads();

    std::size_t size() const noexcept { return threads_.size(); }

    /// Calls are never made if `size` is 0.
    boost::asio::any_io_executor executor() { return pool_.get_executor(); }

private:
    /// Without threads of its own: if one of those cannot be had, its constructor waits for the
    /// others forever (Boost 1.81).
    boost::asio::thread_pool pool_{0};
    std::vector<std::thread> threads_;
};

}  // namespace asyncdl::cli
