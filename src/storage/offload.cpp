#include "storage/offload.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

namespace asyncdl::storage {

namespace {

namespace asio = boost::asio;

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
    using place = std::list<order>::iterator;

    place add(order one) {
        const std::lock_guard lock(mutex_);
        return orders_.insert(orders_.end(), std::move(one));
    }

    void carry_out(place which, std::size_t call) {
        {
            const std::lock_guard lock(mutex_);
            if (closed_)
                return;
            ++running_;
        }
        which->function(call);
        const std::lock_guard lock(mutex_);
        --running_;
        if (closed_)
            over_.notify_one();
        else
            end_call(which);
    }

    /// The executor that was to make a call ended without it.
    void give_up(place which) {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return;
        which->complete = false;
        end_call(which);
    }

    /// Waits for the calls that run; no other begins. What waits for them ends here.
    void close() {
        std::list<order> ended;
        std::unique_lock lock(mutex_);
        closed_ = true;
        over_.wait(lock, [this] { return running_ == 0; });
        ended.swap(orders_);
        lock.unlock();
    }

private:
    /// Under the lock, so that the context stays as long as it is used. What keeps it running goes
    /// along; a handler that will not be called ends there as well.
    void end_call(place which) {
        if (--which->left > 0)
            return;
        auto go_on = [complete = which->complete, busy = std::move(which->busy),
                      handler = std::move(which->handler)]() mutable {
            if (complete)
                std::move(handler)();
        };
        asio::post(which->home, std::move(go_on));
        orders_.erase(which);
    }

    std::mutex mutex_;
    std::condition_variable over_;
    std::list<order> orders_;
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
