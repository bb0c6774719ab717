#include "engine/open_folders.hpp"

#include <algorithm>
#include <string_view>

namespace asyncdl::engine {

namespace {

std::string_view folders_of(std::string_view name) {
    const auto slash = name.rfind('/');
    return name.substr(0, slash == std::string_view::npos ? 0 : slash);
}

}  // namespace

std::shared_ptr<storage::directory> open_folders::find(const std::string& directory,
                                                       const std::string& name) const {
    const std::string_view below = folders_of(name);
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(last_, [&](const folder& known) {
        return known.opened && known.below == below && known.directory == directory;
    });
    return found == last_.end() ? nullptr : found->opened;
}

void open_folders::forget() {
    const std::lock_guard lock(mutex_);
    for (folder& known : last_)
        if (known.opened.use_count() == 1)
            known.opened.reset();
}

core::outcome<std::shared_ptr<storage::directory>> open_folders::open(const std::string& directory,
                                                                      const std::string& name) {
    const std::lock_guard opening(opening_);
    if (auto known = find(directory, name); known && !known->is_gone())
        return known;
    auto opened = storage::directory::open(directory, storage::files::system(), in_use_);
    if (opened)
        opened = (*opened)->folder_of(name);
    if (!opened)
        return opened;
    folder made{directory, std::string(folders_of(name)), *opened};
    const std::lock_guard lock(mutex_);
    // One that was removed gives its place to the one that was made again.
    const auto same = std::ranges::find_if(last_, [&](const folder& known) {
        return known.below == made.below && known.directory == made.directory;
    });
    (same != last_.end() ? *same : last_[oldest_++ % last_.size()]) = std::move(made);
    return opened;
}

}  // namespace asyncdl::engine
