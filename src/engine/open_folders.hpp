#pragma once
// The folders that the downloads of a context write to, open: each takes one descriptor, however
// many threads download there. Part of the shared_context; thread-safe.

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "core/fault.hpp"
#include "storage/directory.hpp"

namespace asyncdl::engine {

class open_folders {
public:
    explicit open_folders(storage::files_in_use in_use) : in_use_(std::move(in_use)) {}

    /// The open folder that holds the file `name` below `directory`; both are made if they are
    /// missing. Opened anew if it was removed meanwhile. Blocking.
    core::outcome<std::shared_ptr<storage::directory>> open(const std::string& directory,
                                                            const std::string& name);

    /// The same if it is open already, else null. Makes no system call.
    std::shared_ptr<storage::directory> find(const std::string& directory,
                                             const std::string& name) const;

    /// Closes those that no download uses, since descriptors are short.
    void forget();

private:
    struct folder {
        std::string directory;
        std::string below;  ///< the name's folders
        std::shared_ptr<storage::directory> opened;
    };

    const storage::files_in_use in_use_;
    std::mutex opening_;  ///< so that no folder is opened twice; before `mutex_`
    mutable std::mutex mutex_;
    std::array<folder, 8> last_;  ///< opened last
    std::size_t oldest_ = 0;
};

}  // namespace asyncdl::engine
