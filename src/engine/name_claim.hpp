#pragma once
// The name that one download holds: no other that is active in the context has it, nor any other of
// its batch, whenever that ran. Owned by a placement; the registries are thread-safe.

#include <memory>
#include <optional>

#include "core/name_registry.hpp"

namespace asyncdl::engine {

class name_claim {
public:
    /// @param active the names of what runs in the context; outlives this
    /// @param batch the names that a batch has used so far; null outside of one
    name_claim(core::name_registry& active, std::shared_ptr<core::name_registry> batch)
        : active_(active), batch_(std::move(batch)) {}
    name_claim(const name_claim&) = delete;
    name_claim& operator=(const name_claim&) = delete;

    /// The download has ended: others may have the name now, but for those of its batch.
    ~name_claim() {
        if (held_)
            active_.release(*held_);
    }

    /// Takes a path and gives back the one held before; where the path is taken, nothing changes
    /// and false is returned.
    bool take(core::name_key path) {
        if (!active_.claim(path))
            return false;
        if (batch_ && !batch_->claim(path)) {
            active_.release(path);
            return false;
        }
        give_back();
        held_ = path;
        return true;
    }

    /// Gives the path back, as if it had never been taken.
    void give_back() {
        if (!held_)
            return;
        active_.release(*held_);
        if (batch_)
            batch_->release(*held_);
        held_.reset();
    }

private:
    core::name_registry& active_;
    std::shared_ptr<core::name_registry> batch_;
    std::optional<core::name_key> held_;
};

}  // namespace asyncdl::engine
