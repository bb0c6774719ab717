#include "cli/output_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

using asyncdl::cli::output_file;

TEST_SUITE("cli/output_file") {
    TEST_CASE("a pipe that is non-blocking and full is waited for") {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
        const std::string text(4'000'000, 'x');  // far more than a pipe holds
        output_file out(ends[1], "pipe");
        std::size_t received = 0;
        std::thread reader([&] {
            std::array<char, 4096> block;
            for (ssize_t size = 0; (size = ::read(ends[0], block.data(), block.size())) > 0;) {
                received += static_cast<std::size_t>(size);
            }
        });
        out.write(text);
        ::close(ends[1]);
        reader.join();
        ::close(ends[0]);
        CHECK(out.failure().empty());
        CHECK(received == text.size());
    }
}
