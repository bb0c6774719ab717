#pragma once
// Opt-in: sends the library's log lines to a spdlog logger.

#include <spdlog/logger.h>

#include <asyncdl/logger.hpp>
#include <memory>
#include <string_view>
#include <utility>

namespace asyncdl::with {

/// A hook that writes to `logger`, at the level that the logger has now. The logger must be
/// thread-safe (an `_mt` sink) where several threads download.
inline log_hook spdlog(std::shared_ptr<::spdlog::logger> logger) {
    log_hook hook;
    hook.level = static_cast<log_level>(logger->level());
    hook.write = [logger = std::move(logger)](log_level severity, std::string_view text) {
        logger->log(static_cast<::spdlog::level::level_enum>(severity),
                    ::spdlog::string_view_t(text.data(), text.size()));
    };
    return hook;
}

}  // namespace asyncdl::with
