#include <asyncdl/download_context.hpp>

#include "engine/shared_context.hpp"

namespace asyncdl {

download_context::download_context(const context_options& options)
    : shared_(std::make_shared<engine::shared_context>(options)) {}

}  // namespace asyncdl
