#include "bench.hpp"

#include <cstdlib>
#include <regex>

#include "support/routes.hpp"

namespace asyncdl::test {

bench::bench() {
    // AddressSanitizer's own exit status is 1, that of a failed download.
    ::setenv("ASAN_OPTIONS", "exitcode=99", 0);
    add_routes(server);
}

process_result bench::run(std::vector<std::string> arguments, std::string input) const {
    process_options options;
    options.directory = dir.string();
    options.input = std::move(input);
    return run_process(command(std::move(arguments)), options);
}

process_result bench::shell(const std::string& line) const {
    return start_shell(line).wait(process_options().bound);
}

process bench::start(std::vector<std::string> arguments) const {
    process_options options;
    options.directory = dir.string();
    return process(command(std::move(arguments)), options);
}

process bench::start_shell(const std::string& line) const {
    process_options options;
    options.directory = dir.string();
    return process({"/bin/sh", "-c", line, ASYNCDL_PROGRAM, server.url("")}, options);
}

std::vector<std::string> bench::command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), ASYNCDL_PROGRAM);
    return arguments;
}

void bench::write(std::string_view name, std::string_view text) const {
    write_file(dir / name, text);
}

std::string bench::read(std::string_view name) const {
    return read_file(dir / name);
}

bool bench::exists(std::string_view name) const {
    return std::filesystem::exists(dir / name);
}

std::string steady(std::string_view text) {
    static const std::regex speed("[0-9.]+ [KMGTP]?i?B/s");
    static const std::regex time("([0-9]+ min )?[0-9.]+ s\\b");
    return std::regex_replace(std::regex_replace(std::string(text), speed, "SPEED"), time, "TIME");
}

}  // namespace asyncdl::test
