#pragma once
// What the tests of the program share: the scripted origin, a directory in which the program runs,
// and ways to run it. Owned by the test, used by its thread.

#include <string>
#include <string_view>
#include <vector>

#include "support/origin.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace asyncdl::test {

class bench {
public:
    bench();

    /// Runs the program in the directory.
    process_result run(std::vector<std::string> arguments, std::string input = {}) const;

    /// Runs a line of shell in the directory; `$0` is the program, `$1` the origin.
    process_result shell(const std::string& line) const;

    /// The same in the background.
    process start(std::vector<std::string> arguments) const;
    process start_shell(const std::string& line) const;

    /// The command line of the program.
    std::vector<std::string> command(std::vector<std::string> arguments) const;

    std::string url(std::string_view path) const { return server.url(path); }
    void write(std::string_view name, std::string_view text) const;
    std::string read(std::string_view name) const;
    bool exists(std::string_view name) const;

    temp_dir dir;
    origin server;
};

/// `text` with the parts that differ from run to run ("0.01 s", "1.2 KiB/s") as "TIME" and "SPEED".
std::string steady(std::string_view text);

}  // namespace asyncdl::test
