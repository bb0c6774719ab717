#pragma once
// The judgement on a caller's options, once for each public object that takes them. Pure.

#include <asyncdl/downloader_options.hpp>

namespace asyncdl::engine {

/// The options, if all of them make sense. Those of a context are judged by the context.
/// @throws std::invalid_argument with a line that names the option
downloader_options checked(downloader_options options);

}  // namespace asyncdl::engine
