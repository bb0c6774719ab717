#pragma once
// The blocking, multi-threaded face: N threads, each with an io_context and a downloader of its
// own, one context, one source. For programs without Asio, and what the command line uses.

#include <asyncdl/batch_result.hpp>
#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_context.hpp>
#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <asyncdl/download_source.hpp>
#include <asyncdl/downloader_options.hpp>
#include <asyncdl/progress_snapshot.hpp>
#include <memory>
#include <vector>

namespace asyncdl {

/// Thread safety: all members, from any thread; the blocking ones must not be called from the
/// manager's own threads (observers, sources, consumers).
class download_manager {
public:
    /// @param threads 1 to 1024
    /// @throws std::invalid_argument where an option makes no sense
    explicit download_manager(downloader_options options = {}, unsigned threads = 1);
    download_manager(downloader_options options, unsigned threads, download_context context);

    /// Shuts down.
    ~download_manager();

    download_manager(const download_manager&) = delete;
    download_manager& operator=(const download_manager&) = delete;

    /// Downloads one file and waits for it.
    /// @throws boost::system::system_error `errc::shut_down` after `shutdown`
    download_result download(download_request request);

    /// Downloads a list and waits; the results are in input order.
    /// @throws boost::system::system_error `errc::shut_down` after `shutdown`
    batch_result download_multiple(std::vector<download_request> requests);

    /// Downloads what a source gives and waits; see `downloader::async_download_batch`.
    /// @throws boost::system::system_error `errc::shut_down` after `shutdown`
    batch_summary download_stream(download_source& source, result_consumer& consumer);

    /// Cancels everything that runs; calls that wait return soon, with `errc::cancelled` results.
    void cancel();

    /// The totals and up to `max_items` active downloads, of all threads.
    progress_snapshot progress(std::size_t max_items = 64) const;

    /// Waits for calls that run, then stops the threads and releases everything.
    /// @throws boost::system::system_error `errc::shut_down` when called a second time
    void shutdown();

private:
    class workers;
    std::unique_ptr<workers> workers_;
};

}  // namespace asyncdl
