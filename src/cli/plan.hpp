#pragma once
// What follows from the settings before anything is downloaded: the downloads of the arguments, the
// lists, the files that must be usable. Called once, by the program.

#include <asyncdl/download_request.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/file_claims.hpp"
#include "cli/input_file.hpp"
#include "cli/output_target.hpp"
#include "cli/settings.hpp"

namespace asyncdl::cli {

struct planned_arguments {
    std::vector<download_request> requests;
    std::optional<stream_target> stream;  ///< where the body of the only one goes; none: to a file
};

/// The downloads of the arguments, with what `--output` and `--checksum` say. Fills in
/// `options.body`, and from a template of names what the library is to know of it. To be called
/// before any file is opened, see `resolve_output`.
/// @throws usage_error where there is nothing to download, or one of these does not fit
planned_arguments plan_arguments(settings& options);

/// Opens every list, so that one that is unreadable stops the program before it starts.
/// @throws usage_error
std::vector<input_file> open_lists(const settings& options);

/// Adds the lines of the header files to the headers of every request, behind those of the command
/// line.
/// @throws usage_error if one cannot be read or holds a line that is no header, with its number
void read_headers(settings& options, file_claims& files);

struct read_sums {
    std::map<std::string, std::string> by_name;  ///< as `downloader_options::checksums` wants it
    std::vector<std::string> warnings;  ///< one a file that has lines without a usable checksum
};

/// Reads every checksum file.
/// @throws usage_error if one cannot be read, or holds no usable line
read_sums read_checksums(const settings& options, file_claims& files);

/// Looks at the directory and the CA file.
/// @throws usage_error where one cannot be used
void check_files(const settings& options, file_claims& files);

/// Whether there are lines of progress.
bool shows_progress(const settings& options);

}  // namespace asyncdl::cli
