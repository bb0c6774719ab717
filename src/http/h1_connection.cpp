#include "http/h1_connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>

#include "core/seconds.hpp"

namespace asyncdl::http {

namespace asio = boost::asio;
using net::readiness;

namespace {

constexpr unsigned max_interim = 16;
constexpr std::size_t head_step = 16 * 1024;  // read at once while a head is wanted
constexpr std::size_t kept_capacity = 2 * head_step;
constexpr unsigned head_patience = 4;  // times the wait for a byte
constexpr auto drain_patience = std::chrono::seconds(2);

/// Where heads are received before it is known how long they are. Nothing stays in it across a
/// wait.
std::span<std::byte> head_space() {
    static thread_local std::array<std::byte, head_step> space;
    return space;
}

}  // namespace

h1_connection::h1_connection(std::unique_ptr<net::stream> stream, patience bounds)
    : stream_(std::move(stream)), bounds_(bounds) {}

bool h1_connection::renew() {
    reused_ = true;
    return stream_->is_quiet();
}

bool h1_connection::reusable() const noexcept {
    return complete_ && framing_.keep_alive && inbox_used_ == inbox_.size();
}

bool h1_connection::is_left_to_server() const noexcept {
    return complete_ && says_close_ && inbox_used_ == inbox_.size();
}

bool h1_connection::lost_unanswered() const {
    return reused_ && !first_byte_;
}

bool h1_connection::is_answered() const {
    return first_byte_;
}

std::optional<std::uint64_t> h1_connection::body_size() const {
    if (framing_.kind == core::body_kind::sized)
        return framing_.size;
    if (framing_.kind == core::body_kind::none)
        return 0;
    return std::nullopt;
}

asio::awaitable<core::outcome<const core::response_head*>> h1_connection::start(
    const request_head& request) {
    complete_ = first_byte_ = false;
    framing_ = {};
    received_ = 0;
    if (inbox_.capacity() > kept_capacity)
        std::vector<std::byte>().swap(inbox_);
    inbox_.clear();
    inbox_used_ = 0;
    heads_.reset();

    write_request(request);
    auto unsent = std::as_bytes(std::span(outbox_));
    const net::attempt first = stream_->try_write(unsent);
    if (first.state == readiness::failed)
        co_return first.error;
    if (first.state == readiness::done)
        unsent = unsent.subspan(first.bytes);
    if (!unsent.empty()) {
        const auto sent = co_await stream_->write(unsent, bounds_.byte);
        if (!sent)
            co_return sent.error();
    }

    const auto limit = net::clock::now() + head_patience * bounds_.byte;
    auto need = readiness::want_read;
    need_ = readiness::want_read;
    must_wait_ = true;
    for (unsigned interim = 0;;) {
        if (must_wait_) {
            if (net::is_cancelled(co_await asio::this_coro::cancellation_state))
                co_return core::fault(errc::cancelled);
            const auto ready =
                co_await stream_->wait(need, std::min(limit, net::clock::now() + bounds_.byte));
            if (!ready) {
                if (ready.error().code() != errc::timeout)
                    co_return ready.error();
                co_return head_too_late(net::clock::now() >= limit);
            }
        }
        const auto received = receive_head_bytes();
        if (!received)
            co_return received.error();
        need = *received;
        if (need != readiness::done)
            continue;
        need = readiness::want_read;
        const auto found = take_head(interim);
        if (!found)
            co_return found.error();
        if (*found)
            break;
    }
    if (const auto begun = begin_body(); !begun)
        co_return begun.error();
    co_return &heads_.head();
}

void h1_connection::write_request(const request_head& request) {
    outbox_.clear();
    outbox_.append("GET ").append(request.target).append(" HTTP/1.1\r\nHost: ");
    outbox_.append(request.authority).append("\r\n");
    for (const auto& [name, value] : request.fields)
        outbox_.append(name).append(": ").append(value).append("\r\n");
    outbox_.append("\r\n");
}

/// Whether the head of the final response has come; interim ones before it are taken off.
core::outcome<bool> h1_connection::take_head(unsigned& interim) {
    for (;;) {
        const std::string_view received(reinterpret_cast<const char*>(inbox_.data()) + inbox_used_,
                                        inbox_.size() - inbox_used_);
        const auto taken = heads_.feed(received);
        if (!taken)
            return taken.error();
        if (!*taken)
            return false;
        inbox_used_ += **taken;
        const unsigned status = heads_.head().status;
        // 101 ends HTTP on the connection; the verdict refuses it.
        if (status < 100 || status > 199 || status == 101)
            return true;
        if (++interim > max_interim)
            return core::fault(make_error_code(errc::protocol), "more than 16 interim responses");
    }
}

/// Takes in what is there; `done`, or what has to be waited for.
core::outcome<readiness> h1_connection::receive_head_bytes() {
    const auto space = head_space();
    net::attempt step = stream_->try_read(space);
    if (step.state == readiness::end)
        return core::fault(make_error_code(errc::truncated),
                           first_byte_
                               ? "the server closed the connection before its response was complete"
                               : "the server closed the connection without a response");
    if (step.state == readiness::failed)
        return std::move(step.error);
    must_wait_ = step.state != readiness::done || step.exhausted;
    if (step.state == readiness::done) {
        first_byte_ = true;
        const auto bytes = space.first(step.bytes);
        inbox_.insert(inbox_.end(), bytes.begin(), bytes.end());
    }
    return step.state;
}

core::outcome<void> h1_connection::begin_body() {
    const auto framing = core::judge_framing(heads_.head());
    if (!framing)
        return framing.error();
    framing_ = *framing;
    says_close_ = !framing_.keep_alive && framing_.kind != core::body_kind::until_close;
    left_ = framing_.size;
    chunks_ = {};
    complete_ = framing_.kind == core::body_kind::none ||
                (framing_.kind == core::body_kind::sized && left_ == 0);
    return {};
}

core::outcome<std::optional<std::span<const std::byte>>> h1_connection::try_read(
    std::span<std::byte> space) {
    while (!complete_) {
        if (inbox_used_ < inbox_.size()) {
            const auto decoded = decode(std::span(inbox_).subspan(inbox_used_));
            if (!decoded)
                return decoded.error();
            if (!decoded->empty())
                return *decoded;
            continue;
        }
        if (must_wait_)
            return std::nullopt;
        if (framing_.kind == core::body_kind::sized)
            space =
                space.first(static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), left_)));
        const net::attempt step = stream_->try_read(space);
        if (step.state == readiness::want_read || step.state == readiness::want_write) {
            must_wait_ = true;
            need_ = step.state;
            return std::nullopt;
        }
        if (step.state != readiness::done) {
            const auto ended = body_ended(step);
            if (!ended)
                return ended.error();
            return *ended;
        }
        must_wait_ = step.exhausted;
        need_ = readiness::want_read;
        if (framing_.kind == core::body_kind::chunked) {
            const auto decoded = decode_chunks(space.first(step.bytes));
            if (!decoded)
                return decoded.error();
            if (!decoded->empty())
                return *decoded;
            continue;
        }
        received_ += step.bytes;
        left_ -= std::min<std::uint64_t>(left_, step.bytes);
        complete_ = framing_.kind == core::body_kind::sized && left_ == 0;
        return space.first(step.bytes);
    }
    return std::span<const std::byte>();
}

