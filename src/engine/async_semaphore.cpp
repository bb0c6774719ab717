#include <asyncdl/async_semaphore.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <list>
#include <mutex>
#include <stdexcept>

namespace asyncdl {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

/// One operation that waits. In the queue it belongs to the semaphore, from then on to its pending
/// completion; the cancellation slot only knows of it.
class semaphore_waiter {
public:
    using handler_type = asio::any_completion_handler<void(error_code, semaphore_guard)>;
    using queue = std::list<std::shared_ptr<semaphore_waiter>>;

    /// Where it waits; the semaphore's, under its mutex.
    std::optional<queue::iterator> place;

    semaphore_waiter(asio::any_io_executor executor, handler_type handler)
        : handler_(std::move(handler)),
          executor_(asio::prefer(std::move(executor), asio::execution::outstanding_work.tracked)) {}

    auto slot() const noexcept { return asio::get_associated_cancellation_slot(handler_); }

    /// Posts the end of the operation.
    static void complete(std::shared_ptr<semaphore_waiter> self, error_code error,
                         semaphore_guard guard) noexcept {
        const asio::any_io_executor executor = self->executor_;
        asio::post(executor, [self = std::move(self), error, guard = std::move(guard)]() mutable {
            if (auto connected = self->slot(); connected.is_connected())
                connected.clear();
            handler_type handler = std::move(self->handler_);
            self.reset();
            std::move(handler)(error, std::move(guard));
        });
    }

private:
    handler_type handler_;
    asio::any_io_executor executor_;  ///< tracks work, so that its context waits for us
};

/// What a semaphore, its guards and its waiters share.
class semaphore_state : public std::enable_shared_from_this<semaphore_state> {
public:
    explicit semaphore_state(std::size_t permits) : free_(permits) {}

    void acquire(std::shared_ptr<semaphore_waiter> waiter) {
        // The slot comes first: from the queue on, another thread may complete the operation.
        if (auto slot = waiter->slot(); slot.is_connected())
            slot.emplace<canceller>(weak_from_this(), waiter);
        std::unique_lock lock(mutex_);
        const auto place = queue_.insert(queue_.end(), std::move(waiter));
        (*place)->place = place;
        serve(lock);
    }

    semaphore_guard try_acquire() {
        const std::lock_guard lock(mutex_);
        if (free_ == 0 || !queue_.empty())
            return {};
        --free_;
        return semaphore_guard(shared_from_this());
    }

    void release() {
        std::unique_lock lock(mutex_);
        ++free_;
        serve(lock);
    }

    std::size_t available() const {
        const std::lock_guard lock(mutex_);
        return free_;
    }

    std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return queue_.size();
    }

private:
    class canceller {
    public:
        canceller(std::weak_ptr<semaphore_state> state, std::weak_ptr<semaphore_waiter> waiter)
            : state_(std::move(state)), waiter_(std::move(waiter)) {}

        void operator()(asio::cancellation_type) const {
            const auto state = state_.lock();
            auto waiter = waiter_.lock();
            if (state && waiter)
                state->cancel(std::move(waiter));
        }

    private:
        std::weak_ptr<semaphore_state> state_;
        std::weak_ptr<semaphore_waiter> waiter_;
    };

    /// Gives free permits to the first in the queue. One thread at a time does, so that the
    /// completions are posted in order, and a context that is shut down and destroys each
    /// completion at once, which gives its permit back, leads to another round instead of a
    /// recursion.
    void serve(std::unique_lock<std::mutex>& lock) {
        if (serving_)
            return;
        serving_ = true;
        while (free_ > 0 && !queue_.empty()) {
            auto first = leave(queue_.begin());
            --free_;
            lock.unlock();
            semaphore_waiter::complete(std::move(first), {}, semaphore_guard(shared_from_this()));
            lock.lock();
        }
        serving_ = false;
    }

    void cancel(std::shared_ptr<semaphore_waiter> waiter) {
        {
            const std::lock_guard lock(mutex_);
            // Where it is not in the queue its completion is on the way.
            if (!waiter->place)
                return;
            leave(*waiter->place);
        }
        semaphore_waiter::complete(std::move(waiter), asio::error::operation_aborted, {});
    }

    std::shared_ptr<semaphore_waiter> leave(semaphore_waiter::queue::iterator place) {
        auto waiter = std::move(*place);
        queue_.erase(place);
        waiter->place.reset();
        return waiter;
    }

    mutable std::mutex mutex_;
    std::size_t free_;
    semaphore_waiter::queue queue_;  ///< in order of arrival
    bool serving_ = false;
};

}  // namespace detail

semaphore_guard& semaphore_guard::operator=(semaphore_guard&& other) noexcept {
    if (this != &other) {
        release();
        state_ = std::move(other.state_);
    }
    return *this;
}

void semaphore_guard::release() noexcept {
    if (const auto state = std::exchange(state_, nullptr))
        state->release();
}

async_semaphore::async_semaphore(std::size_t permits) {
    if (permits == 0)
        throw std::invalid_argument("a semaphore needs at least one permit");
    state_ = std::make_shared<detail::semaphore_state>(permits);
}

semaphore_guard async_semaphore::try_acquire() {
    return state_->try_acquire();
}

std::size_t async_semaphore::available() const {
    return state_->available();
}

std::size_t async_semaphore::waiting() const {
    return state_->waiting();
}

void async_semaphore::start_acquire(
    std::shared_ptr<detail::semaphore_state> state, asio::any_io_executor executor,
    asio::any_completion_handler<void(error_code, semaphore_guard)> handler) {
    state->acquire(
        std::make_shared<detail::semaphore_waiter>(std::move(executor), std::move(handler)));
}

}  // namespace asyncdl
