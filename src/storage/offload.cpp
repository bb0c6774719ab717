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
#include <optional>

namespace asyncdl::storage {

namespace {

namespace asio = boost::asio;

/// One `start_calls`.
struct order {
    asio::any_io_executor home;
    std::size_t left;  ///< calls that are not over
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
        if (closed_) {
            over_.notify_one();
        } else if (--which->left == 0) {
            // Under the lock, so that the context stays as long as it is used. What keeps it
            // running goes along.
            auto go_on = [busy = std::move(which->busy),
                          handler = std::move(which->handler)]() mutable { std::move(handler)(); };
            asio::post(which->home, std::move(go_on));
            orders_.erase(which);
        }
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
    std::mutex mutex_;
    std::condition_variable over_;
    std::list<order> orders_;
    std::size_t running_ = 0;
    bool closed_ = false;
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
        book->add({home, times, std::move(function), std::move(busy), std::move(handler)});
    for (std::size_t call = 0; call < times; ++call)
        asio::post(work, [book, place, call] { book->carry_out(place, call); });
}

}  // namespace asyncdl::storage
