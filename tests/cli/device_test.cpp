// `--output` with what is not a regular file: devices, FIFOs, and what is refused. Devices are
// copies of nodes in a directory of the test's own.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <filesystem>
#include <thread>

#include "bench.hpp"
#include "support/pattern.hpp"
#include "support/wait.hpp"

using namespace asyncdl::test;
using words = std::vector<std::string>;
namespace json = boost::json;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// False, with a message, where devices cannot be made, or not be opened (a mount option).
bool make_node(const bench& b, const std::string& name, mode_t type, unsigned major,
               unsigned minor) {
    const std::string path = (b.dir / name).string();
    if (::mknod(path.c_str(), type | 0666, makedev(major, minor)) != 0) {
        MESSAGE("skipped: no device can be made here");
        return false;
    }
    const int fd = type == S_IFCHR ? ::open(path.c_str(), O_WRONLY | O_CLOEXEC) : -1;
    if (type == S_IFCHR && fd < 0) {
        MESSAGE("skipped: no device can be opened here");
        return false;
    }
    ::close(fd);
    return true;
}

mode_t type_of(const bench& b, const std::string& name) {
    struct stat status {};
    REQUIRE(::lstat((b.dir / name).c_str(), &status) == 0);
    return status.st_mode & S_IFMT;
}

std::string kind_of(const bench& b) {
    const json::value report = json::parse(b.read("r"));
    return std::string(report.at("results").at(0).at("error_kind").as_string());
}

process start(const bench& b, words arguments) {
    process_options options;
    options.directory = b.dir.string();
    return process(b.command(std::move(arguments)), options);
}

// A FIFO in the directory, and the end of its reader.
class fifo {
public:
    explicit fifo(const bench& b) : path_((b.dir / "p").string()) {
        REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    }
    ~fifo() { ::close(reader_); }
    fifo(const fifo&) = delete;
    fifo& operator=(const fifo&) = delete;

    void open() {
        // For writing as well: only a writer can ask for room.
        reader_ = ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(reader_ >= 0);
    }
    void close() { ::close(std::exchange(reader_, -1)); }

    // Whether the writer has to wait.
    bool is_full() const {
        pollfd room{reader_, POLLOUT, 0};
        return ::poll(&room, 1, 0) == 0;
    }

    std::string read(std::size_t size) const {
        std::string bytes(size, '\0');
        std::size_t held = 0;
        REQUIRE(eventually([&] {
            const ssize_t got = ::read(reader_, bytes.data() + held, size - held);
            held += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
            return held == size;
        }));
        return bytes;
    }

private:
    std::string path_;
    int reader_ = -1;
};

constexpr std::size_t much = 1'000'000;

}  // namespace

