#include "cli/input_file.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace asyncdl::cli {

namespace asio = boost::asio;

namespace {

boost::system::error_code last_error() {
    return {errno, boost::system::system_category()};
}

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace

boost::system::result<input_file> input_file::open(const std::string& path) {
    const bool is_stdin = path == "-";
    input_file input(is_stdin ? "standard input" : path);
    input.file_ = unique_fd(is_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                     : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat status {};
    if (input.file_.native() < 0 || ::fstat(input.file_.native(), &status) != 0) {
        return last_error();
    }
    // A pipe's other end, or a standard input that was closed: only a read would tell.
    const int mode = ::fcntl(input.file_.native(), F_GETFL);
    if ((mode & O_ACCMODE) == O_WRONLY || (mode & O_PATH) != 0) {
        return boost::system::error_code(EBADF, boost::system::system_category());
    }
    if (S_ISDIR(status.st_mode)) {
        return boost::system::error_code(EISDIR, boost::system::system_category());
    }
    if (const auto error = input.watch()) {
        return error;
    }
    return input;
}

// Asio would set O_NONBLOCK, which a descriptor shares with the shell and whoever else has the same
// terminal or pipe. So it is given an epoll instance of our own to wait on, and the file is read
// once that has something to tell.
boost::system::error_code input_file::watch() {
    unique_fd instance(::epoll_create1(EPOLL_CLOEXEC));
    if (instance.native() < 0) {
        return last_error();
    }
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(instance.native(), EPOLL_CTL_ADD, file_.native(), &event) != 0) {
        // EPERM: a regular file or the like, where a read never waits.
        return errno == EPERM ? boost::system::error_code() : last_error();
    }
    watched_ = std::move(instance);
    return {};
}

boost::system::result<std::size_t> input_file::read(std::span<char> space) {
    ssize_t received = 0;
    do {
        received = ::read(file_.native(), space.data(), space.size());
    } while (received < 0 && errno == EINTR);
    if (received < 0) {
        return last_error();
    }
    return static_cast<std::size_t>(received);
}

std::string input_file::beginning() const {
    std::string bytes(4, '\0');
    const ::off_t at = waits() ? -1 : ::lseek(native(), 0, SEEK_CUR);
    const ssize_t size = at < 0 ? 0 : ::pread(native(), bytes.data(), bytes.size(), at);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
}

asio::awaitable<boost::system::result<input_file::readiness>> input_file::async_readable(
    std::optional<std::chrono::milliseconds> wait) {
    using namespace asio::experimental::awaitable_operators;
    const auto executor = co_await asio::this_coro::executor;
    // Calls come from different threads, each with a reactor of its own: the descriptor is given to
    // the caller's for this one wait.
    asio::posix::stream_descriptor descriptor(executor);
    boost::system::error_code error;
    descriptor.assign(::fcntl(watched_.native(), F_DUPFD_CLOEXEC, 3), error);
    if (error) {
        co_return error;
    }
    constexpr auto readable = asio::posix::stream_descriptor::wait_read;
    if (!wait) {
        const auto [failed] = co_await descriptor.async_wait(readable, as_result);
        if (failed) {
            co_return failed;
        }
        co_return readiness::bytes;
    }
    asio::steady_timer timer(executor, *wait);
    const auto first =
        co_await (descriptor.async_wait(readable, as_result) || timer.async_wait(as_result));
    const bool timer_first = first.index() == 1;
    const auto [failed] = timer_first ? std::get<1>(first) : std::get<0>(first);
    if (failed) {
        co_return failed;
    }
    co_return timer_first ? readiness::silence : readiness::bytes;
}

}  // namespace asyncdl::cli
