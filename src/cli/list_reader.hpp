#pragma once
// The program's input as a source of downloads: the arguments, then the lists in order, read as a
// stream in bounded memory. Owned by the program; called by the batch, on its executor.

#include <asyncdl/download_source.hpp>
#include <string>
#include <vector>

#include "cli/input_file.hpp"
#include "cli/line_splitter.hpp"
#include "cli/list_parser.hpp"

namespace asyncdl::cli {

/// On a pipe or a terminal, an entry that is followed by silence is given out after a second: a
/// program may feed one URL at a time and wait for its file. An option that begins later than that
/// has no effect but that the run fails; one that has begun is waited for.
class list_reader final : public download_source {
public:
    list_reader(std::vector<download_request> arguments, std::vector<input_file> lists,
                list_parser::warning warn);

    boost::asio::awaitable<boost::system::result<std::optional<download_request>>> async_next()
        override;

    /// Regular files are read in place, up to 1 MiB without an entry: then others have a turn.
    std::optional<download_request> try_next() override;

    /// Why a list could not be read to its end, a line for a person; empty where nothing failed.
    const std::string& failure() const noexcept { return failure_; }

    /// Whether that is since it is no text that a list can be.
    bool is_unusable() const noexcept { return unusable_; }

    /// The first option that came too late for its entry, a line for a person; empty if none did.
    const std::string& late_option() const noexcept { return parser_.late_option(); }

private:
    std::optional<download_request> parse_buffered();
    boost::asio::awaitable<void> async_fill();
    boost::asio::awaitable<void> async_turn();
    void fill();
    void fail(boost::system::error_code error);
    void begin_list();

    std::vector<download_request> arguments_;
    std::size_t next_argument_ = 0;
    std::vector<input_file> lists_;
    std::size_t list_ = 0;
    std::size_t read_ = 0;  // bytes since the last entry or turn
    line_splitter lines_;
    list_parser parser_;
    bool idle_ = false;      // the entry that waits for its options need not wait longer
    bool list_end_ = false;  // all of the list is in lines_
    bool begun_ = false;     // something of the list is in lines_
    bool unusable_ = false;
    boost::system::error_code error_;
    std::string failure_;
};

}  // namespace asyncdl::cli
