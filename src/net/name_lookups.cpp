#include "net/name_lookups.hpp"

#include <pthread.h>

#include <asyncdl/error.hpp>
#include <cerrno>
#include <iterator>
#include <new>
#include <thread>
#include <utility>

namespace asyncdl::net {

namespace {

constexpr auto answer_lifetime = std::chrono::seconds(60);
constexpr std::size_t max_answers = 4096;
constexpr auto memory_pause = std::chrono::milliseconds(10);

}  // namespace

name_lookups::name_lookups(lookup_settings settings) : settings_(std::move(settings)) {}

std::optional<std::vector<boost::asio::ip::address>> name_lookups::known(const std::string& host) {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(host);
    if (found == answers_.end() || found->second.expires < clock::now())
        return std::nullopt;
    return found->second.addresses;
}

boost::system::error_code name_lookups::ask(const std::string& host,
                                            const std::shared_ptr<waiter>& who) {
    std::list<std::shared_ptr<waiter>> one(1, who);
    const std::lock_guard lock(mutex_);
    if (const auto found = names_.find(host); found != names_.end()) {
        name& asked = *found->second;
        who->place_.emplace(waiter::place{found->second, one.begin()});
        asked.waiting.splice(asked.waiting.end(), one);
        if (asked.began)
            who->begun();
        return {};
    }
    std::list<name> fresh(1);
    fresh.front().host = host;
    names_.emplace(fresh.front().host, fresh.begin());
    who->place_.emplace(waiter::place{fresh.begin(), one.begin()});
    fresh.front().waiting.splice(fresh.front().waiting.end(), one);
    queue_.splice(queue_.end(), fresh);
    const int failed = call_thread();
    if (failed == 0 || threads_ > 0)
        return {};  // if there is no further thread, one of those that run takes the name
    who->place_.reset();
    names_.erase(host);
    queue_.pop_back();
    return boost::system::error_code(failed, boost::system::system_category());
}

void name_lookups::leave(waiter& who) noexcept {
    std::list<std::shared_ptr<waiter>> left;  // destroyed without the lock
    std::list<name> dropped;
    const std::lock_guard lock(mutex_);
    if (!who.place_)
        return;
    const auto [in, at] = *std::exchange(who.place_, std::nullopt);
    left.splice(left.end(), in->waiting, at);
    if (!in->waiting.empty() || in->began)
        return;
    names_.erase(in->host);
    dropped.splice(dropped.end(), queue_, in);
}

void name_lookups::close() noexcept {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return threads_ == running_.size(); });
}

/// Sees to it that a thread looks at the queue. Returns 0 or the system's error.
int name_lookups::call_thread() noexcept {
    if (attended_ || closed_ || queue_.empty() || threads_ >= settings_.max_threads)
        return 0;
    if (const int error = start_thread(); error != 0)
        return error;
    attended_ = true;
    ++threads_;
    return 0;
}

int name_lookups::start_thread() noexcept {
    ::pthread_attr_t attributes;
    if (const int error = ::pthread_attr_init(&attributes); error != 0)
        return error;
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    ::pthread_attr_setstacksize(&attributes, settings_.stack_size);
    int error = ENOMEM;
    try {
        auto self = std::make_unique<std::shared_ptr<name_lookups>>(shared_from_this());
        ::pthread_t thread{};
        error = ::pthread_create(&thread, &attributes, &name_lookups::run, self.get());
        if (error == 0)
            (void)self.release();
    } catch (const std::bad_alloc&) {
        // ENOMEM says it.
    }
    ::pthread_attr_destroy(&attributes);
    return error;
}

void* name_lookups::run(void* self) {
    const std::unique_ptr<std::shared_ptr<name_lookups>> given(
        static_cast<std::shared_ptr<name_lookups>*>(self));
    // A thread-local object that is still to be destroyed keeps the shared object with this code
    // loaded: a program may unload a plugin while a look-up hangs.
    thread_local std::shared_ptr<name_lookups> own;
    own = std::move(*given);
    own->work();
    return nullptr;
}

void name_lookups::work() noexcept {
    std::unique_lock lock(mutex_);
    attended_ = false;
    while (await_turn(lock))
        look_up_next(lock);
    --threads_;
    changed_.notify_all();
}

/// Returns false if there is nothing to do, or another thread waits for the next turn.
bool name_lookups::await_turn(std::unique_lock<std::mutex>& lock) {
    while (!queue_.empty() && !closed_) {
        const auto turn = next_turn();
        if (clock::now() >= turn)
            return true;
        if (attended_)
            return false;
        attended_ = true;
        changed_.wait_until(lock, turn);
        attended_ = false;
    }
    return false;
}

/// When fewer than `max_working` look-ups run that do not hang.
name_lookups::clock::time_point name_lookups::next_turn() const {
    if (running_.size() < settings_.max_working)
        return clock::time_point::min();
    const auto oldest = std::prev(running_.end(), static_cast<long>(settings_.max_working));
    return *oldest->began + settings_.hung_after;
}

void name_lookups::look_up_next(std::unique_lock<std::mutex>& lock) {
    running_.splice(running_.end(), queue_, queue_.begin());
    const auto current = std::prev(running_.end());
    current->began = clock::now();
    for (const auto& who : current->waiting)
        who->begun();
    call_thread();  // for the rest of the queue
    lock.unlock();
    const lookup_answer answer = look_up(current->host);
    lock.lock();
    remember(current->host, answer);
    std::list<std::shared_ptr<waiter>> served;
    served.swap(current->waiting);
    for (const auto& who : served)
        who->place_.reset();
    names_.erase(current->host);
    running_.erase(current);
    lock.unlock();
    for (const auto& who : served) {
        // If there is no memory it is tried again: who waits must not end on this thread.
        while (!who->complete(answer))
            std::this_thread::sleep_for(memory_pause);
    }
    served.clear();
    lock.lock();
}

lookup_answer name_lookups::look_up(const std::string& host) const noexcept {
    try {
        return settings_.look_up(host);
    } catch (...) {
        return make_error_code(errc::resolve_failed);
    }
}

void name_lookups::remember(const std::string& host, const lookup_answer& answer) noexcept {
    if (!answer)
        return;
    try {
        if (answers_.size() >= max_answers)
            answers_.clear();
        answers_[host] = {*answer, clock::now() + answer_lifetime};
    } catch (const std::bad_alloc&) {
        // The next download asks again.
    }
}

}  // namespace asyncdl::net
