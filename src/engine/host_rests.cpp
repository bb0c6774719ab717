#include "engine/host_rests.hpp"

#include "storage/url_hash.hpp"

namespace asyncdl::engine {

namespace {

// About 15 MiB. Whoever is forgotten early is asked once more.
constexpr std::size_t max_records = 32'768;

// How long a rest that somebody waits for is kept, at a time.
constexpr auto longer = std::chrono::minutes(1);

std::uint64_t host_key(const core::url& url) {
    return storage::url_hash(url.origin().display());
}

std::uint64_t url_key(const core::url& url) {
    return storage::url_hash(url.display());
}

}  // namespace

std::shared_ptr<rest> host_rests::of(const core::url& url, time_point now) {
    if (!any())
        return nullptr;
    return find(host_key(url), url_key(url), now);
}

std::shared_ptr<rest> host_rests::of(const rest& earlier, time_point now) {
    return find(earlier.host, earlier.key, now);
}

void host_rests::refused(const core::url& url, const refusal& how, time_point now) {
    const std::uint64_t host = host_key(url);
    const std::uint64_t its_own = url_key(url);
    const std::lock_guard lock(mutex_);
    urls_.refused(its_own, host, its_own, how, now);
    hosts_.refused(host, host, its_own, how, now);
    note_size();
}

void host_rests::answered(const core::url& url, time_point now) {
    if (!any())
        return;
    const std::uint64_t host = host_key(url);
    const std::uint64_t its_own = url_key(url);
    const std::lock_guard lock(mutex_);
    hosts_.answered(host, now);
    urls_.answered(its_own, now);
    note_size();
}

std::size_t host_rests::size() const {
    const std::lock_guard lock(mutex_);
    return hosts_.size() + urls_.size();
}

std::shared_ptr<rest> host_rests::find(std::uint64_t host, std::uint64_t url, time_point now) {
    const std::lock_guard lock(mutex_);
    auto of_url = urls_.find(url, now);
    auto of_host = hosts_.find(host, now);
    note_size();
    return of_host ? of_host : of_url;
}

std::shared_ptr<rest> host_rests::table::find(std::uint64_t key, time_point now) {
    forget(now);
    const auto found = records_.find(key);
    const bool rests = found != records_.end() && found->second.what->now().begun;
    return rests ? found->second.what : nullptr;
}

void host_rests::table::refused(std::uint64_t key, std::uint64_t host, std::uint64_t url,
                                const refusal& how, time_point now) {
    auto found = records_.find(key);
    if (found == records_.end()) {
        auto fresh = std::make_shared<rest>(key, host, refusals_);
        found = records_.emplace(key, record{std::move(fresh), {}}).first;
    }
    record& one = found->second;
    order_.erase({one.forgotten, key});
    one.what->refused(url, how, now);
    one.forgotten = std::max(one.what->now().end, now) + memory_;
    order_.emplace(one.forgotten, key);
    forget(now);
}

void host_rests::table::answered(std::uint64_t key, time_point now) {
    forget(now);
    const auto found = records_.find(key);
    if (found != records_.end() && found->second.what->answered(now))
        drop(found);
}

void host_rests::table::drop(records::iterator one) {
    one->second.what->finish();
    order_.erase({one->second.forgotten, one->first});
    records_.erase(one);
}

/// Looks at nothing but what is due.
void host_rests::table::forget(time_point now) {
    while (!order_.empty() && (order_.begin()->first <= now || size() > max_records)) {
        const auto one = records_.find(order_.begin()->second);
        if (one->second.what.use_count() == 1 || size() > max_records) {
            drop(one);
            continue;
        }
        order_.erase(order_.begin());
        one->second.forgotten = now + longer;
        order_.emplace(one->second.forgotten, one->first);
    }
}

}  // namespace asyncdl::engine
