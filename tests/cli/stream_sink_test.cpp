#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <asyncdl/error.hpp>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <csignal>
#include <future>

#include "cli/stream_sink.hpp"
#include "support/pattern.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

using namespace asyncdl;
using namespace asyncdl::cli;
using namespace asyncdl::test;
using boost::system::error_code;
namespace asio = boost::asio;

namespace {

// More than a pipe, a socket or a terminal holds.
constexpr std::size_t much = 3'000'000;

asio::awaitable<error_code> store(stream_sink& sink, std::string bytes) {
    error_code error = co_await sink.open(bytes.size());
    if (!error) {
        error = co_await sink.write(0, std::as_bytes(std::span(bytes)));
    }
    if (!error) {
        error = co_await sink.sync();
    }
    if (error) {
        co_return error;
    }
    co_return co_await sink.commit(bytes.size());
}

// A descriptor of the test's, which the sink gets a duplicate of, and the end of its reader.
struct channel {
    channel(int read_end, int write_end) : reader(read_end), writer(write_end) {}

    stream_sink sink() const {
        stream_target target;
        target.name = "it";
        target.descriptor = unique_fd(::fcntl(writer.native(), F_DUPFD_CLOEXEC, 3));
        return stream_sink(std::move(target), {});
    }

    std::string read() const {
        std::string bytes(65536, '\0');
        pollfd readable{reader.native(), POLLIN, 0};
        const bool is_there = ::poll(&readable, 1, 0) == 1;
        const ssize_t got = is_there ? ::read(reader.native(), bytes.data(), bytes.size()) : 0;
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return bytes;
    }

    unique_fd reader;
    unique_fd writer;
};

channel pipe_channel() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {ends[0], ends[1]};
}

channel socket_channel() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {ends[0], ends[1]};
}

// The terminal that a program has, and the master that shows what it prints; none where no
// pseudo-terminal can be made. `from_master`: the other way round.
std::optional<channel> terminal_channel(bool from_master) {
    unique_fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (master.native() < 0 || ::grantpt(master.native()) != 0 ||
        ::unlockpt(master.native()) != 0) {
        MESSAGE("skipped: no pseudo-terminal can be made");
        return std::nullopt;
    }
    unique_fd slave(::open(::ptsname(master.native()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (slave.native() < 0) {
        MESSAGE("skipped: no pseudo-terminal can be opened");
        return std::nullopt;
    }
    termios raw{};
    REQUIRE(::tcgetattr(slave.native(), &raw) == 0);
    ::cfmakeraw(&raw);
    REQUIRE(::tcsetattr(slave.native(), TCSANOW, &raw) == 0);
    const int reader = ::dup(from_master ? slave.native() : master.native());
    const int writer = ::dup(from_master ? master.native() : slave.native());
    return channel(reader, writer);
}

// Everything arrives although the reader rests first, and the shared open file stays as it was.
void check_passes_on(const channel& through, std::size_t size) {
    const int before = ::fcntl(through.writer.native(), F_GETFL);
    REQUIRE((before & O_NONBLOCK) == 0);
    stream_sink sink = through.sink();
    asio::io_context loop(1);
    auto stored = asio::co_spawn(loop, store(sink, pattern(0, size)), asio::use_future);
    // Until it waits for the reader: the loop is not held up.
    loop.run_for(std::chrono::milliseconds(50));
    CHECK(stored.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    CHECK(::fcntl(through.writer.native(), F_GETFL) == before);
    std::string got;
    const auto end = std::chrono::steady_clock::now() + patience;
    while (got.size() < size && std::chrono::steady_clock::now() < end) {
        loop.run_for(std::chrono::milliseconds(1));
        got += through.read();
    }
    CHECK(got == pattern(0, size));
    CHECK_FALSE(run_for_result(loop, std::move(stored)));
}

void check_ends_when_interrupted(const channel& through) {
    stream_sink sink = through.sink();
    asio::io_context loop(1);
    auto stored = asio::co_spawn(loop, store(sink, pattern(0, much)), asio::use_future);
    loop.run_for(std::chrono::milliseconds(20));
    sink.interrupt();
    CHECK(run_for_result(loop, std::move(stored)));
    CHECK(runs_out_of_work(loop));
}

}  // namespace

TEST_SUITE("cli/stream_sink") {
    TEST_CASE("a pipe whose reader rests is waited for") {
        check_passes_on(pipe_channel(), much);
        check_ends_when_interrupted(pipe_channel());
    }

    TEST_CASE("so is a socket, which cannot be opened anew") {
        check_passes_on(socket_channel(), much);
        check_ends_when_interrupted(socket_channel());
    }

    TEST_CASE("so is a terminal, and its master") {
        for (const bool from_master : {false, true}) {
            CAPTURE(from_master);
            if (const auto terminal = terminal_channel(from_master)) {
                check_passes_on(*terminal, 200'000);
                check_ends_when_interrupted(*terminal);
            }
        }
    }

    TEST_CASE("a pipe without a reader is an error with a line") {
        std::signal(SIGPIPE, SIG_IGN);  // as the program does
        channel pipe = pipe_channel();
        pipe.reader.close();
        stream_sink sink = pipe.sink();
        asio::io_context loop(1);
        auto stored = asio::co_spawn(loop, store(sink, "x"), asio::use_future);
        CHECK(run_for_result(loop, std::move(stored)) == errc::file);
        CHECK(sink.failure() == "cannot write to it: Broken pipe");
    }

    TEST_CASE("a FIFO stays open until the commit, over a discard as well") {
        const temp_dir dir;
        stream_target target;
        target.name = "p";
        target.path = (dir / "p").string();
        REQUIRE(::mkfifo(target.path.c_str(), 0600) == 0);
        const unique_fd reader(::open(target.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        stream_sink sink(std::move(target), {});
        asio::io_context loop(1);
        const auto has_writer = [&] {
            char byte = 0;
            return ::read(reader.native(), &byte, 1) < 0 && errno == EAGAIN;
        };
        CHECK_FALSE(has_writer());
        CHECK_FALSE(
            run_for_result(loop, asio::co_spawn(loop, sink.open(std::nullopt), asio::use_future)));
        CHECK(has_writer());
        auto discarded = asio::co_spawn(loop, sink.discard(), asio::use_future);
        CHECK(runs_out_of_work(loop));
        discarded.get();
        CHECK(has_writer());
        CHECK_FALSE(
            run_for_result(loop, asio::co_spawn(loop, sink.open(std::nullopt), asio::use_future)));
        CHECK(has_writer());
        CHECK_FALSE(run_for_result(loop, asio::co_spawn(loop, sink.commit(0), asio::use_future)));
        CHECK_FALSE(has_writer());
    }

    TEST_CASE("what took a device's place meanwhile is not written into") {
        const temp_dir dir;
        stream_target target;
        target.name = "d";
        target.path = (dir / "d").string();
        write_file(target.path, "theirs");
        stream_sink sink(std::move(target), {});
        asio::io_context loop(1);
        auto stored = asio::co_spawn(loop, store(sink, "ours"), asio::use_future);
        CHECK(run_for_result(loop, std::move(stored)) == errc::file);
        CHECK(read_file(dir / "d") == "theirs");
        CHECK(sink.failure() == "cannot write to d: it is neither a device nor a FIFO any more");
    }
}
