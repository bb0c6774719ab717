#include "cli/disk_threads.hpp"

#include <system_error>

namespace asyncdl::cli {

disk_threads::disk_threads(std::size_t count) {
    threads_.reserve(count);
    try {
        while (threads_.size() < count) {
            threads_.emplace_back([this] { pool_.attach(); });
        }
    } catch (const std::system_error&) {
        // The system gives no more.
    }
}

disk_threads::~disk_threads() {
    pool_.stop();
    for (std::thread& each : threads_) {
        each.join();
    }
}

}  // namespace asyncdl::cli
