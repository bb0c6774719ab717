#include "cli/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <asyncdl/with/spdlog.hpp>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "cli/output_file.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

constexpr const char* on_stderr = "asyncdl: %l: %v";
constexpr const char* in_file = "%Y-%m-%dT%H:%M:%S.%e%z %l: %v";

/// Formats a line at once and has it written later.
class line_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit line_sink(std::shared_ptr<line_writer> to) : to_(std::move(to)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        using enum line_writer::weight;
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        to_->write({line.data(), line.size()},
                   message.level >= spdlog::level::warn ? important : ordinary);
    }
    void flush_() override {}

    const std::shared_ptr<line_writer> to_;
};

std::shared_ptr<line_writer> make_writer(std::unique_ptr<output_file> out, const char* pattern) {
    auto missing = [pattern](std::uint64_t lines) {
        const std::string text =
            std::to_string(lines) + " lines are missing here: the reader of the log was too slow";
        spdlog::memory_buf_t line;
        spdlog::pattern_formatter(pattern).format(
            spdlog::details::log_msg("asyncdl", spdlog::level::warn, text), line);
        return std::string(line.data(), line.size());
    };
    return std::make_shared<line_writer>(std::move(out), std::move(missing));
}

std::shared_ptr<line_writer> open_log_file(const std::string& path, file_claims& files) {
    std::error_code ignored;  // then it cannot be opened
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    std::unique_ptr<output_file> out;
    try {
        out = std::make_unique<output_file>(path, output_file::use::log);
    } catch (const usage_error& error) {
        throw usage_error(std::string("--log-file: ") + error.what());
    }
    files.write(path);
    return make_writer(std::move(out), in_file);
}

}  // namespace

run_log::run_log(const settings& options, file_claims& files)
    : err_(make_writer(std::make_unique<output_file>(STDERR_FILENO, "standard error"), on_stderr)) {
    if (options.log_file) {
        file_ = open_log_file(*options.log_file, files);
    }
    auto sink = std::make_shared<line_sink>(file_ ? file_ : err_);
    sink->set_pattern(file_ ? in_file : on_stderr);
    auto logger = std::make_shared<spdlog::logger>("asyncdl", std::move(sink));
    const log_level level =
        options.log_threshold.value_or(options.quiet ? log_level::error : log_level::warn);
    logger->set_level(static_cast<spdlog::level::level_enum>(level));
    hook_ = with::spdlog(std::move(logger));
    hook_.write = [write = std::move(hook_.write)](log_level severity, std::string_view text) {
        write(severity, clean(text));
    };
}

void run_log::warn(const std::string& line) const {
    if (hook_.wants(log_level::warn)) {
        hook_.write(log_level::warn, line);
    }
}

std::string run_log::finish_file() {
    return file_ ? file_->finish() : std::string();
}

}  // namespace asyncdl::cli
