#pragma once
// The downloader: bulk HTTP downloads for an Asio program. An Asio I/O object, owned by the caller,
// living on one serial executor.

#include <asyncdl/batch_result.hpp>
#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_context.hpp>
#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <asyncdl/download_source.hpp>
#include <asyncdl/downloader_options.hpp>
#include <asyncdl/progress_snapshot.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace asyncdl {

namespace engine {
class downloader_core;
}

/// What happens to the bytes of a download that is cancelled.
enum class disposition {
    keep,     ///< what can be resumed stays
    discard,  ///< nothing is left
};

/// Downloads files over HTTP/1.1, plain and TLS.
///
/// Executor: must be serial, that is an `io_context` run by one thread, or a strand. Thread safety:
/// asynchronous operations may be initiated from any thread; `progress` and `cancel` may be called
/// from any thread; the rest as usual for one object. Destroying it or moving from it cancels what
/// runs: handlers still get their results and touch nothing of the object. One that was moved from
/// starts nothing more. An executor's context may be destroyed while downloads run, after the
/// downloader: their handlers are destroyed, and what they held of a shared context goes back. A
/// file call that is under way is waited for.
class downloader {
public:
    using executor_type = boost::asio::any_io_executor;

    /// @throws std::invalid_argument where an option makes no sense
    explicit downloader(executor_type executor);
    downloader(executor_type executor, downloader_options options);
    /// With limits, names, addresses and TLS sessions shared with other downloaders.
    downloader(executor_type executor, downloader_options options, download_context context);

    downloader(downloader&& other) noexcept;
    downloader& operator=(downloader&& other) noexcept;
    ~downloader();

    executor_type get_executor() const;

    /// Downloads one file.
    ///
    /// Handler signature: `void(download_result)`.
    /// Executor: the handler's associated executor, the downloader's by default; never called from
    /// within this function.
    /// Cancellation: terminal, partial and total all end it soon, as `errc::cancelled`.
    /// Errors: in the result; never an exception.
    /// Thread safety: may be initiated from any thread.
    template <typename CompletionToken = boost::asio::deferred_t>
    auto async_download(download_request request, CompletionToken&& token = CompletionToken()) {
        return boost::asio::async_initiate<CompletionToken, void(download_result)>(
            [](auto done, core_ptr core, download_request wanted) {
                start_download(std::move(core), std::move(wanted), std::move(done));
            },
            token, core_, std::move(request));
    }

    /// Downloads a list of files, as many at once as the context allows.
    ///
    /// Handler signature: `void(batch_result)`, the results in input order.
    /// Executor, cancellation, errors, thread safety: as for `async_download`; when cancelled, each
    /// download that was not complete has a result with `errc::cancelled`.
    template <typename CompletionToken = boost::asio::deferred_t>
    auto async_download_batch(std::vector<download_request> requests,
                              CompletionToken&& token = CompletionToken()) {
        return boost::asio::async_initiate<CompletionToken, void(batch_result)>(
            [](auto done, core_ptr core, std::vector<download_request> wanted) {
                start_list(std::move(core), std::move(wanted), std::move(done));
            },
            token, core_, std::move(requests));
    }

    /// Downloads what a source gives and hands each result to a consumer as it ends; memory does
    /// not grow with the number of downloads. Both must live until the handler is called.
    ///
    /// Handler signature: `void(batch_summary)`.
    /// Executor, errors, thread safety: as for `async_download`; errors of the source and the
    /// consumer are in the summary. Cancellation: the source is not read further, what was read
    /// ends as `errc::cancelled` and is still given to the consumer.
    template <typename CompletionToken = boost::asio::deferred_t>
    auto async_download_batch(download_source& source, result_consumer& consumer,
                              CompletionToken&& token = CompletionToken()) {
        return boost::asio::async_initiate<CompletionToken, void(batch_summary)>(
            [](auto done, core_ptr core, download_source* from, result_consumer* to) {
                start_stream(std::move(core), *from, *to, std::move(done));
            },
            token, core_, &source, &consumer);
    }

    /// Cancels everything that runs.
    void cancel();

    /// Cancels one download by its id; nothing happens where it is not active.
    void cancel(std::uint64_t id, disposition what = disposition::keep);

    /// The totals and up to `max_items` active downloads.
    progress_snapshot progress(std::size_t max_items = 64) const;

private:
    using core_ptr = std::shared_ptr<engine::downloader_core>;
    template <typename Result>
    using handler = boost::asio::any_completion_handler<void(Result)>;

    static void start_download(core_ptr core, download_request request,
                               handler<download_result> done);
    static void start_list(core_ptr core, std::vector<download_request> requests,
                           handler<batch_result> done);
    static void start_stream(core_ptr core, download_source& source, result_consumer& consumer,
                             handler<batch_summary> done);

    core_ptr core_;
};

}  // namespace asyncdl
