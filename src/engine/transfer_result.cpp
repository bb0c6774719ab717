// How a download is stopped, what it tells while it runs, and how it ends as a result.

#include <asyncdl/observer.hpp>
#include <new>

#include "core/thrown.hpp"
#include "engine/log.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

void transfer::finish(const core::outcome<void>& outcome) {
    max_time_.clear();
    if (started_ != net::clock::time_point{})
        result_.download_time = net::clock::now() - started_;
    result_.success = outcome.has_value();
    if (result_.attempts > 0)
        result_.attempts += spent_.by_others;
    if (result_.final_url.empty())
        result_.final_url = result_.url;
    if (!outcome) {
        result_.error = outcome.error().code();
        result_.message = outcome.error().message();
        // What the last attempt had begun anew came to no end either.
        if (changed_ && result_.error == failure::retryable) {
            result_.error = make_error_code(errc::changed);
            result_.message = "the remote file changed; then " + result_.message;
        }
        log(core_->options.log,
            outcome.error().code() == errc::internal ? log_level::error : log_level::info,
            [&] { return core::for_log(result_.url) + ": " + result_.message; });
    }
    if (core_->options.events) {
        try {
            core_->options.events->on_finish(result_);
        } catch (...) {
            const auto why = core::thrown_by("the observer");
            log(core_->options.log, log_level::error, [&] { return why.message(); });
            fail(why);
        }
    }
}

void transfer::stop(errc reason) {
    if (is_stopped())
        return;
    stop_reason_ = reason;
    stopped_ = true;
    if (stored_.is_busy())
        stored_.interrupt();
    else
        signal_->emit(asio::cancellation_type::terminal);
}

core::fault transfer::cannot_start_over(const core::fault& why) {
    stuck_ = true;
    return {why.code(), why.message() + "; cannot start over: " + std::to_string(stored_.held()) +
                            " bytes are already written"};
}

/// The answer to a request for the rest is of no use to a stream. What broke it off stays the
/// reason, unless the file is another now.
core::fault transfer::cannot_go_on(bool changed, std::string_view why) {
    auto code = broke_off_.any() ? broke_off_.code() : make_error_code(errc::protocol);
    std::string message = broke_off_.any() ? broke_off_.message() + "; then " : std::string();
    if (changed)
        code = make_error_code(errc::changed);
    message += changed ? "the remote file changed" : why;
    return cannot_start_over(core::fault(code, std::move(message)));
}

void transfer::fail(const core::fault& why) noexcept {
    result_.success = false;
    result_.file_size = 0;
    result_.error = why.code();
    try {
        result_.message = why.message();
    } catch (const std::bad_alloc&) {
        // The code says enough.
    }
}

download_result transfer::broken(const core::fault& why) noexcept {
    fail(why);
    return std::move(result_);
}

void transfer::report(progress_snapshot& into) const {
    download_progress item;
    item.id = id_;
    item.tag = request_.tag;
    item.name = result_.file_name.empty() ? core::for_log(result_.url) : result_.file_name;
    const auto total = total_.load(std::memory_order_relaxed);
    if (total != unknown_total)
        item.total = total;
    item.received = received_.load(std::memory_order_relaxed);
    item.state = state_.load(std::memory_order_relaxed);
    item.connections = lines_.load(std::memory_order_relaxed);
    into.downloads.push_back(std::move(item));
}

}  // namespace asyncdl::engine
