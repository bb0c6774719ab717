#pragma once
// A named pipe that the test has open at both ends, so that neither opening nor reading it in the
// program meets an end before the test closes it. Owned by the test.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "support/wait.hpp"

namespace asyncdl::test {

class named_pipe {
public:
    explicit named_pipe(const std::string& path) {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        end_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        REQUIRE(end_ >= 0);
    }
    ~named_pipe() { close(); }
    named_pipe(const named_pipe&) = delete;
    named_pipe& operator=(const named_pipe&) = delete;

    void write(std::string_view text) {
        REQUIRE(::write(end_, text.data(), text.size()) == static_cast<::ssize_t>(text.size()));
    }

    /// Waits until everything that was written has been read.
    bool is_read() const {
        return eventually([&] {
            int held = 0;
            return ::ioctl(end_, FIONREAD, &held) == 0 && held == 0;
        });
    }

    void close() {
        if (end_ >= 0) {
            ::close(end_);
            end_ = -1;
        }
    }

private:
    int end_ = -1;
};

}  // namespace asyncdl::test