TEST_SUITE("cli/device") {
    TEST_CASE("a character device is written into and stays what it is") {
        bench b;
        if (!make_node(b, "null", S_IFCHR, 1, 3) || !make_node(b, "full", S_IFCHR, 1, 7)) {
            return;
        }
        std::filesystem::create_symlink("null", b.dir / "link");
        for (const std::string& name : {std::string("null"), std::string("link"),
                                        (b.dir / "null").string(), (b.dir / "link").string()}) {
            CAPTURE(name);
            const auto r = b.run({"-d", ".", "-o", name, "--fsync", b.url("/bytes/1000")});
            CHECK(r.status == 0);
            CHECK(steady(r.out).starts_with("✅ " + name + ": 1000 B, TIME, SPEED\n"));
            CHECK(r.err.empty());
        }
        const auto r = b.run({"-q", "-d", ".", "-o", "full", "--json", "r", b.url("/bytes/1000")});
        CHECK(r.status == 1);
        CHECK(has(r.err, "cannot write to full: No space left on device\n"));
        CHECK(kind_of(b) == "disk_full");
        CHECK(type_of(b, "null") == S_IFCHR);
        CHECK(type_of(b, "full") == S_IFCHR);
        CHECK(type_of(b, "link") == S_IFLNK);
        CHECK(b.dir.names() == words{"full", "link", "null", "r"});
    }

    TEST_CASE("--on-exists has no meaning beside a device, and the device stays what it is") {
        bench b;
        if (!make_node(b, "null", S_IFCHR, 1, 3)) {
            return;
        }
        std::filesystem::create_symlink("null", b.dir / "link");
        for (const std::string mode :
             {"update", "timestamp", "overwrite", "skip", "rename", "fail"}) {
            for (const std::string name : {"null", "link"}) {
                const auto r =
                    b.run({"-d", ".", "-o", name, "--on-exists", mode, b.url("/bytes/1000")});
                CHECK(r.status == 2);
                CHECK(r.out.empty());
                CHECK(r.err == "asyncdl: --on-exists has no meaning with --output " + name +
                                   ": the body is written into " + name + "\n");
            }
        }
        CHECK(b.server.requests("/bytes/1000") == 0);
        CHECK(type_of(b, "null") == S_IFCHR);
        CHECK(b.dir.names() == words{"link", "null"});
    }

    TEST_CASE("a device and a FIFO get the body each time") {
        bench b;
        const bool has_device = make_node(b, "null", S_IFCHR, 1, 3);
        fifo pipe(b);
        pipe.open();
        for (int run = 1; run <= 2; ++run) {
            CHECK(b.run({"-q", "-d", ".", "-o", "p", b.url("/bytes/20000")}).status == 0);
            CHECK(pipe.read(20'000) == pattern(0, 20'000));
            if (has_device) {
                const auto r = b.run({"-d", ".", "-o", "null", b.url("/bytes/20000")});
                CHECK(steady(r.out).starts_with("✅ null: 19.5 KiB, TIME, SPEED\n"));
            }
        }
        for (const request& asked : b.server.requests()) {
            CHECK_FALSE(asked.value("If-None-Match"));
            CHECK_FALSE(asked.value("If-Modified-Since"));
        }
    }

    TEST_CASE("a block device, a socket and a link to one are refused and stay") {
        bench b;
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = (b.dir / "socket").string();
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, path.size());
        REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        ::close(fd);
        words names{"socket"};
        // 240 to 254 are for local use (Linux, admin-guide/devices.txt).
        if (make_node(b, "block", S_IFBLK, 250, 250)) {
            names.emplace_back("block");
        }
        for (const std::string& name : names) {
            CAPTURE(name);
            std::filesystem::create_symlink(name, b.dir / (name + "_link"));
            for (const std::string& given : {name, name + "_link"}) {
                const auto r =
                    b.run({"-q", "-d", ".", "-o", given, "--json", "r", b.url("/bytes/1000")});
                CHECK(r.status == 1);
                CHECK(has(r.err, ": " + given + " is a "));
                CHECK(kind_of(b) == "file");
            }
            CHECK(type_of(b, name) == (name == "block" ? S_IFBLK : S_IFSOCK));
            CHECK(type_of(b, name + "_link") == S_IFLNK);
        }
        CHECK(b.server.requests("/bytes/1000") == 0);
    }

    TEST_CASE("links to files are replaced, and directories are refused") {
        bench b;
        b.write("file", "old");
        std::filesystem::create_symlink("file", b.dir / "link");
        std::filesystem::create_symlink("nowhere", b.dir / "dangling");
        std::filesystem::create_directory(b.dir / "folder");
        CHECK(b.run({"-d", ".", "-o", "link", b.url("/bytes/10")}).status == 0);
        CHECK(b.run({"-d", ".", "-o", "dangling", b.url("/bytes/10")}).status == 0);
        CHECK(b.run({"-d", ".", "-o", "folder", b.url("/bytes/10")}).status == 1);
        CHECK(b.read("file") == "old");
        CHECK(type_of(b, "link") == S_IFREG);
        CHECK(type_of(b, "dangling") == S_IFREG);
        CHECK(b.dir.names() == words{"dangling", "file", "folder", "link"});
    }

    TEST_CASE("a name that leaves the directory leads to no device") {
        bench b;
        std::filesystem::create_directory(b.dir / "in");
        const fifo outside(b);
        const auto r = b.run({"-q", "-d", "in", "-o", "../p", "--json", "r", b.url("/bytes/10")});
        CHECK(r.status == 1);
        CHECK(kind_of(b) == "name");
    }

    TEST_CASE("a FIFO's reader may come later") {
        bench b;
        fifo pipe(b);
        auto program = start(b, {"-d", ".", "-o", "p", b.url("/bytes/1000")});
        REQUIRE(eventually([&] { return b.server.requests("/bytes/1000") == 1; }));
        pipe.open();
        CHECK(pipe.read(1000) == pattern(0, 1000));
        const auto r = program.wait(patience);
        CHECK(r.status == 0);
        CHECK(has(r.out, "✅ p: 1000 B"));
        CHECK(type_of(b, "p") == S_IFIFO);
        CHECK(b.dir.names() == words{"p"});
    }

    TEST_CASE("a FIFO that nobody reads is given up after the connect timeout") {
        bench b;
        const fifo pipe(b);
        const auto r = b.run({"-q", "-d", ".", "-o", "p", "--connect-timeout", "0.1", "--json", "r",
                              b.url("/bytes/1000")});
        CHECK(r.status == 1);
        CHECK(has(r.err,
                  "cannot write to p: nobody opened it for reading within 0.10 s "
                  "(--connect-timeout)\n"));
        CHECK(kind_of(b) == "file");
        CHECK(b.server.requests("/bytes/1000") == 1);
    }

    TEST_CASE("a FIFO is not opened for a response that has no body for it") {
        bench b;
        const fifo pipe(b);
        const auto r = b.run({"-q", "-d", ".", "-o", "p", b.url("/status/404")});
        CHECK(r.status == 1);
        CHECK(has(r.err, "404"));
    }

    TEST_CASE("a reader that rests is waited for, longer than for a byte of the server's") {
        bench b;
        fifo pipe(b);
        pipe.open();
        const std::string path = "/bytes/" + std::to_string(much);
        auto program = start(b, {"-q", "-d", ".", "-o", "p", "--timeout", "2", b.url(path)});
        REQUIRE(eventually([&] { return pipe.is_full(); }));
        // No event can tell that nothing happens. The origin never pauses for so long.
        std::this_thread::sleep_for(std::chrono::milliseconds(2500));
        CHECK(pipe.read(much) == pattern(0, much));
        const auto r = program.wait(patience);
        CHECK(r.status == 0);
        CHECK(r.err.empty());
        CHECK(b.server.requests(path) == 1);
    }

    TEST_CASE("a signal ends a program whose reader rests, or has not come") {
        for (const std::string threads : {"1", "3"}) {
            for (const bool is_open : {true, false}) {
                CAPTURE(threads);
                CAPTURE(is_open);
                bench b;
                fifo pipe(b);
                const std::string path = "/bytes/" + std::to_string(much);
                const words arguments{"-q",        "-d",    ".",      "-o", "p",
                                      "--threads", threads, "--json", "r",  b.url(path)};
                if (is_open) {
                    pipe.open();
                }
                auto program = start(b, arguments);
                REQUIRE(eventually(
                    [&] { return is_open ? pipe.is_full() : b.server.requests(path) == 1; }));
                program.signal(SIGINT);
                const auto r = program.wait(patience);
                CHECK_FALSE(r.timed_out);
                CHECK(r.status == 130);
                CHECK(kind_of(b) == "cancelled");
            }
        }
    }

    TEST_CASE("the time for a whole download counts while the reader rests") {
        bench b;
        fifo pipe(b);
        pipe.open();
        const auto r = b.run({"-q", "-d", ".", "-o", "p", "--max-time", "0.3", "--json", "r",
                              b.url("/bytes/" + std::to_string(much))});
        CHECK(r.status == 1);
        CHECK(kind_of(b) == "timeout");
        CHECK(has(r.err, "the download took longer than "));
    }

    TEST_CASE("a reader that goes away is a failure of the file, and nothing is tried again") {
        bench b;
        fifo pipe(b);
        pipe.open();
        const std::string path = "/bytes/" + std::to_string(much);
        auto program = start(b, {"-q", "-d", ".", "-o", "p", "--json", "r", b.url(path)});
        REQUIRE(eventually([&] { return pipe.is_full(); }));
        pipe.close();
        const auto r = program.wait(patience);
        CHECK(r.status == 1);
        CHECK(has(r.err, ": cannot write to p: Broken pipe\n"));
        CHECK(kind_of(b) == "file");
        CHECK(b.server.requests(path) == 1);
    }
}
