#pragma once
// A file or standard stream that reports are written to, through a buffer. The first error is kept
// and nothing more is written. Owned by a report; used by one thread at a time.

#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>

namespace asyncdl::cli {

class output_file {
public:
    enum class use { report, log };

    /// Opens `path`; for a report `-` is stdout. What is in the file stays until `truncate`, and a
    /// log is written behind it.
    /// @throws usage_error
    explicit output_file(const std::string& path, use as = use::report);

    /// A standard stream, which stays open. `name` is how errors call it.
    output_file(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    output_file(const output_file&) = delete;
    output_file& operator=(const output_file&) = delete;
    ~output_file();

    /// Empties a file that was opened by its path.
    void truncate();

    void write(std::string_view text);
    void flush();

    /// Writes what is left and closes.
    void close();

    /// Ends it with an error from elsewhere, unless there is one already.
    void fail(const boost::system::error_code& error) noexcept;

    bool is_terminal() const noexcept;

    int native() const noexcept { return fd_; }
    const std::string& name() const noexcept { return name_; }

    /// Why something could not be written, a line for a person; empty where all was.
    std::string failure() const;

private:
    int fd_;
    bool owned_ = false;
    std::string name_;
    std::string buffer_;
    boost::system::error_code error_;
};

}  // namespace asyncdl::cli
