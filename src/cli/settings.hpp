#pragma once
// What the command line asks for. A value; filled by the flag table, read by the program.

#include <asyncdl/downloader_options.hpp>
#include <asyncdl/logger.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace asyncdl::cli {

/// The command line, or a file that it names, cannot be used: exit status 2. `what()` is the line
/// for a person.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Where the one body goes if that is not a file.
struct body_stream {
    std::string name;          ///< as messages call it
    bool on_stdout = false;    ///< no report may go there
    bool on_terminal = false;  ///< lines of progress would be mixed with it
};

enum class progress_mode { automatic, plain, none };

struct settings {
    bool help = false;
    bool version = false;

    std::vector<std::string> arguments;  ///< URLs and NAME=URL, in order
    std::vector<std::string> lists;      ///< `-` is stdin
    std::optional<std::string> output;
    bool force_directories = false;
    bool no_host_directories = false;
    bool on_exists_given = false;     ///< on the command line
    std::optional<body_stream> body;  ///< what `output` was found to be, see `plan_arguments`

    std::optional<std::string> checksum;      ///< of the one download
    std::vector<std::string> checksum_files;  ///< `-` is stdin
    std::vector<std::string> header_files;    ///< of `--header @FILE`; `-` is stdin

    downloader_options transfer;
    unsigned threads = 1;
    unsigned disk_threads = 0;  ///< 0: file calls are made by the threads that download

    std::optional<std::string> json;  ///< `-` is stdout, for all three
    std::optional<std::string> jsonl;
    std::optional<std::string> csv;
    progress_mode progress = progress_mode::automatic;
    bool quiet = false;
    std::optional<log_level> log_threshold;
    std::optional<std::string> log_file;
};

}  // namespace asyncdl::cli
