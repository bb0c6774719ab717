#include "net/timekeeper.hpp"

#include <algorithm>

namespace asyncdl::net {

namespace {
// Deadlines that come within this time of each other are met by one look at the list.
constexpr auto grain = std::chrono::milliseconds(10);
}  // namespace

void deadline::set(clock::time_point when) {
    when_ = when;
    if (!next_) {
        deadline& list = keeper_.list_;
        next_ = &list;
        previous_ = list.previous_;
        previous_->next_ = this;
        list.previous_ = this;
    }
    keeper_.wake_by(when);
}

void deadline::clear() noexcept {
    if (!next_)
        return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
}

timekeeper::timekeeper(boost::asio::any_io_executor executor)
    : timer_(std::move(executor)), list_(*this) {
    list_.next_ = list_.previous_ = &list_;
}

void timekeeper::resume() {
    if (users_++ == 0)
        expire();
}

void timekeeper::pause() {
    if (--users_ == 0) {
        timer_.cancel();
        wake_at_ = clock::time_point::max();
    }
}

void timekeeper::wake_by(clock::time_point when) {
    if (when < wake_at_ && users_ > 0)
        arm(when);
}

void timekeeper::arm(clock::time_point when) {
    wake_at_ = when;
    timer_.expires_at(when);
    timer_.async_wait([self = weak_from_this()](boost::system::error_code error) {
        if (auto keeper = self.lock(); keeper && !error)
            keeper->expire();
    });
}

void timekeeper::expire() {
    const auto now = clock::now();
    // What has expired moves to a list of its own first: a callback may set and clear others.
    sentinel due(*this);
    due.next_ = due.previous_ = &due;
    auto earliest = clock::time_point::max();
    for (deadline* item = list_.next_; item != &list_;) {
        deadline* next = item->next_;
        if (item->when_ <= now) {
            item->clear();
            item->next_ = &due;
            item->previous_ = due.previous_;
            due.previous_->next_ = item;
            due.previous_ = item;
        } else {
            earliest = std::min(earliest, item->when_);
        }
        item = next;
    }
    wake_at_ = clock::time_point::max();
    if (earliest != clock::time_point::max())
        arm(std::max(earliest, now + grain));
    while (due.next_ != &due) {
        deadline* item = due.next_;
        item->clear();
        item->on_deadline();
    }
}

}  // namespace asyncdl::net
