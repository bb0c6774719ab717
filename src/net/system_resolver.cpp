#include "net/system_resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <asyncdl/error.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

namespace asyncdl::net {

namespace asio = boost::asio;

namespace {

using addresses = std::vector<asio::ip::address>;
using answer = boost::system::result<addresses>;
using clock = std::chrono::steady_clock;

constexpr auto answer_lifetime = std::chrono::seconds(60);
constexpr std::size_t max_answers = 4096;
constexpr unsigned max_threads = 32;

answer ask_system(const std::string& host) {
    ::addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ::addrinfo* list = nullptr;
    errno = 0;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    // glibc calls a name unknown where it could not open what would know it.
    if (code != 0 && (errno == EMFILE || errno == ENFILE))
        return make_error_code(errc::too_many_files);
    if (code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY || code == EAI_FAIL)
        return make_error_code(errc::host_not_found);
    if (code != 0)
        return make_error_code(errc::resolve_failed);
    addresses found;
    for (const ::addrinfo* item = list; item; item = item->ai_next) {
        asio::ip::tcp::endpoint endpoint;
        if (item->ai_addrlen > endpoint.capacity())
            continue;
        std::copy_n(reinterpret_cast<const char*>(item->ai_addr), item->ai_addrlen,
                    reinterpret_cast<char*>(endpoint.data()));
        found.push_back(endpoint.address());
    }
    ::freeaddrinfo(list);
    if (found.empty())
        return make_error_code(errc::host_not_found);
    return found;
}

/// One download that waits for an answer.
class waiter {
public:
    using handler = asio::any_completion_handler<void(answer)>;

    waiter(handler done, asio::any_io_executor executor)
        : waiting_(std::make_shared<operation>(operation{
              std::move(done),
              asio::prefer(std::move(executor), asio::execution::outstanding_work.tracked)})) {}

    /// From any thread; the first call counts. Where there is no memory to tell, the download's
    /// timeout ends the wait.
    void complete(const answer& what) noexcept {
        const std::lock_guard lock(mutex_);
        if (!waiting_)
            return;
        try {
            // Under the lock, so that the executor's context does not go while this is at it.
            asio::post(waiting_->executor, [own = waiting_, found = what]() mutable {
                asio::get_associated_cancellation_slot(own->done).clear();
                handler done = std::move(own->done);
                own->executor = {};
                own.reset();
                std::move(done)(std::move(found));
            });
            waiting_.reset();
        } catch (const std::bad_alloc&) {
        }
    }

    /// The executor's context goes: nobody is told any more.
    void abandon() noexcept {
        std::shared_ptr<operation> dropped;
        const std::lock_guard lock(mutex_);
        dropped.swap(waiting_);
    }

private:
    /// What belongs to the executor's context: from the completion on that alone has it.
    struct operation {
        handler done;
        asio::any_io_executor executor;  ///< tracks work, so that its context waits for us
    };

    std::mutex mutex_;
    std::shared_ptr<operation> waiting_;  ///< null when it has ended
};

/// Those who wait on one context, so that a look-up that outlives it finds nobody to tell.
class waiters_of_context final : public asio::execution_context::service {
public:
    using key_type = waiters_of_context;
    static inline asio::execution_context::id id;

    explicit waiters_of_context(asio::execution_context& owner) : service(owner) {}

    void add(const std::shared_ptr<waiter>& who) {
        const std::lock_guard lock(mutex_);
        std::erase_if(list_, [](const auto& item) { return item.expired(); });
        list_.push_back(who);
    }

private:
    void shutdown() noexcept override {
        std::vector<std::weak_ptr<waiter>> list;
        {
            const std::lock_guard lock(mutex_);
            list.swap(list_);
        }
        for (const auto& item : list)
            if (const auto who = item.lock())
                who->abandon();
    }

    std::mutex mutex_;
    std::vector<std::weak_ptr<waiter>> list_;
};

}  // namespace

class system_resolver::lookups : public std::enable_shared_from_this<lookups> {
public:
    std::optional<addresses> known(const std::string& host) {
        const std::lock_guard lock(mutex_);
        const auto found = answers_.find(host);
        if (found == answers_.end() || found->second.expires < clock::now())
            return std::nullopt;
        return found->second.found;
    }

    void ask(const std::string& host, std::shared_ptr<waiter> who) {
        const std::lock_guard lock(mutex_);
        auto& waiting = waiting_[host];
        waiting.push_back(std::move(who));
        if (waiting.size() > 1)
            return;
        try {
            queue_.push_back(host);
        } catch (const std::bad_alloc&) {
            waiting.pop_back();
            throw;
        }
        if (threads_ >= max_threads)
            return;
        try {
            std::thread([self = shared_from_this()] { self->work(); }).detach();
            ++threads_;
        } catch (const std::exception&) {
            // No thread to be had, or no memory for one: one that runs will take the name, or
            // nobody can for now.
            if (threads_ > 0)
                return;
            queue_.pop_back();
            for (const auto& each : waiting)
                each->complete(make_error_code(errc::resolve_failed));
            waiting_.erase(host);
        }
    }

private:
    /// Throws nothing: no exception may leave the thread.
    void work() noexcept {
        for (;;) {
            std::string host;
            {
                const std::lock_guard lock(mutex_);
                if (queue_.empty()) {
                    --threads_;
                    return;
                }
                host = std::move(queue_.front());
                queue_.pop_front();
            }
            const answer found = look_up(host);
            std::vector<std::shared_ptr<waiter>> served;
            {
                const std::lock_guard lock(mutex_);
                remember(host, found);
                const auto asking = waiting_.find(host);
                served = std::move(asking->second);
                waiting_.erase(asking);
            }
            for (const auto& who : served)
                who->complete(found);
        }
    }

    static answer look_up(const std::string& host) noexcept {
        try {
            return ask_system(host);
        } catch (const std::bad_alloc&) {
            return make_error_code(errc::resolve_failed);
        }
    }

    void remember(const std::string& host, const answer& found) noexcept {
        if (!found)
            return;
        try {
            if (answers_.size() >= max_answers)
                answers_.clear();
            answers_[host] = {*found, clock::now() + answer_lifetime};
        } catch (const std::bad_alloc&) {
            // The next download asks again.
        }
    }

    struct kept {
        addresses found;
        clock::time_point expires;
    };

    std::mutex mutex_;
    std::map<std::string, kept> answers_;
    std::map<std::string, std::vector<std::shared_ptr<waiter>>> waiting_;
    std::deque<std::string> queue_;
    unsigned threads_ = 0;
};

system_resolver::system_resolver() : lookups_(std::make_shared<lookups>()) {}

asio::awaitable<answer> system_resolver::async_resolve(std::string host) {
    if (auto found = lookups_->known(host))
        co_return std::move(*found);
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto start = [&](waiter::handler handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto who = std::make_shared<waiter>(std::move(handler), executor);
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr(who)](asio::cancellation_type) {
                if (auto self = weak.lock())
                    self->complete(
                        answer(asio::error::make_error_code(asio::error::operation_aborted)));
            });
        }
        auto& context = asio::query(executor, asio::execution::context);
        asio::use_service<waiters_of_context>(context).add(who);
        lookups_->ask(host, std::move(who));
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(answer)>(
        std::move(start), asio::use_awaitable);
}

}  // namespace asyncdl::net
