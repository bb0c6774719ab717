// Runs every target over its known inputs: the seeds, and what once was a crash. A file is named
// before it is run, so that the last name of the output is that of the input that failed.
// Call: PROGRAM CORPUS

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "fuzz/target.hpp"

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "call: " << arguments[0] << " CORPUS\n";
        return 2;
    }
    bool complete = true;
    for (const asyncdl::fuzz::target& each : asyncdl::fuzz::targets()) {
        const auto folder = std::filesystem::path(arguments[1]) / each.name;
        std::size_t inputs = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            std::cout << entry.path().string() << std::endl;
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string bytes(std::istreambuf_iterator<char>(file), {});
            complete = complete && !file.bad();
            each.run(bytes);
            ++inputs;
        }
        std::cout << each.name << ": " << inputs << " inputs" << std::endl;
        complete = complete && inputs > 0;
    }
    return complete ? 0 : 1;
}
