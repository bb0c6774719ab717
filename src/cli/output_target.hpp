#pragma once
// What `--output` means: the name of a file, or a stream that the body is written into (a
// descriptor of the program's, a character device, a FIFO). Resolved once, before the program opens
// anything of its own.

#include <sys/types.h>

#include <optional>
#include <string>

#include "cli/unique_fd.hpp"

namespace asyncdl::cli {

/// A stream, not opened yet if it has a path.
struct stream_target {
    std::string name;          ///< as messages call it: "standard output", "/dev/null"
    unique_fd descriptor;      ///< a duplicate of the one that is meant; none for a path
    std::string path;          ///< of a device or FIFO
    bool on_stdout = false;    ///< standard output is the same
    bool on_terminal = false;  ///< only a descriptor is asked
};

struct output_target {
    std::optional<stream_target> stream;  ///< none: a file's name as any other
    std::string refusal;                  ///< what is there cannot be written; empty: it can
};

/// Resolves the NAME of `--output`; a relative one is below `directory`. `-`, `/dev/stdout`,
/// `/dev/stderr`, `/dev/fd/N`, and whatever leads to one of the program's descriptors through
/// /proc, mean that descriptor.
/// @throws usage_error if a descriptor is not open for writing
output_target resolve_output(const std::string& name, const std::string& directory);

}  // namespace asyncdl::cli
