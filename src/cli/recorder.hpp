#pragma once
// Takes the results of the batch and writes the reports on a thread of its own, so that neither a
// slow disk nor a stalled pipe holds up a download that runs. The thread starts with the first
// result that a report wants; if the system gives none, reports are written in place. Owned by the
// program.

#include <asyncdl/async_semaphore.hpp>
#include <asyncdl/download_source.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cli/report.hpp"

namespace asyncdl::cli {

/// Thread safety: results from any thread. A bounded number of results wait; the batch
/// waits for the reports beyond that.
class recorder final : public result_consumer {
public:
    explicit recorder(std::vector<std::unique_ptr<report>> reports);
    ~recorder() override;

    bool try_consume(download_result& result) override;
    boost::asio::awaitable<boost::system::error_code> async_consume(
        download_result result) override;

    /// Waits until all is written and closed; no result may come after it.
    /// @return a line for a person for each report that could not be written to its end
    std::vector<std::string> finish(const batch_summary& summary);

private:
    struct entry {
        download_result result;
        semaphore_guard place;
    };

    bool is_wanted(const download_result& result) const;
    void take(download_result&& result, semaphore_guard place);
    void start();
    void run();
    void write(const std::vector<entry>& results);
    void stop();

    std::vector<std::unique_ptr<report>> reports_;
    std::size_t wake_at_ = 0;  // results that are worth waking the thread for
    async_semaphore places_;

    std::mutex mutex_;
    std::condition_variable woken_;
    std::vector<entry> waiting_;
    bool stopping_ = false;
    bool in_place_ = false;  // no thread could be had
    std::thread thread_;
};

}  // namespace asyncdl::cli
