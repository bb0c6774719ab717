#include "engine/checked_options.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/checksum.hpp"
#include "engine/request_fields.hpp"

namespace asyncdl::engine {

namespace {

using time = std::chrono::duration<double>;

// No network answers faster, and every clock holds four times the longest.
constexpr time shortest_time = std::chrono::milliseconds(1);
constexpr time longest_time{1e9};

void require(bool holds, const std::string& what) {
    if (!holds)
        throw std::invalid_argument(what);
}

void check_time(const char* option, time value) {
    require(value >= shortest_time && value <= longest_time,
            std::string(option) + " is not from 0.001 to 1000000000 seconds");
}

void check_time_or_zero(const char* option, time value) {
    require(value == time::zero() || (value >= shortest_time && value <= longest_time),
            std::string(option) + " is neither 0 nor from 0.001 to 1000000000 seconds");
}

void check_path(const char* option, const std::string& path) {
    require(path.find('\0') == std::string::npos, std::string(option) + " holds a NUL");
}

template <typename Enum>
void check_choice(const char* option, Enum value, Enum last) {
    require(value >= Enum{} && value <= last, std::string(option) + " is no enumerator");
}

}  // namespace

downloader_options checked(downloader_options options) {
    require(!options.download_dir.empty(), "download_dir is empty");
    check_path("download_dir", options.download_dir);
    check_path("tls.ca_file", options.tls.ca_file);
    check_time("connect_timeout", options.connect_timeout);
    check_time("timeout", options.timeout);
    check_time_or_zero("max_time", options.max_time);
    check_time_or_zero("retry_delay", options.retry_delay);
    check_time_or_zero("retry_max_delay", options.retry_max_delay);
    check_choice("if_exists", options.if_exists, on_exists::fail);
    check_choice("file_calls", options.file_calls, file_io::in_place);
    check_choice("log.level", options.log.level, log_level::off);
    if (!options.name_template.empty())
        if (const auto wrong = check_name_template(options.name_template); !wrong.empty())
            throw std::invalid_argument("name_template: " + wrong);
    std::vector<header> headers = options.headers;
    headers.emplace_back("User-Agent", options.user_agent);
    if (const auto fields = check_fields(headers); !fields)
        throw std::invalid_argument(fields.error().message());
    for (const auto& [name, sums] : options.checksums)
        if (const auto read = core::checksum::parse_any_of(sums); !read)
            throw std::invalid_argument("checksums: " + read.error().message());
    return options;
}

}  // namespace asyncdl::engine
