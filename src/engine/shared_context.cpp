#include "engine/shared_context.hpp"

#include <stdexcept>
#include <system_error>

#include "net/system_resolver.hpp"

namespace asyncdl::engine {

namespace {

// Downloads that wait without a slot; the source is not read further while there are as many.
constexpr std::size_t max_waiting = 1000;

constexpr std::size_t max_slots = 1'000'000;
constexpr std::size_t work_threads = 2;

std::size_t checked_slots(std::size_t count) {
    if (count < 1 || count > max_slots)
        throw std::invalid_argument("max_concurrent is 1 to 1000000");
    return count;
}

}  // namespace

shared_context::shared_context(const context_options& options)
    : max_concurrent(checked_slots(options.max_concurrent)),
      slots(max_concurrent),
      waiting_room(max_waiting),
      folders(std::make_shared<const std::vector<file_identity>>(options.files_in_use)),
      lookup(options.lookup ? options.lookup : std::make_shared<net::system_resolver>()),
      hosts(std::make_shared<http::host_limits>(options.max_connections_per_host)) {}

std::shared_ptr<shared_context> shared_context::of_its_own(const downloader_options& options) {
    context_options limits;
    limits.max_concurrent = options.max_concurrent;
    limits.max_connections_per_host = options.max_connections_per_host;
    limits.files_in_use = options.files_in_use;
    return std::make_shared<shared_context>(limits);
}

boost::asio::any_io_executor shared_context::work_executor(
    const boost::asio::any_io_executor& in_place) {
    const std::lock_guard lock(mutex_);
    try {
        if (!workers_)
            workers_.emplace(work_threads);
    } catch (const std::system_error&) {
        return in_place;
    }
    return workers_->executor();
}

core::outcome<std::shared_ptr<net::tls_context>> shared_context::tls(const tls_options& options) {
    // Settings of the caller's own cannot be compared, so they are shared with nobody.
    if (options.customize)
        return net::tls_context::create(options);
    const std::lock_guard lock(mutex_);
    auto& known = tls_contexts_[{options.insecure, options.ca_file}];
    if (!known) {
        auto made = net::tls_context::create(options);
        if (!made)
            return made.error();
        known = std::move(*made);
    }
    return known;
}

}  // namespace asyncdl::engine
