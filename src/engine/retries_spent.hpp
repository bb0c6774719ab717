#pragma once
// What one download has spent of its retries: those that it made, and those that a rest has cost
// which its host was told again by others. Owned by the download. Pure.

#include <algorithm>

namespace asyncdl::engine {

class retries_spent {
public:
    unsigned total = 0;
    unsigned by_others = 0;   ///< attempts that were used up without a request of this download
    unsigned told_again = 0;  ///< how often its rest was, as far as counted

    /// The rest that it waits for has been told again so often in all: each time uses up an attempt
    /// and takes a retry for the next one. False once there is none of `retries` left.
    bool count(unsigned told, unsigned retries) noexcept {
        while (told_again < told) {
            ++told_again;
            ++by_others;
            if (total >= retries)
                return false;
            ++total;
        }
        return true;
    }

    /// It waits for another rest from now on, told again so often so far, or for none: its host has
    /// answered others, and what others were told costs nothing any more.
    void begin_anew(unsigned told) noexcept {
        total -= std::min(total, by_others);
        by_others = 0;
        told_again = told;
    }
};

}  // namespace asyncdl::engine
