#pragma once
// The names that downloads have claimed, for all threads: a registry behind a lock. Owned by the
// context, for what is active, and by each batch, for all that it has begun.

#include <asyncdl/file_identity.hpp>
#include <cstddef>
#include <mutex>
#include <string_view>

#include "core/name_registry.hpp"

namespace asyncdl::engine {

class claimed_names {
public:
    /// The name of `leaf` in `folder`, for every registry of this process.
    static core::name_key key_of(const file_identity& folder, std::string_view leaf);

    /// As `core::name_registry` has them; from any thread.
    bool claim(core::name_key name) {
        const std::lock_guard lock(mutex_);
        return names_.claim(name);
    }
    void release(core::name_key name) {
        const std::lock_guard lock(mutex_);
        names_.release(name);
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return names_.size();
    }

private:
    mutable std::mutex mutex_;
    core::name_registry names_;
};

}  // namespace asyncdl::engine
