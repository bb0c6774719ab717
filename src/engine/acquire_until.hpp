#pragma once
// A wait for a permit that has an end. On the executor of the caller's coroutine.

#include <boost/asio/awaitable.hpp>

#include "engine/shared_context.hpp"
#include "net/timekeeper.hpp"

namespace asyncdl::engine {

/// Empty if `limit` comes first, or the coroutine is cancelled. Does not throw on cancellation if
/// the caller's coroutine does not.
boost::asio::awaitable<semaphore_guard> acquire_until(async_semaphore& what,
                                                      net::clock::time_point limit);

}  // namespace asyncdl::engine
