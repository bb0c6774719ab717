#include "cli/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <asyncdl/with/spdlog.hpp>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include "cli/output_file.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

/// Writes each line at once, until one fails.
class file_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit file_sink(const std::string& path) : out_(path, output_file::use::log) {}

    std::string finish() {
        const std::lock_guard lock(mutex_);
        is_open_ = false;
        out_.close();
        return out_.failure();
    }

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!is_open_) {
            return;
        }
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        out_.write({line.data(), line.size()});
        out_.flush();
    }
    void flush_() override {}

    output_file out_;
    bool is_open_ = true;
};

std::shared_ptr<file_sink> open_log_file(const std::string& path, file_claims& files) {
    std::error_code ignored;  // then it cannot be opened
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    auto sink = std::make_shared<file_sink>(path);
    files.write(path);
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
    return sink;
}

}  // namespace

run_log make_log(const settings& options, file_claims& files) {
    const auto file =
        options.log_file ? open_log_file(*options.log_file, files) : std::shared_ptr<file_sink>();
    spdlog::sink_ptr sink = file;
    if (!file) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        sink->set_pattern("asyncdl: %l: %v");
    }
    const log_level level =
        options.log_threshold.value_or(options.quiet ? log_level::error : log_level::warn);
    auto logger = std::make_shared<spdlog::logger>("asyncdl", std::move(sink));
    logger->set_level(static_cast<spdlog::level::level_enum>(level));
    logger->flush_on(spdlog::level::trace);
    run_log log;
    log.hook = with::spdlog(std::move(logger));
    log.hook.write = [write = std::move(log.hook.write)](log_level severity,
                                                         std::string_view text) {
        write(severity, clean(text));
    };
    log.finish = [file] { return file ? file->finish() : std::string(); };
    return log;
}

}  // namespace asyncdl::cli
