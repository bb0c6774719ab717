#include "cli/line_writer.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "support/wait.hpp"

using namespace asyncdl::cli;
using asyncdl::test::eventually;
using asyncdl::test::soon;
using enum line_writer::weight;

namespace {

std::string missing(std::uint64_t lines) {
    return "missing: " + std::to_string(lines) + "\n";
}

// A pipe that the test reads once it wants to.
class pipe_reader {
public:
    pipe_reader() { REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0); }
    ~pipe_reader() {
        close_writer();
        ::close(ends_[0]);
    }
    pipe_reader(const pipe_reader&) = delete;
    pipe_reader& operator=(const pipe_reader&) = delete;

    std::unique_ptr<line_writer> writer() const {
        return std::make_unique<line_writer>(std::make_unique<output_file>(ends_[1], "pipe"),
                                             missing);
    }

    /// Some bytes; fewer at the end.
    std::string read(std::size_t size) const {
        std::string text(size, '\0');
        std::size_t got = 0;
        for (::ssize_t step = 1; step > 0 && got < size; got += static_cast<std::size_t>(step)) {
            step = ::read(ends_[0], text.data() + got, size - got);
            REQUIRE(step >= 0);
        }
        text.resize(got);
        return text;
    }

    std::string read_some() const {
        std::string text(65'536, '\0');
        const ::ssize_t got = ::read(ends_[0], text.data(), text.size());
        REQUIRE(got > 0);
        text.resize(static_cast<std::size_t>(got));
        return text;
    }

    /// Waits until it takes no more.
    bool is_full() const {
        return eventually([&] {
            pollfd room{ends_[1], POLLOUT, 0};
            return ::poll(&room, 1, 0) == 0;
        });
    }

    void close_writer() {
        if (ends_[1] >= 0) {
            ::close(std::exchange(ends_[1], -1));
        }
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

std::string numbered(unsigned number) {
    std::string text = std::to_string(number);
    return std::string(999 - text.size(), '.') + text + "\n";
}

// 10 MB. The thread hangs before the room for what waits is full, so that there is one gap.
void write_many(line_writer& to, const pipe_reader& pipe, line_writer::weight what) {
    for (unsigned i = 0; i < 10'000; ++i) {
        to.write(numbered(i), what);
        if (i == 200) {
            REQUIRE(pipe.is_full());
        }
    }
}

}  // namespace

TEST_SUITE("cli/line_writer") {
    TEST_CASE("nobody waits for a reader; what is lost is told in its place, errors are kept") {
        pipe_reader pipe;
        auto to = pipe.writer();
        write_many(*to, pipe, ordinary);
        to->write("an error\n", important);
        std::string text;
        std::thread reader([&] { text = pipe.read(std::size_t{4} * 1024 * 1024); });
        CHECK(to->finish().empty());
        pipe.close_writer();
        reader.join();

        unsigned whole = 0;
        while (text.substr(whole * 1000UL, 1000) == numbered(whole)) {
            ++whole;
        }
        CHECK(whole >= line_writer::max_waiting / 1000);
        CHECK(text.substr(whole * 1000UL) == "an error\n" + missing(10'000 - whole));
    }

    TEST_CASE("after a gap the lines go on") {
        pipe_reader pipe;
        auto to = pipe.writer();
        write_many(*to, pipe, ordinary);
        std::string text;
        while (!text.ends_with('\n') || text.find("missing") == text.npos) {
            text = text.substr(text.size() > 100 ? text.size() - 100 : 0) + pipe.read_some();
        }
        to->write("later\n", ordinary);
        CHECK(pipe.read(6) == "later\n");
        CHECK(to->finish().empty());
    }

    TEST_CASE("important lines are bounded as well") {
        pipe_reader pipe;
        auto to = pipe.writer();
        write_many(*to, pipe, important);
        std::string text;
        std::thread reader([&] { text = pipe.read(std::size_t{4} * 1024 * 1024); });
        CHECK(to->finish().empty());
        pipe.close_writer();
        reader.join();
        CHECK(text.size() < 2 * line_writer::max_waiting + 300'000);
        CHECK(text.find("missing: ") != text.npos);
    }

    TEST_CASE("the end waits for a reader that goes on, and not long for one that does not") {
        pipe_reader slow;
        auto to = slow.writer();
        const std::string text(300'000, 'x');
        to->write(text + "\n", ordinary);
        std::string got;
        std::thread reader([&] {
            while (got.size() <= text.size()) {
                got += slow.read(100'000);
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
            }
        });
        CHECK(to->finish().empty());
        slow.close_writer();
        reader.join();
        CHECK(got == text + "\n");

        pipe_reader stalled;
        auto other = stalled.writer();
        other->write(text + "\n", ordinary);
        const auto before = std::chrono::steady_clock::now();
        CHECK(other->finish() ==
              "pipe: its reader took nothing for 3 s, which ends the wait for it");
        CHECK(std::chrono::steady_clock::now() - before < soon);
    }

    TEST_CASE("a line of progress is dropped while others wait") {
        pipe_reader pipe;
        auto to = pipe.writer();
        to->write_if_idle("first\n");
        CHECK(pipe.read(6) == "first\n");
        const std::string text(100'000, 'x');
        to->write(text + "\n", ordinary);
        to->write_if_idle("dropped\n");
        CHECK(pipe.read(text.size() + 1) == text + "\n");
        to->finish();
        pipe.close_writer();
        CHECK(pipe.read(1).empty());
    }

    TEST_CASE("without a line there is no thread to wait for") {
        pipe_reader pipe;
        CHECK(pipe.writer()->finish().empty());
    }
}
