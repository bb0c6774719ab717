#pragma once
// A download of a batch that waits for a rest and has nothing open: as little of it as it takes to
// begin again, instead of a coroutine and a place in the waiting room. Owned by a `held_queue`.

#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <cstdint>
#include <memory>

#include "engine/placement.hpp"
#include "engine/retries_spent.hpp"
#include "engine/shared_context.hpp"

namespace asyncdl::engine {

/// Memory that one held download may take up; the context bounds the sum.
class held_space {
public:
    held_space() noexcept = default;
    held_space(held_space&& other) noexcept
        : shared_(std::exchange(other.shared_, nullptr)),
          bytes_(other.bytes_),
          is_left_(other.is_left_) {}
    held_space& operator=(held_space&& other) noexcept {
        std::swap(shared_, other.shared_);
        std::swap(bytes_, other.bytes_);
        std::swap(is_left_, other.is_left_);
        return *this;
    }
    ~held_space() {
        if (shared_ && is_left_)
            shared_->totals.lost();
        give_back();
    }

    /// Empty if there is no room. `shared` outlives this.
    static held_space try_take(shared_context& shared, std::size_t bytes);

    /// The download has left the active ones: it is counted as lost if it is never taken up.
    void left() noexcept { is_left_ = true; }

    /// The download goes on, or has not been held after all.
    void give_back() noexcept;

    explicit operator bool() const noexcept { return shared_ != nullptr; }

private:
    shared_context* shared_ = nullptr;
    std::size_t bytes_ = 0;
    bool is_left_ = false;
};

class held_download {
public:
    /// What a download with this request takes up, about, and what it has of a result.
    static std::size_t memory(const download_request& request,
                              const download_result* so_far = nullptr) noexcept;

    held_space space;
    download_request request;
    std::uint64_t id = 0;
    std::uint64_t index = 0;
    net::clock::time_point started;
    kept_name name;
    retries_spent spent;
    bool counted = false;                     ///< the attempt that goes on is among its attempts
    std::unique_ptr<download_result> so_far;  ///< if anything was asked
};

}  // namespace asyncdl::engine
