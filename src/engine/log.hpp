#pragma once
// Log lines that cost nothing where nobody reads them. Any thread.

#include <asyncdl/logger.hpp>
#include <string>
#include <utility>

namespace asyncdl::engine {

/// Writes what `text()` returns, where the hook wants this severity. Never throws.
template <typename Text>
void log(const log_hook& hook, log_level severity, Text&& text) noexcept {
    if (!hook.wants(severity))
        return;
    try {
        const std::string line = std::forward<Text>(text)();
        hook.write(severity, line);
    } catch (...) {
        // A logger that fails must not fail a download, and there is nobody else to tell.
    }
}

}  // namespace asyncdl::engine
