#pragma once
// Which hosts and URLs are left alone for a while (429, 503), told by one download and kept by all
// downloads of a context. Thread-safe.
//
// A refusal rests its URL: one page that is out of service must not stop its host. Three of
// different URLs, with no other answer of the host between them, rest the host (scheme, name and
// port). A URL is what is asked for: path and query, no fragment.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/url.hpp"
#include "engine/rest.hpp"

namespace asyncdl::engine {

class host_rests {
public:
    using time_point = rest::time_point;

    /// Whether any host or URL is remembered. One atomic read.
    bool any() const noexcept { return any_.load(std::memory_order_relaxed); }

    /// The rest to be waited for before `url` is asked: its host's, else its own; null: none.
    std::shared_ptr<rest> of(const core::url& url, time_point now);

    /// The same for what `earlier` was the rest of.
    std::shared_ptr<rest> of(const rest& earlier, time_point now);

    void refused(const core::url& url, const refusal& how, time_point now);

    /// Any other answer, or none at all where the host was asked after its rest.
    void answered(const core::url& url, time_point now);

    /// Hosts and URLs that are remembered.
    std::size_t size() const;

private:
    /// Those of hosts, or those of URLs.
    class table {
    public:
        /// A rest takes so many `refusals`; how often a URL was refused is remembered for `memory`
        /// after its last rest.
        table(unsigned refusals, std::chrono::minutes memory)
            : refusals_(refusals), memory_(memory) {}

        std::shared_ptr<rest> find(std::uint64_t key, time_point now);
        void refused(std::uint64_t key, std::uint64_t host, std::uint64_t url, const refusal& how,
                     time_point now);
        void answered(std::uint64_t key, time_point now);
        std::size_t size() const noexcept { return records_.size(); }

    private:
        struct record {
            std::shared_ptr<rest> what;
            time_point forgotten;  ///< when it is
        };
        using records = std::unordered_map<std::uint64_t, record>;

        void drop(records::iterator one);
        void forget(time_point now);

        const unsigned refusals_;
        const std::chrono::minutes memory_;
        records records_;
        std::set<std::pair<time_point, std::uint64_t>> order_;  ///< the next to be forgotten first
    };

    std::shared_ptr<rest> find(std::uint64_t host, std::uint64_t url, time_point now);
    void note_size() { any_ = hosts_.size() + urls_.size() > 0; }

    std::atomic<bool> any_ = false;
    mutable std::mutex mutex_;
    table hosts_{3, std::chrono::minutes(5)};
    table urls_{1, std::chrono::minutes(0)};
};

}  // namespace asyncdl::engine
