#pragma once
// Where a batch takes its downloads from and where their results go: the two ends of a stream.
// Implemented by users of the library; a list, a pipe, a queue server are all sources.

#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <optional>

namespace asyncdl {

/// Gives downloads one at a time.
///
/// Thread safety: calls never overlap, but may come from different threads one after another, each
/// awaited on the calling downloader's executor. Cancellation: the call gets the batch's
/// cancellation and shall then end soon. An exception ends the batch as `errc::internal`.
class download_source {
public:
    virtual ~download_source() = default;

    /// The next download where it can be given without waiting; nothing otherwise, at the end and
    /// on an error too: `async_next` is called then. Optional; a source that has it costs less CPU.
    virtual std::optional<download_request> try_next() { return std::nullopt; }

    /// The next download, nothing at the end, or an error where the source cannot be read on; after
    /// the end or an error it is not called again.
    virtual boost::asio::awaitable<boost::system::result<std::optional<download_request>>>
    async_next() = 0;
};

/// Takes the results of a batch as they come.
///
/// Thread safety: calls never overlap, but may come from different threads one after another. The
/// batch goes on reading its source only as results are taken, so a slow consumer slows it down.
class result_consumer {
public:
    virtual ~result_consumer() = default;

    /// Takes one result where that can be done without waiting; false, and the result is as it was,
    /// where it cannot: `async_consume` is called then. Optional; a consumer that has it costs less
    /// CPU.
    virtual bool try_consume(download_result& result) { return (void)result, false; }

    /// Takes one result. An error (or an exception) ends the batch: the source is not read further,
    /// what runs is finished and still offered.
    virtual boost::asio::awaitable<boost::system::error_code> async_consume(
        download_result result) = 0;
};

}  // namespace asyncdl
