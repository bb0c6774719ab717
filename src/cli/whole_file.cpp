#include "cli/whole_file.hpp"

#include <poll.h>

#include <span>
#include <utility>

#include "cli/settings.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

usage_error unreadable(std::string_view option, const std::string& name, const std::string& why) {
    return usage_error(std::string(option) + ": " + shown_value(name) + ": " + why);
}

}  // namespace

input_file open_file(const std::string& path, std::string_view option) {
    boost::system::result<input_file> file = input_file::open(path);
    if (!file) {
        throw unreadable(option, path, file.error().message());
    }
    return *std::move(file);
}

std::string read_whole(input_file& file, std::string_view option, std::size_t limit) {
    constexpr std::size_t block = 64 * 1024;
    std::string text;
    for (;;) {
        // Whoever shares a pipe may have made it non-blocking.
        pollfd readable{file.native(), POLLIN, 0};
        ::poll(&readable, 1, -1);
        const std::size_t held = text.size();
        text.resize(held + block);
        const boost::system::result<std::size_t> received =
            file.read(std::span(text).subspan(held));
        if (!received) {
            throw unreadable(option, file.name(), received.error().message());
        }
        text.resize(held + *received);
        if (*received == 0) {
            return text;
        }
        if (text.size() > limit * 1024 * 1024) {
            throw usage_error(std::string(option) + ": " + shown_value(file.name()) +
                              " is longer than " + std::to_string(limit) + " MiB");
        }
    }
}

}  // namespace asyncdl::cli
