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
#include <boost/intrusive/list.hpp>
#include <cerrno>
#include <mutex>
#include <new>

namespace asyncdl::net {

namespace asio = boost::asio;

namespace {

lookup_answer ask_system(const std::string& host) {
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
    std::vector<asio::ip::address> found;
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

class waiters_of_context;

/// One download that waits for an answer.
class waiter final : public name_lookups::waiter,
                     public std::enable_shared_from_this<waiter>,
                     public boost::intrusive::list_base_hook<> {
public:
    using handler = asio::any_completion_handler<void(lookup_answer)>;

    waiter(handler done, asio::any_io_executor executor, std::function<void()> begun,
           const std::shared_ptr<name_lookups>& home);
    ~waiter() override;

    void begun() noexcept override { begun_(); }

    /// From any thread; the first call counts.
    bool complete(const lookup_answer& what) noexcept override;

    /// If there is no memory to tell it, the answer ends the wait.
    void cancel() noexcept {
        if (complete(lookup_answer(asio::error::make_error_code(asio::error::operation_aborted))))
            leave();
    }

    /// The executor's context goes: nobody is told any more.
    void abandon() noexcept {
        leave();
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

    void leave() noexcept {
        if (const auto home = home_.lock())
            home->leave(*this);
    }

    std::mutex mutex_;
    std::shared_ptr<operation> waiting_;  ///< null when it has ended
    const std::function<void()> begun_;
    const std::weak_ptr<name_lookups> home_;
    waiters_of_context& service_;  ///< to be used until then
};

/// Those who wait on one context, so that a look-up that outlives it finds nobody to tell.
class waiters_of_context final : public asio::execution_context::service {
public:
    using key_type = waiters_of_context;
    static inline asio::execution_context::id id;

    explicit waiters_of_context(asio::execution_context& owner) : service(owner) {}

    void add(waiter& who) {
        const std::lock_guard lock(mutex_);
        list_.push_back(who);
    }

    void remove(waiter& who) noexcept {
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
    std::shared_ptr<waiter> take_first() {
        const std::lock_guard lock(mutex_);
        std::shared_ptr<waiter> first;
        while (!first && !list_.empty()) {
            first = list_.front().weak_from_this().lock();
            list_.pop_front();
        }
        return first;
    }

    std::mutex mutex_;
    boost::intrusive::list<waiter> list_;
};

waiter::waiter(handler done, asio::any_io_executor executor, std::function<void()> begun,
               const std::shared_ptr<name_lookups>& home)
    : waiting_(std::make_shared<operation>(operation{
          std::move(done), asio::prefer(executor, asio::execution::outstanding_work.tracked)})),
      begun_(std::move(begun)),
      home_(home),
      service_(
          asio::use_service<waiters_of_context>(asio::query(executor, asio::execution::context))) {
    service_.add(*this);
}

waiter::~waiter() {
    if (waiting_)
        service_.remove(*this);
}

bool waiter::complete(const lookup_answer& what) noexcept {
    const std::lock_guard lock(mutex_);
    if (!waiting_)
        return true;
    try {
        // Under the lock, so that the executor's context does not go while this is at it.
        asio::post(waiting_->executor, [own = waiting_, found = what]() mutable {
            asio::get_associated_cancellation_slot(own->done).clear();
            handler done = std::move(own->done);
            own->executor = {};
            own.reset();
            std::move(done)(std::move(found));
        });
    } catch (const std::bad_alloc&) {
        return false;
    }
    waiting_.reset();
    service_.remove(*this);
    return true;
}

}  // namespace

system_resolver::system_resolver() : system_resolver(lookup_settings{.look_up = ask_system}) {}

system_resolver::system_resolver(lookup_settings settings)
    : lookups_(std::make_shared<name_lookups>(std::move(settings))) {}

system_resolver::~system_resolver() {
    lookups_->close();
}

asio::awaitable<lookup_answer> system_resolver::async_resolve(std::string host) {
    return async_resolve_in_turn(std::move(host), [] {});
}

asio::awaitable<lookup_answer> system_resolver::async_resolve_in_turn(std::string host,
                                                                      std::function<void()> begun) {
    if (auto found = lookups_->known(host))
        co_return std::move(*found);
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto start = [&](waiter::handler handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto who =
            std::make_shared<waiter>(std::move(handler), executor, std::move(begun), lookups_);
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr(who)](asio::cancellation_type) {
                if (auto self = weak.lock())
                    self->cancel();
            });
        }
        if (const auto error = lookups_->ask(host, who); error && !who->complete(error))
            throw std::bad_alloc();
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(lookup_answer)>(
        std::move(start), asio::use_awaitable);
}

}  // namespace asyncdl::net
