#include "cli/list_reader.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// Long enough for whoever writes an entry and its options in two steps on a busy machine.
constexpr std::chrono::milliseconds option_wait{1000};

// A list may hold gigabytes without an entry. Blank lines take longest: 60 ms for this much.
constexpr std::size_t turn_bytes = 1024 * 1024;

}  // namespace

list_reader::list_reader(std::vector<download_request> arguments, std::vector<input_file> lists,
                         list_parser::warning warn)
    : arguments_(std::move(arguments)), lists_(std::move(lists)), parser_(std::move(warn)) {
    begin_list();
}

boost::asio::awaitable<boost::system::result<std::optional<download_request>>>
list_reader::async_next() {
    for (;;) {
        if (std::optional<download_request> entry = try_next()) {
            co_return entry;
        }
        if (error_) {
            co_return error_;
        }
        if (list_ == lists_.size()) {
            co_return std::optional<download_request>();
        }
        if (lists_[list_].waits()) {
            co_await async_fill();
        } else {
            co_await async_turn();
        }
    }
}

std::optional<download_request> list_reader::try_next() {
    if (next_argument_ < arguments_.size()) {
        return std::move(arguments_[next_argument_++]);
    }
    read_ = 0;
    while (list_ < lists_.size()) {
        if (std::optional<download_request> entry = parse_buffered()) {
            return entry;
        }
        if (error_) {
            break;
        }
        if (list_end_) {
            ++list_;
            begin_list();
        } else if (!lists_[list_].waits() && read_ < turn_bytes) {
            fill();
        } else {
            break;
        }
    }
    return std::nullopt;
}

std::optional<download_request> list_reader::parse_buffered() {
    while (const std::optional<line_splitter::line> line = lines_.next()) {
        if (std::optional<download_request> entry = parser_.take(*line)) {
            return entry;
        }
    }
    if (list_end_ || error_) {
        return parser_.finish();
    }
    return std::exchange(idle_, false) ? parser_.give_early() : std::nullopt;
}

boost::asio::awaitable<void> list_reader::async_fill() {
    std::optional<std::chrono::milliseconds> wait;
    if (parser_.pending() && !lines_.begins_with_blank()) {
        wait = option_wait;
    }
    const boost::system::result<input_file::readiness> readable =
        co_await lists_[list_].async_readable(wait);
    if (!readable) {
        fail(readable.error());
    } else if (*readable == input_file::readiness::silence) {
        idle_ = true;
    } else {
        fill();
    }
}

/// Lets the downloads, the timers and the signals go on.
boost::asio::awaitable<void> list_reader::async_turn() {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        fail(boost::asio::error::operation_aborted);
    }
}

void list_reader::fill() {
    const std::span<char> space = lines_.space();
    const boost::system::result<std::size_t> received = lists_[list_].read(space);
    if (!received) {
        fail(received.error());
    } else if (*received == 0) {
        list_end_ = true;
        lines_.finish();
    } else if (const auto form = std::exchange(begun_, true)
                                     ? std::string_view()
                                     : unreadable_form({space.data(), *received});
               !form.empty()) {
        unusable_ = true;
        error_ = make_error_code(boost::system::errc::illegal_byte_sequence);
        failure_ = shown_value(lists_[list_].name()) + " is " + std::string(form);
    } else {
        read_ += *received;
        lines_.received(*received);
    }
}

void list_reader::fail(boost::system::error_code error) {
    error_ = error;
    if (error_ != boost::asio::error::operation_aborted) {
        failure_ = shown_value(lists_[list_].name()) + ": " + error_.message();
    }
}

void list_reader::begin_list() {
    list_end_ = false;
    begun_ = false;
    lines_ = line_splitter();
    if (list_ < lists_.size()) {
        parser_.begin(lists_[list_].name());
    }
}

}  // namespace asyncdl::cli
