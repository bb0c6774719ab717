#include "cli/stream_sink.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <asyncdl/error.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/result.hpp>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace asio = boost::asio;
using asio::awaitable;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// How often a FIFO is tried that nobody reads yet: nothing tells when somebody does.
constexpr std::chrono::milliseconds reader_interval{20};
constexpr std::chrono::milliseconds room_interval{10};

// A terminal is writable while fewer than 256 bytes wait (WAKEUP_CHARS in Linux's tty.h).
constexpr std::size_t terminal_piece = 256;

// Tells when there is room in `fd`, without a change to it; none if it never makes a writer wait.
boost::system::result<unique_fd> watched(int fd) {
    unique_fd instance(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLOUT;
    if (instance.native() < 0 || ::epoll_ctl(instance.native(), EPOLL_CTL_ADD, fd, &event) != 0) {
        // EPERM: a regular file, or a device like /dev/null.
        return errno == EPERM ? boost::system::result<unique_fd>(unique_fd())
                              : error_code(errno, boost::system::system_category());
    }
    return instance;
}

/// A descriptor in the reactor of an executor, for as long as this lives; it stays its owner's.
class lent_descriptor {
public:
    explicit lent_descriptor(const asio::any_io_executor& executor) : descriptor_(executor) {}
    ~lent_descriptor() {
        if (descriptor_.is_open()) {
            descriptor_.release();
        }
    }
    lent_descriptor(const lent_descriptor&) = delete;
    lent_descriptor& operator=(const lent_descriptor&) = delete;

    asio::posix::stream_descriptor* operator->() noexcept { return &descriptor_; }

private:
    asio::posix::stream_descriptor descriptor_;
};

}  // namespace

stream_sink::stream_sink(stream_target target, options how)
    : target_(std::move(target)), options_(how) {}

awaitable<error_code> stream_sink::open(std::optional<std::uint64_t>) {
    if (file_.native() >= 0) {
        co_return error_code();
    }
    if (!target_.path.empty()) {
        co_return co_await open_path();
    }
    struct stat status {};
    if (::fstat(target_.descriptor.native(), &status) != 0) {
        co_return fail(errno);
    }
    unique_fd own = opened_anew(target_.descriptor.native());
    const bool is_own = own.native() >= 0;
    co_return use(is_own ? std::move(own) : std::move(target_.descriptor), is_own);
}

awaitable<error_code> stream_sink::open_path() {
    const auto now = &std::chrono::steady_clock::now;
    const auto begin = now();
    for (;;) {
        unique_fd opened(
            ::open(target_.path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        const int error = opened.native() < 0 ? errno : 0;
        struct stat status {};
        const bool found = (error == 0 ? ::fstat(opened.native(), &status)
                                       : ::stat(target_.path.c_str(), &status)) == 0;
        const bool is_fifo = found && S_ISFIFO(status.st_mode);
        if (error == 0) {
            if (!is_fifo && !S_ISCHR(status.st_mode)) {
                co_return fail("it is neither a device nor a FIFO any more");
            }
            co_return use(std::move(opened), true);
        }
        if (error != EINTR && (error != ENXIO || !is_fifo)) {
            co_return fail(error);
        }
        if (now() - begin >= options_.reader_timeout) {
            co_return fail("nobody opened it for reading within " +
                           readable_time(options_.reader_timeout) + " (--connect-timeout)");
        }
        if (const error_code stopped = co_await pause(reader_interval)) {
            co_return stopped;
        }
    }
}

// `is_own`: nobody else has this open file, and its writes do not block.
error_code stream_sink::use(unique_fd fd, bool is_own) {
    struct stat status {};
    if (::fstat(fd.native(), &status) != 0) {
        return fail(errno);
    }
    boost::system::result<unique_fd> watch = watched(fd.native());
    if (!watch) {
        return fail(watch.error().value());
    }
    watch_ = *std::move(watch);
    is_socket_ = S_ISSOCK(status.st_mode);
    if (!is_own && !is_socket_ && watch_.native() >= 0) {
        piece_ = S_ISFIFO(status.st_mode) ? PIPE_BUF : terminal_piece;
    }
    file_ = std::move(fd);
    return {};
}

awaitable<error_code> stream_sink::write(std::uint64_t, std::span<const std::byte> data) {
    while (!data.empty()) {
        if (piece_ != 0) {
            if (const error_code error = co_await wait_for_room()) {
                co_return error;
            }
        }
        const auto piece = piece_ != 0 ? data.first(std::min(piece_, data.size())) : data;
        const ssize_t written = put(piece);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written == 0 || (written < 0 && errno != EAGAIN)) {
            co_return fail(written == 0 ? EIO : errno);
        }
        data = data.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
        // Less than all: the next write would find no room, except in a file.
        const bool is_full = written < 0 || (!data.empty() && watch_.native() >= 0);
        if (is_full && piece_ == 0) {
            if (const error_code error = co_await wait_for_room()) {
                co_return error;
            }
        }
    }
    co_return error_code();
}

ssize_t stream_sink::put(std::span<const std::byte> data) const {
    return is_socket_
               ? ::send(file_.native(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
               : ::write(file_.native(), data.data(), data.size());
}

awaitable<error_code> stream_sink::wait_for_room() {
    if (watch_.native() < 0) {
        // A device that has no room, and does not tell when it has some.
        co_return co_await pause(room_interval);
    }
    if (interrupted_) {
        co_return make_error_code(asio::error::operation_aborted);
    }
    // For this wait alone: the sink outlives the reactor.
    lent_descriptor room(co_await asio::this_coro::executor);
    error_code error;
    room->assign(watch_.native(), error);
    if (error) {
        co_return fail(error.value());
    }
    wake_ = [&room] {
        error_code ignored;
        room->cancel(ignored);
    };
    const auto [failed] =
        co_await room->async_wait(asio::posix::descriptor_base::wait_read, as_result);
    wake_ = nullptr;
    co_return failed;
}

awaitable<error_code> stream_sink::pause(std::chrono::milliseconds time) {
    if (interrupted_) {
        co_return make_error_code(asio::error::operation_aborted);
    }
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    wake_ = [&timer] { timer.cancel(); };
    const auto [failed] = co_await timer.async_wait(as_result);
    wake_ = nullptr;
    co_return failed;
}

awaitable<error_code> stream_sink::sync() {
    // EINVAL, EROFS: a pipe or a device, which nothing makes durable.
    const bool failed = ::fsync(file_.native()) != 0 && errno != EINVAL && errno != EROFS;
    co_return failed ? fail(errno) : error_code();
}

awaitable<error_code> stream_sink::commit(std::uint64_t) {
    watch_ = unique_fd();
    // Some file systems tell only now that a write failed.
    co_return file_.close() ? error_code() : fail(errno);
}

awaitable<void> stream_sink::discard() {
    co_return;  // nothing can be taken back
}

void stream_sink::interrupt() noexcept {
    interrupted_ = true;
    if (wake_) {
        wake_();
    }
}

error_code stream_sink::fail(int error) {
    fail(std::generic_category().message(error));
    const bool is_full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return make_error_code(is_full ? errc::disk_full : errc::file);
}

error_code stream_sink::fail(std::string why) {
    failure_ = "cannot write to " + target_.name + ": " + why;
    return make_error_code(errc::file);
}

}  // namespace asyncdl::cli
