#pragma once
// Watches over the downloads: cancels them on a signal, and shows the lines of progress. Lives on
// the main thread's loop; owned by the program.

#include <asyncdl/progress_snapshot.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "cli/line_writer.hpp"

namespace asyncdl::cli {

/// What is watched over.
struct running_batch {
    std::function<void()> cancel;                 ///< from any thread
    std::function<progress_snapshot()> progress;  ///< the totals, and some of the active ones
};

/// Cancels the batch on the first signal that `catch_signals` keeps, also one that came before.
class attendant {
public:
    /// @param progress takes a line of progress every second; null: there are none
    attendant(boost::asio::io_context& loop, running_batch batch, line_writer* progress);
    ~attendant();

    /// Leaves the loop; on its thread.
    void stop();

private:
    void wait_for_signal();
    void wait_for_tick();
    void show_progress();

    running_batch batch_;
    line_writer* progress_;
    bool stopped_ = false;
    std::uint64_t shown_bytes_ = 0;
    std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
    boost::asio::posix::stream_descriptor wake_;  ///< readable once a signal came
    boost::asio::steady_timer tick_;
};

/// The line of progress for a snapshot; `speed` is in bytes a second. Of the downloads that are
/// listed in it, those that are being verified are counted.
std::string progress_line(const progress_snapshot& progress, double speed);

}  // namespace asyncdl::cli
