#pragma once
// Looks names up by a call that blocks (getaddrinfo), on threads of its own: who waits for which
// name, whose turn it is, and the answers of the last minute. Shared by a resolver and the threads;
// thread-safe.

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asyncdl::net {

using lookup_answer = boost::system::result<std::vector<boost::asio::ip::address>>;

struct lookup_settings {
    /// Blocks as long as it likes; any number of threads are in it at once.
    std::function<lookup_answer(const std::string& host)> look_up;

    /// Look-ups at once, without those that hang.
    std::size_t max_working = 32;
    /// What takes longer hangs. A server needs less even for a name that is new to it; the loss of
    /// one packet costs 5 s (resolv.conf(5)).
    std::chrono::steady_clock::duration hung_after = std::chrono::milliseconds(500);
    /// All threads. One that hangs takes about 40 KiB (measured) and a socket.
    std::size_t max_threads = 512;
    /// Of a thread: what macOS gives to all but the first one.
    std::size_t stack_size = 512 * 1024;
};

class name_lookups : public std::enable_shared_from_this<name_lookups> {
    struct name;

public:
    /// Somebody who waits for an answer.
    class waiter {
    public:
        virtual ~waiter() = default;

        /// The look-up has begun. Called with the look-ups locked.
        virtual void begun() noexcept = 0;

        /// Called once, unless the waiter has left. Returns false if there is no memory to pass the
        /// answer on.
        virtual bool complete(const lookup_answer& answer) noexcept = 0;

    private:
        friend class name_lookups;
        struct place {
            std::list<name>::iterator in;
            std::list<std::shared_ptr<waiter>>::iterator at;
        };
        std::optional<place> place_;  ///< under the mutex of the look-ups
    };

    explicit name_lookups(lookup_settings settings);

    /// The answer of the last minute.
    std::optional<std::vector<boost::asio::ip::address>> known(const std::string& host);

    /// Queues the name, or joins the look-up that another asked for. Returns an error if the system
    /// gives no thread at all; then `who` does not wait.
    boost::system::error_code ask(const std::string& host, const std::shared_ptr<waiter>& who);

    /// `who` waits no more. A name that nobody waits for leaves the queue.
    void leave(waiter& who) noexcept;

    /// Begins no look-up any more, and waits for the threads to end: for an instant, since those
    /// whose look-up runs are left behind. They own what they use.
    void close() noexcept;

private:
    using clock = std::chrono::steady_clock;

    /// One that is queued or being looked up.
    struct name {
        std::string host;
        std::list<std::shared_ptr<waiter>> waiting;
        std::optional<clock::time_point> began;
    };
    struct known_answer {
        std::vector<boost::asio::ip::address> addresses;
        clock::time_point expires;
    };

    static void* run(void* self);
    void work() noexcept;
    bool await_turn(std::unique_lock<std::mutex>& lock);
    clock::time_point next_turn() const;
    void look_up_next(std::unique_lock<std::mutex>& lock);
    lookup_answer look_up(const std::string& host) const noexcept;
    int call_thread() noexcept;
    int start_thread() noexcept;
    void remember(const std::string& host, const lookup_answer& answer) noexcept;

    const lookup_settings settings_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, known_answer> answers_;
    std::map<std::string_view, std::list<name>::iterator> names_;  // queued and running ones
    std::list<name> queue_;
    std::list<name> running_;  // in the order of their beginnings
    std::size_t threads_ = 0;
    bool attended_ = false;  // a thread is about to look at the queue, or waits for a turn
    bool closed_ = false;
};

}  // namespace asyncdl::net
