#include "engine/work_pool.hpp"

#include <system_error>

namespace asyncdl::engine {

work_pool::work_pool(std::size_t threads) {
    threads_.reserve(threads);
    try {
        while (threads_.size() < threads)
            threads_.emplace_back([this] { pool_.attach(); });
    } catch (const std::system_error&) {
        if (threads_.empty())
            throw;
    }
}

work_pool::~work_pool() {
    pool_.stop();
    for (std::thread& each : threads_)
        each.join();
}

}  // namespace asyncdl::engine
