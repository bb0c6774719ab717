#pragma once
// The name that one download holds: no other that is active in the context has it, nor any other of
// its batch, whenever that ran. Owned by a placement; the registries are thread-safe.

#include <memory>
#include <optional>
#include <utility>

#include "engine/claimed_names.hpp"

namespace asyncdl::engine {

class name_claim {
public:
    /// @param active the names of what runs in the context; outlives this
    /// @param batch the names that a batch has used so far; null outside of one
    name_claim(claimed_names& active, std::shared_ptr<claimed_names> batch)
        : active_(&active), batch_(std::move(batch)) {}
    name_claim(name_claim&& other) noexcept
        : active_(other.active_),
          batch_(other.batch_),
          held_(std::exchange(other.held_, std::nullopt)) {}
    /// Gives back what was held.
    name_claim& operator=(name_claim&& other) noexcept {
        if (this != &other) {
            give_back();
            active_ = other.active_;
            batch_ = other.batch_;
            held_ = std::exchange(other.held_, std::nullopt);
        }
        return *this;
    }

    /// The download has ended: others may have the name now, but for those of its batch.
    ~name_claim() {
        if (held_)
            active_->release(*held_);
    }

    /// Takes a name and gives back the one held before. If it is taken, changes nothing and returns
    /// false.
    bool take(core::name_key name) {
        if (!active_->claim(name))
            return false;
        if (batch_ && !batch_->claim(name)) {
            active_->release(name);
            return false;
        }
        give_back();
        held_ = name;
        return true;
    }

    /// Gives the name back, as if it had never been taken.
    void give_back() {
        if (!held_)
            return;
        active_->release(*held_);
        if (batch_)
            batch_->release(*held_);
        held_.reset();
    }

    bool is_held() const noexcept { return held_.has_value(); }

private:
    claimed_names* active_;
    std::shared_ptr<claimed_names> batch_;
    std::optional<core::name_key> held_;
};

}  // namespace asyncdl::engine
