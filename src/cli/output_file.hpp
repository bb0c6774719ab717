#pragma once
// A file or standard stream that reports are written to, through a buffer. The first error is kept
// and nothing more is written. Owned by a report or a line_writer; used by one thread at a time.

#include <atomic>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncdl::cli {

/// A pipe, socket or terminal is waited for until its reader takes something. After a signal or
/// `hurry`, a reader that takes nothing for 3 s is given up, which is an error like any other.
class output_file {
public:
    using clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds reader_patience{3};

    enum class use { report, log };

    /// Opens `path`; for a report `-` is stdout. What is in the file stays until `truncate`, and a
    /// log is written behind it.
    /// @throws usage_error
    explicit output_file(const std::string& path, use as = use::report);

    /// A standard stream, which stays open. `name` is how errors call it.
    output_file(int fd, std::string name);

    output_file(const output_file&) = delete;
    output_file& operator=(const output_file&) = delete;
    ~output_file();

    /// Empties a file that was opened by its path.
    void truncate();

    void write(std::string_view text);
    void flush();

    /// Writes what is left and closes.
    void close();

    /// From now on the wait for a reader is bounded, as after a signal. From any thread.
    void hurry() noexcept;

    /// The bytes that were taken so far. From any thread.
    std::uint64_t taken() const noexcept { return taken_; }

    /// Ends it with an error from elsewhere, unless there is one already.
    void fail(const boost::system::error_code& error) noexcept;

    bool is_terminal() const noexcept;

    int native() const noexcept { return fd_; }
    const std::string& name() const noexcept { return name_; }

    /// Why something could not be written, a line for a person; empty where all was.
    std::string failure() const;

private:
    void look_at_reader();
    bool wait_for_room() const;
    bool is_overdue() const;

    int fd_;
    bool owned_ = false;
    bool may_wait_ = false;  ///< it is no regular file
    std::string name_;
    std::string buffer_;
    boost::system::error_code error_;
    bool given_up_ = false;
    std::atomic<clock::rep> hurried_at_ = 0;
    std::atomic<std::uint64_t> taken_ = 0;
    clock::time_point last_taken_ = clock::now();
};

}  // namespace asyncdl::cli
