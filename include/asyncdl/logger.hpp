#pragma once
// The logging hook: the library hands each line to one function and writes nothing by itself.

#include <functional>
#include <string_view>

namespace asyncdl {

/// Severity of a log line, in spdlog's order.
enum class log_level { trace, debug, info, warn, error, critical, off };

/// Where log lines go. An empty `write` or a level of `off` turns logging off, and costs nothing.
/// `write` is called on the executor of whoever logs, with several downloaders from several threads
/// at once, so it must be thread-safe. It must not throw; what it throws is dropped. The text is
/// one line without a line break and never holds a secret.
struct log_hook {
    log_level level = log_level::off;  ///< the lowest severity that is written
    std::function<void(log_level, std::string_view)> write{};

    /// Whether a line of this severity would be written.
    bool wants(log_level severity) const noexcept {
        return severity >= level && severity < log_level::off && write;
    }
};

}  // namespace asyncdl
