#pragma once
// The inside of a download_context. Thread-safe; lives as long as any downloader that uses it.

#include <asyncdl/async_semaphore.hpp>
#include <asyncdl/download_context.hpp>
#include <asyncdl/downloader_options.hpp>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/claimed_names.hpp"
#include "engine/counters.hpp"
#include "engine/host_rests.hpp"
#include "engine/open_folders.hpp"
#include "engine/work_pool.hpp"
#include "http/host_limits.hpp"
#include "net/tls_context.hpp"
#include "storage/directory.hpp"

namespace asyncdl::engine {

class shared_context {
public:
    /// @throws std::invalid_argument where an option makes no sense
    explicit shared_context(const context_options& options);

    /// One for a downloader that was given none.
    static std::shared_ptr<shared_context> of_its_own(const downloader_options& options);

    /// What the downloads that are held for a rest may take up: about 60,000 of usual URLs.
    static constexpr std::size_t max_held_bytes = 32 * 1024 * 1024;

    const std::size_t max_concurrent;

    async_semaphore slots;         ///< one a download that is at work
    async_semaphore waiting_room;  ///< one a download that waits without a slot
    claimed_names names;           ///< of the downloads that are active
    host_rests rests;
    std::atomic<std::size_t> held_bytes = 0;  ///< see `held_space`
    counters totals;
    std::atomic<std::size_t> waiting_for_others = 0;  ///< downloads that lack a descriptor or port
    async_semaphore lack_turn{1};                     ///< to try again what lacked one
    std::atomic_flag short_of_files = ATOMIC_FLAG_INIT;  ///< somebody was told so
    std::atomic_flag short_of_ports = ATOMIC_FLAG_INIT;
    open_folders folders;
    const std::shared_ptr<resolver> lookup;
    const std::shared_ptr<http::host_limits> hosts;

    std::uint64_t next_id() noexcept { return last_id_.fetch_add(1) + 1; }

    /// The pool for blocking calls, made when first asked for. `in_place` if no thread can be had.
    boost::asio::any_io_executor work_executor(const boost::asio::any_io_executor& in_place);

    /// The TLS settings that go with these options, made when first asked for and shared by all
    /// downloaders with the same ones.
    core::outcome<std::shared_ptr<net::tls_context>> tls(const tls_options& options);

private:
    std::atomic<std::uint64_t> last_id_{0};
    std::mutex mutex_;
    std::optional<work_pool> workers_;
    std::map<std::pair<bool, std::string>, std::shared_ptr<net::tls_context>> tls_contexts_;
};

}  // namespace asyncdl::engine
