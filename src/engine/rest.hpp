#pragma once
// The rest of one host, or of one URL, that has answered 429 or 503, shared by all downloads that
// wait for it. Thread-safe; owned by `host_rests` and by whoever waits.
//
//     /a /b /c -> 503, Retry-After: 5    the host rests; nothing is asked of it for 5 s
//     /d /e /f -> 503, Retry-After: 5    told again: costs all that wait one attempt
//     /g       -> 200                    over: all that wait go on

#include <array>
#include <asyncdl/async_semaphore.hpp>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "core/fault.hpp"
#include "core/retry.hpp"
#include "net/timekeeper.hpp"

namespace asyncdl::engine {

/// A response with status 429 or 503.
class refusal {
public:
    core::fault why;  ///< others show it: it holds no secret of the request
    unsigned status = 0;
    std::optional<std::chrono::seconds> retry_after;
    core::retry_policy policy;
    net::clock::time_point asked;  ///< when the request was sent
};

class rest {
public:
    using time_point = net::clock::time_point;

    /// What it is at a moment.
    class state {
    public:
        bool begun = false;
        bool over = false;
        time_point end;       ///< nothing is to be asked before; it goes on until an answer comes
        unsigned told = 0;    ///< how often it was told again
        unsigned status = 0;  ///< of the last refusal
    };

    /// Begins, and is told again, with so many refusals of different URLs, at most 3. `key` stands
    /// for the host or the URL, `host` for its host.
    rest(std::uint64_t key, std::uint64_t host, unsigned refusals);

    const std::uint64_t key;
    const std::uint64_t host;

    /// Held while somebody asks after the rest, and before that while they wait for its end: not
    /// all that wait ask at once.
    async_semaphore turns;

    state now() const;
    core::fault why() const;

    /// `url` was refused. A request that was sent before the rest's end only makes it longer.
    /// Without a Retry-After the rest doubles each time that it is told again.
    void refused(std::uint64_t url, const refusal& how, time_point now);

    /// There was another answer. A rest that the host gave a length lasts as long; others are over.
    /// @return whether nothing of it is left
    bool answered(time_point now);

    /// Nobody has to wait for it any more.
    void finish();

private:
    time_point end() const { return std::max(told_until_, guessed_until_); }

    const unsigned needed_;
    mutable std::mutex mutex_;
    std::array<std::uint64_t, 2> refused_{};  ///< different URLs, since the last change
    unsigned count_ = 0;
    time_point next_told_{}, next_guessed_{};  ///< the rest that begins with the last of them
    time_point told_until_{}, guessed_until_{};
    bool begun_ = false;
    bool over_ = false;
    unsigned told_ = 0;
    unsigned status_ = 0;
    core::fault why_;
};

}  // namespace asyncdl::engine
