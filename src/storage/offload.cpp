#include "storage/offload.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace asyncdl::storage {

namespace {

namespace asio = boost::asio;

constexpr auto pause_without_memory = std::chrono::milliseconds(10);

/// One `start_calls`.
struct order {
    asio::any_io_executor home;
    std::size_t left;  ///< calls that are not over
    bool complete;     ///< so far each call was made
    std::function<void(std::size_t)> function;
    asio::executor_work_guard<asio::any_io_executor> busy;
    asio::any_completion_handler<void()> handler;
};

/// The orders of one context; shared with the threads that carry them out, which may outlive it.
class order_book {
public:
    using place = std::list<std::shared_ptr<order>>::iterator;

    place add(order one) {
        auto shared = std::make_shared<order>(std::move(one));
        const std::lock_guard lock(mutex_);
        return orders_.insert(orders_.end(), std::move(shared));
    }

    void carry_out(place which, std::size_t call) {
        if (!begin_call())
            return;
        (*which)->function(call);
        end_call(which, true);
    }

    /// The executor that was to make a call ended without it.
    void give_up(place which) noexcept {
        if (begin_call())
            end_call(which, false);
    }

    /// Waits for the calls that run; no other begins. What waits for them ends here.
    void close() {
        std::list<std::shared_ptr<order>> ended;
        std::unique_lock lock(mutex_);
        closed_ = true;
        over_.notify_all();
        over_.wait(lock, [this] { return running_ == 0; });
        ended.swap(orders_);
        lock.unlock();
    }

private:
    bool begin_call() noexcept {
        const std::lock_guard lock(mutex_);
        if (!closed_)
            ++running_;
        return !closed_;
    }

    /// After the last call the coroutine goes on. Without memory to tell it so, this tries again
    /// and again: nobody else will.
    void end_call(place which, bool was_made) noexcept {
        std::unique_lock lock(mutex_);
        order& one = **which;
        one.complete = one.complete && was_made;
        const bool was_last = --one.left == 0;
        while (was_last && !closed_ && !tell(which))
            over_.wait_for(lock, pause_without_memory);
        --running_;
        if (closed_)
            over_.notify_all();
    }

    /// Under the lock, so that the context stays as long as it is used. What keeps it running goes
    /// along; a handler that will not be called ends there as well. False if there was no memory.
    bool tell(place which) noexcept {
        auto go_on = [own = *which]() mutable {
            const auto busy = std::move(own->busy);
            auto handler = std::move(own->handler);
            const bool complete = own->complete;
            own.reset();
            if (complete)
                std::move(handler)();
        };
        try {
            asio::post((*which)->home, std::move(go_on));
        } catch (const std::bad_alloc&) {
            return false;
        }
        orders_.erase(which);
        return true;
    }

    std::mutex mutex_;
    std::condition_variable over_;
    std::list<std::shared_ptr<order>> orders_;
    std::size_t running_ = 0;
    bool closed_ = false;
};

/// One call of an order, on its way to be made.
class ticket {
public:
    ticket(std::shared_ptr<order_book> book, order_book::place which, std::size_t call)
        : book_(std::move(book)), which_(which), call_(call) {}
    ticket(ticket&&) noexcept = default;
    ~ticket() {
        if (book_)
            book_->give_up(which_);
    }

    void operator()() { std::exchange(book_, nullptr)->carry_out(which_, call_); }

private:
    std::shared_ptr<order_book> book_;
    order_book::place which_;
    std::size_t call_;
};

/// Closes the book when the context goes.
class book_keeper final : public asio::execution_context::service {
public:
    using key_type = book_keeper;
    static inline asio::execution_context::id id;

    explicit book_keeper(asio::execution_context& context) : service(context) {}

    const std::shared_ptr<order_book> book = std::make_shared<order_book>();

private:
    void shutdown() override { book->close(); }
};

}  // namespace

void start_calls(asio::any_io_executor work, asio::any_io_executor home, std::size_t times,
                 std::function<void(std::size_t)> function,
                 asio::any_completion_handler<void()> handler) {
    const auto book =
        asio::use_service<book_keeper>(asio::query(home, asio::execution::context)).book;
    auto busy = asio::make_work_guard(home);
    const auto place =
        book->add({home, times, true, std::move(function), std::move(busy), std::move(handler)});
    for (std::size_t call = 0; call < times; ++call)
        asio::post(work, ticket(book, place, call));
}

}  // namespace asyncdl::storage
