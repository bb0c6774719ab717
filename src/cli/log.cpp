#include "cli/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <asyncdl/with/spdlog.hpp>
#include <memory>
#include <string>
#include <utility>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

spdlog::sink_ptr open_sink(const settings& options, file_claims& files) {
    if (!options.log_file) {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        sink->set_pattern("asyncdl: %l: %v");
        return sink;
    }
    try {
        auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(*options.log_file);
        files.write(*options.log_file);
        sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
        return sink;
    } catch (const spdlog::spdlog_ex& error) {
        throw usage_error("--log-file: " + shown_value(error.what()));
    }
}

}  // namespace

log_hook make_log(const settings& options, file_claims& files) {
    const log_level level =
        options.log_threshold.value_or(options.quiet ? log_level::error : log_level::warn);
    auto logger = std::make_shared<spdlog::logger>("asyncdl", open_sink(options, files));
    logger->set_level(static_cast<spdlog::level::level_enum>(level));
    logger->flush_on(spdlog::level::trace);
    log_hook hook = with::spdlog(std::move(logger));
    hook.write = [write = std::move(hook.write)](log_level severity, std::string_view text) {
        write(severity, clean(text));
    };
    return hook;
}

}  // namespace asyncdl::cli
