#pragma once
// Rounds of a test that throws dice, each with a seed of its own, so that one that fails can be
// played again. From the environment, for a prefix like ASYNCDL_KILL:
//
//   PREFIX_ROUNDS=N   so many, instead of the few that every run of the tests has time for
//   PREFIX_SEED=N     the dice of the first round; those of the next one are N + 1
//
// Used by the test's thread.

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>

namespace asyncdl::test {

class rounds {
public:
    rounds(std::string prefix, unsigned usual)
        : prefix_(std::move(prefix)),
          asked_(number("_ROUNDS")),
          count_(asked_.value_or(usual)),
          first_(number("_SEED").value_or(std::random_device{}())) {}

    unsigned count() const { return count_; }

    /// Whether a person has asked for them, who then wants a line for each.
    bool were_asked_for() const { return asked_.has_value(); }

    /// Calls `round` with the number of each, from 1, and its seed.
    template <typename Round>
    void play(Round round) const {
        for (unsigned i = 0; i < count_; ++i) {
            const unsigned seed = first_ + i;
            INFO("again with ", prefix_, "_ROUNDS=1 ", prefix_, "_SEED=", seed);
            round(i + 1, seed);
        }
    }

private:
    std::optional<unsigned> number(const char* suffix) const {
        const char* const text = std::getenv((prefix_ + suffix).c_str());
        return text == nullptr ? std::nullopt
                               : std::optional(static_cast<unsigned>(std::atol(text)));
    }

    std::string prefix_;
    std::optional<unsigned> asked_;
    unsigned count_;
    unsigned first_;
};

}  // namespace asyncdl::test
