#pragma once
// A loop on this thread beside work on another one.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <stdexcept>

namespace asyncdl::cli {

/// The system gives no thread; nothing has run.
class no_thread : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Runs `work` on a thread of its own and `loop` on this one until the work is done. What the work
/// throws is thrown here. If the loop throws, the work is told to end by `cancel`, and what the
/// loop threw is thrown once it has.
/// @throws no_thread
void run_beside(boost::asio::io_context& loop, const std::function<void()>& work,
                const std::function<void()>& cancel);

}  // namespace asyncdl::cli