asio::awaitable<core::outcome<void>> h1_connection::wait() {
    release_buffers();
    if (net::is_cancelled(co_await asio::this_coro::cancellation_state))
        co_return core::fault(errc::cancelled);
    auto ready = co_await stream_->wait(need_, net::clock::now() + bounds_.byte);
    if (!ready && ready.error().code() == errc::timeout)
        co_return core::fault(make_error_code(errc::timeout),
                              "no byte for " + core::seconds_text(bounds_.byte));
    must_wait_ = false;
    co_return ready;
}

/// Thousands of downloads may wait at once.
void h1_connection::release_buffers() {
    if (inbox_used_ == inbox_.size()) {
        std::vector<std::byte>().swap(inbox_);
        inbox_used_ = 0;
    }
    std::string().swap(outbox_);
}

core::outcome<std::span<const std::byte>> h1_connection::decode_chunks(
    std::span<std::byte> received) {
    const auto step = chunks_.feed(received);
    if (!step)
        return step.error();
    received_ += step->data.size();
    if (step->done) {
        complete_ = true;
        // Anything after the last chunk is nobody's: the connection is not used again.
        framing_.keep_alive = framing_.keep_alive && step->used == received.size();
    }
    return std::span<const std::byte>(step->data);
}

/// Takes the framing off bytes that came along with the head.
core::outcome<std::span<const std::byte>> h1_connection::decode(std::span<std::byte> received) {
    if (framing_.kind == core::body_kind::chunked) {
        const auto step = chunks_.feed(received);
        if (!step)
            return step.error();
        inbox_used_ += step->used;
        complete_ = step->done;
        received_ += step->data.size();
        return std::span<const std::byte>(step->data);
    }
    if (framing_.kind == core::body_kind::sized) {
        received = received.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(received.size(), left_)));
        left_ -= received.size();
        complete_ = left_ == 0;
    }
    inbox_used_ += received.size();
    received_ += received.size();
    return std::span<const std::byte>(received);
}

core::outcome<std::span<const std::byte>> h1_connection::body_ended(const net::attempt& last) {
    if (last.state != readiness::end)
        return last.error;
    if (framing_.kind != core::body_kind::until_close)
        return ended_early();
    complete_ = true;
    return std::span<const std::byte>();
}

core::fault h1_connection::head_too_late(bool as_a_whole) const {
    std::string text = "no byte for " + core::seconds_text(bounds_.byte);
    if (as_a_whole)
        text = "the response head is not complete after " +
               core::seconds_text(head_patience * bounds_.byte) + ", " +
               std::to_string(head_patience) + " times the timeout";
    return {make_error_code(errc::timeout), std::move(text)};
}

core::fault h1_connection::ended_early() const {
    std::string text = "the server closed the connection after " + std::to_string(received_);
    if (framing_.kind == core::body_kind::sized)
        text += " of " + std::to_string(framing_.size);
    return {make_error_code(errc::truncated), text + " bytes"};
}

asio::awaitable<void> h1_connection::drain(std::uint64_t limit, std::span<std::byte> space) {
    if (framing_.kind == core::body_kind::sized && left_ > limit)
        co_return;
    if (framing_.kind == core::body_kind::until_close)
        co_return;
    const auto usual = bounds_;
    bounds_.byte = std::min<net::clock::duration>(usual.byte, drain_patience);
    const auto until = net::clock::now() + drain_patience;
    while (!complete_ && received_ <= limit && net::clock::now() < until) {
        const auto step =
            static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), limit + 1 - received_));
        const auto got = try_read(space.first(step));
        if (!got)
            break;
        if (!*got) {
            const auto waited = co_await wait();
            if (!waited)
                break;
        }
    }
    framing_.keep_alive = framing_.keep_alive && received_ <= limit;
    bounds_ = usual;
}

}  // namespace asyncdl::http
