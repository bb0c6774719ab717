#include "cli/recorder.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

namespace asyncdl::cli {

using boost::asio::as_tuple;
using boost::asio::use_awaitable;

namespace {

constexpr std::size_t most_waiting = 512;

// A file or a pipe gets what has come every 100 ms, or once half of the places are taken; waking
// the thread for each result would cost more than the report itself.
constexpr std::chrono::milliseconds flush_interval{100};

bool any_terminal(const std::vector<std::unique_ptr<report>>& reports) {
    return std::any_of(reports.begin(), reports.end(),
                       [](const auto& r) { return r->out().is_terminal(); });
}

// A report that finds no memory ends there, and says so at the end; the others go on.
template <typename F>
void guarded(report& each, F function) {
    try {
        function();
    } catch (const std::bad_alloc&) {
        each.out().fail(make_error_code(boost::system::errc::not_enough_memory));
    }
}

}  // namespace

recorder::recorder(std::vector<std::unique_ptr<report>> reports)
    : reports_(std::move(reports)),
      wake_at_(any_terminal(reports_) ? 1 : most_waiting / 2),
      places_(most_waiting) {
    waiting_.reserve(most_waiting);  // a result is never lost for want of memory
}

recorder::~recorder() {
    stop();
}

bool recorder::try_consume(download_result& result) {
    if (!is_wanted(result)) {
        return true;
    }
    semaphore_guard place = places_.try_acquire();
    if (place) {
        take(std::move(result), std::move(place));
        return true;
    }
    return false;
}

boost::asio::awaitable<boost::system::error_code> recorder::async_consume(download_result result) {
    semaphore_guard place;
    while (!place) {
        // A batch that is cancelled still reports: a wait that it ended is begun again.
        auto [error, guard] = co_await places_.async_acquire(as_tuple(use_awaitable));
        place = std::move(guard);
    }
    take(std::move(result), std::move(place));
    co_return boost::system::error_code();
}

void recorder::take(download_result&& result, semaphore_guard place) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(result), std::move(place)});
    if (!thread_.joinable() && !in_place_) {
        start();
    }
    if (in_place_) {
        write(waiting_);
        waiting_.clear();
    } else if (waiting_.size() >= wake_at_) {
        woken_.notify_one();
    }
}

void recorder::start() {
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::exception&) {  // no thread, or no memory for one
        in_place_ = true;
    }
}

std::vector<std::string> recorder::finish(const batch_summary& summary) {
    stop();
    std::vector<std::string> failures;
    for (const auto& r : reports_) {
        guarded(*r, [&] {
            r->finish(summary);
            r->out().close();
        });
        if (std::string failure = r->out().failure(); !failure.empty()) {
            failures.push_back(std::move(failure));
        }
    }
    return failures;
}

bool recorder::is_wanted(const download_result& result) const {
    return std::any_of(reports_.begin(), reports_.end(),
                       [&](const auto& r) { return r->wants(result); });
}

void recorder::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    woken_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void recorder::run() {
    std::vector<entry> taken;
    taken.reserve(most_waiting);
    bool last = false;
    while (!last) {
        {
            std::unique_lock lock(mutex_);
            woken_.wait_for(lock, flush_interval,
                            [this] { return stopping_ || waiting_.size() >= wake_at_; });
            std::swap(taken, waiting_);
            last = stopping_;
        }
        write(taken);
        taken.clear();
    }
}

void recorder::write(const std::vector<entry>& results) {
    for (const auto& r : reports_) {
        guarded(*r, [&] {
            for (const entry& e : results) {
                if (r->wants(e.result)) {
                    r->add(e.result);
                }
            }
            r->out().flush();
        });
    }
}

}  // namespace asyncdl::cli
