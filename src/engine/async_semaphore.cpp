#include <asyncdl/async_semaphore.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list.hpp>
#include <list>
#include <mutex>
#include <new>
#include <stdexcept>

namespace asyncdl {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

class waiters_of_context;

/// One operation that waits. In the queue it belongs to the semaphore, from then on to its pending
/// completion; the cancellation slot and the service of its context only know of it.
///
/// Who ends it first, a permit, a cancellation or its context's end, is decided under its mutex.
/// That is taken before those of the semaphore and the service, never after.
class semaphore_waiter : public std::enable_shared_from_this<semaphore_waiter>,
                         public boost::intrusive::list_base_hook<> {
public:
    using handler_type = asio::any_completion_handler<void(error_code, semaphore_guard)>;
    using queue = std::list<std::shared_ptr<semaphore_waiter>>;

    /// Where it waits; the semaphore's, under its mutex.
    std::optional<queue::iterator> place;

    semaphore_waiter(asio::any_io_executor executor, handler_type handler,
                     std::weak_ptr<semaphore_state> home);
    ~semaphore_waiter();

    auto slot() const noexcept {
        return asio::get_associated_cancellation_slot(operation_->handler);
    }

    /// Posts the end of the operation, where its context is still there; else the guard gives its
    /// permit back. False where there was no memory to post: then it waits on.
    bool complete(error_code error, semaphore_guard guard) noexcept;

    /// The context is about to go: withdraws the operation and destroys the handler.
    void abandon() noexcept;

private:
    /// What belongs to the context: from the completion on that alone has it.
    struct operation {
        handler_type handler;
        asio::any_io_executor executor;  ///< tracks work, so that its context waits for us
    };

    std::mutex mutex_;
    std::shared_ptr<operation> operation_;  ///< null when it has ended
    waiters_of_context& service_;           ///< to be used until then
    const std::weak_ptr<semaphore_state> home_;
};

/// The operations that wait on one context, so that its end withdraws them.
class waiters_of_context final : public asio::execution_context::service {
public:
    using key_type = waiters_of_context;
    static inline asio::execution_context::id id;

    explicit waiters_of_context(asio::execution_context& owner) : service(owner) {}

    void add(semaphore_waiter& who) {
        const std::lock_guard lock(mutex_);
        list_.push_back(who);
    }

    void remove(semaphore_waiter& who) noexcept {
        const std::lock_guard lock(mutex_);
        if (who.is_linked())
            list_.erase(list_.iterator_to(who));
    }

private:
    void shutdown() noexcept override {
        while (const auto who = take_first())
            who->abandon();
    }

    /// One that is being destroyed on another thread is left to that.
    std::shared_ptr<semaphore_waiter> take_first() {
        const std::lock_guard lock(mutex_);
        std::shared_ptr<semaphore_waiter> first;
        while (!first && !list_.empty()) {
            first = list_.front().weak_from_this().lock();
            list_.pop_front();
        }
        return first;
    }

    std::mutex mutex_;
    boost::intrusive::list<semaphore_waiter> list_;
};

/// What a semaphore, its guards and its waiters share.
class semaphore_state : public std::enable_shared_from_this<semaphore_state> {
public:
    explicit semaphore_state(std::size_t permits) : free_(permits) {}

    void acquire(const std::shared_ptr<semaphore_waiter>& waiter) {
        // The slot comes first: from the queue on, another thread may complete the operation.
        if (auto slot = waiter->slot(); slot.is_connected())
            slot.emplace<canceller>(weak_from_this(), waiter);
        semaphore_waiter::queue one;
        one.push_back(waiter);
        std::unique_lock lock(mutex_);
        waiter->place = one.begin();
        queue_.splice(queue_.end(), one);
        serve(lock);
    }

    /// Its context goes.
    void withdraw(semaphore_waiter& waiter) noexcept {
        const std::lock_guard lock(mutex_);
        if (waiter.place)
            queue_.erase(*std::exchange(waiter.place, std::nullopt));
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
            const auto waiter = waiter_.lock();
            if (state && waiter)
                state->cancel(waiter);
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
        bool had_memory = true;
        while (had_memory && free_ > 0 && !queue_.empty()) {
            auto first = leave(queue_.begin());
            --free_;
            lock.unlock();
            had_memory = first.front()->complete(error_code(), semaphore_guard(shared_from_this()));
            lock.lock();
            if (!had_memory)
                come_back(first);
        }
        serving_ = false;
    }

    void cancel(const std::shared_ptr<semaphore_waiter>& waiter) {
        std::unique_lock lock(mutex_);
        // Where it is not in the queue its completion is on the way.
        if (!waiter->place)
            return;
        auto one = leave(*waiter->place);
        lock.unlock();
        if (!waiter->complete(asio::error::operation_aborted, {})) {
            lock.lock();
            come_back(one);
        }
    }

    semaphore_waiter::queue leave(semaphore_waiter::queue::iterator place) noexcept {
        semaphore_waiter::queue one;
        one.splice(one.end(), queue_, place);
        one.front()->place.reset();
        return one;
    }

    void come_back(semaphore_waiter::queue& one) noexcept {
        one.front()->place = one.begin();
        queue_.splice(queue_.begin(), one);
    }

    mutable std::mutex mutex_;
    std::size_t free_;
    semaphore_waiter::queue queue_;  ///< in order of arrival
    bool serving_ = false;
};

semaphore_waiter::semaphore_waiter(asio::any_io_executor executor, handler_type handler,
                                   std::weak_ptr<semaphore_state> home)
    : operation_(std::make_shared<operation>(operation{
          std::move(handler), asio::prefer(executor, asio::execution::outstanding_work.tracked)})),
      service_(
          asio::use_service<waiters_of_context>(asio::query(executor, asio::execution::context))),
      home_(std::move(home)) {
    service_.add(*this);
}

semaphore_waiter::~semaphore_waiter() {
    if (operation_)
        service_.remove(*this);
}

bool semaphore_waiter::complete(error_code error, semaphore_guard guard) noexcept {
    const std::lock_guard lock(mutex_);
    if (!operation_)
        return true;
    try {
        // Under the lock, so that the context does not go meanwhile.
        asio::post(operation_->executor,
                   [own = operation_, error, guard = std::move(guard)]() mutable {
                       auto slot = asio::get_associated_cancellation_slot(own->handler);
                       if (slot.is_connected())
                           slot.clear();
                       handler_type handler = std::move(own->handler);
                       own->executor = {};
                       own.reset();
                       std::move(handler)(error, std::move(guard));
                   });
    } catch (const std::bad_alloc&) {
        return false;
    }
    operation_.reset();
    service_.remove(*this);
    return true;
}

void semaphore_waiter::abandon() noexcept {
    std::shared_ptr<operation> dropped;
    {
        const std::lock_guard lock(mutex_);
        dropped.swap(operation_);
    }
    if (!dropped)
        return;
    if (const auto home = home_.lock())
        home->withdraw(*this);
}

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
        std::make_shared<detail::semaphore_waiter>(std::move(executor), std::move(handler), state));
}

}  // namespace asyncdl
