#pragma once
// The fault of an exception. Any thread.

#include <string_view>

#include "core/fault.hpp"

namespace asyncdl::core {

/// What the exception that is being handled means for a result: `errc::internal` and a line that
/// says whose it is, "the sink threw an exception: no space". To be called from a handler. Never
/// throws: without memory the line is shorter.
fault thrown_by(std::string_view whose) noexcept;

}  // namespace asyncdl::core
