#pragma once
// The bounds in time of everything that waits on one executor, kept by one timer. Setting a
// deadline touches no timer and no kernel: the timer wakes for the earliest deadline it knew of and
// looks again. Owned by a downloader, used on its executor alone.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

namespace asyncdl::net {

using clock = std::chrono::steady_clock;

class timekeeper;

/// One bound. Linked into the keeper's list while it is set; never outlives the keeper.
class deadline {
public:
    explicit deadline(timekeeper& keeper) noexcept : keeper_(keeper) {}
    virtual ~deadline() { clear(); }
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    /// Calls `on_deadline` once the time has come; replaces what was set before.
    void set(clock::time_point when);
    void set_after(clock::duration wait) { set(clock::now() + wait); }
    void clear() noexcept;
    bool is_set() const noexcept { return next_ != nullptr; }

protected:
    /// The time has come; the deadline is no longer set.
    virtual void on_deadline() = 0;

private:
    friend class timekeeper;
    timekeeper& keeper_;
    clock::time_point when_{};
    deadline* next_ = nullptr;
    deadline* previous_ = nullptr;
};

class timekeeper : public std::enable_shared_from_this<timekeeper> {
public:
    explicit timekeeper(boost::asio::any_io_executor executor);

    /// Between `resume` and the `pause` that matches it the timer may run; outside it holds up
    /// nobody's `io_context::run`.
    void resume();
    void pause();

private:
    friend class deadline;
    class sentinel final : public deadline {
    public:
        using deadline::deadline;

    private:
        void on_deadline() override {}
    };

    void wake_by(clock::time_point when);
    void arm(clock::time_point when);
    void expire();

    boost::asio::steady_timer timer_;
    sentinel list_;
    clock::time_point wake_at_ = clock::time_point::max();
    unsigned users_ = 0;
};

}  // namespace asyncdl::net
