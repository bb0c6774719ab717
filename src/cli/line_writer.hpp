#pragma once
// Lines for a person (log, progress, what went wrong) on their way to a descriptor. A thread of its
// own writes them, so that nobody who tells something waits for a reader. Owned by the run_log.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cli/output_file.hpp"

namespace asyncdl::cli {

/// The thread starts with the first line. If the system gives none, lines are written in place.
///
/// Not spdlog's asynchronous logger: that one waits for its reader at the end, however long it
/// takes, loses errors as well as anything else, and does not say what it has lost.
///
/// Thread safety: all members, from any thread.
class line_writer {
public:
    enum class weight { ordinary, important };

    /// So much waits for the reader; important lines find the same room once more.
    static constexpr std::size_t max_waiting = 1024 * 1024;

    /// @param missing the line that stands in the place of so many others, which were lost
    line_writer(std::unique_ptr<output_file> out,
                std::function<std::string(std::uint64_t)> missing);
    ~line_writer();

    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;

    /// Never waits for the reader: a line that finds no room is lost, and counted.
    void write(std::string_view line, weight what);

    /// The same for what is of no use later: nothing happens if other lines wait.
    void write_if_idle(std::string_view line);

    /// Waits until all is written, see `output_file::hurry`. What comes later is not written.
    /// @return why something could not be written, a line for a person; empty if all was
    std::string finish();

private:
    struct shared;
    static void run(const std::shared_ptr<shared>& state) noexcept;
    void add(std::string_view line);

    const std::shared_ptr<shared> state_;
};

}  // namespace asyncdl::cli
