#pragma once
// XXH3-64 over bytes that come one after the other: what proves a piece of a part file. One owner,
// one thread at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct XXH3_state_s;

namespace asyncdl::storage {

class piece_hash {
public:
    /// Of nothing. Throws bad_alloc.
    piece_hash();

    void reset() noexcept;
    void update(std::span<const std::byte> data) noexcept;
    /// Of all since the last reset; more may follow.
    std::uint64_t value() const noexcept;

private:
    struct release {
        void operator()(XXH3_state_s* state) const noexcept;
    };

    std::unique_ptr<XXH3_state_s, release> state_;
};

}  // namespace asyncdl::storage
