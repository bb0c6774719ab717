#pragma once
// Watches over the downloads on a thread of its own: SIGINT and SIGTERM, and the lines of progress.
// Owned by the program.

#include <asyncdl/download_manager.hpp>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <thread>

namespace asyncdl::cli {

/// From its construction to its destruction, the first signal cancels what the manager runs and the
/// second ends the process at once.
class attendant {
public:
    /// @param progress whether a line of progress goes to stderr every second
    attendant(download_manager& manager, bool progress);
    ~attendant();

    /// The signal that came; 0 while none did.
    int signal() const noexcept { return signal_.load(); }

private:
    void wait_for_signal();
    void wait_for_tick();
    void show_progress();

    download_manager& manager_;
    bool progress_;
    std::uint64_t shown_bytes_ = 0;
    std::atomic<int> signal_ = 0;
    boost::asio::io_context context_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer tick_;
    std::thread thread_;
};

/// The line of progress for a snapshot; `speed` is in bytes a second.
std::string progress_line(const progress_snapshot& progress, double speed);

}  // namespace asyncdl::cli
