#include "cli/program.hpp"

int main(int argc, char** argv) {
    return asyncdl::cli::run(argc, argv);
}
