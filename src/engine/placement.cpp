#include "engine/placement.hpp"

#include <filesystem>

#include "core/file_name.hpp"

namespace asyncdl::engine {

namespace {

std::string joined(const std::string& directory, const std::string& name) {
    return directory.ends_with('/') ? directory + name : directory + '/' + name;
}

/// Whether each part of a path leads one step down: no empty ones, no dots.
bool is_normal(std::string_view path) {
    if (path.starts_with('/'))
        path.remove_prefix(1);
    for (;;) {
        const auto end = path.find('/');
        const std::string_view part = path.substr(0, end);
        if (part.empty() || part == "." || part == "..")
            return false;
        if (end == std::string_view::npos)
            return true;
        path.remove_prefix(end + 1);
    }
}

/// A path as the names in use are compared.
std::string normal(std::string path) {
    if (is_normal(path))
        return path;
    return std::filesystem::path(path).lexically_normal().string();
}

}  // namespace

std::string placement::path() const {
    return joined(directory_, name_);
}

std::string placement::leaf() const {
    return name_.substr(name_.rfind('/') + 1);
}

core::outcome<void> placement::plan(const download_request& request,
                                    const downloader_options& options, const core::url& from,
                                    core::name_registry& names) {
    directory_ = request.directory.empty() ? options.download_dir : request.directory;
    given_ = !request.file_name.empty();
    if (!given_) {
        base_name_ = core::derived_name(from);
        take_derived(names);
        return {};
    }
    auto checked = core::checked_name(request.file_name);
    if (!checked) {
        name_.clear();
        return checked.error();
    }
    base_name_ = name_ = std::move(*checked);
    if (!names.claim(normal(path())))
        return core::fault(make_error_code(errc::exists),
                           "another download of this run has the name " + name_);
    return {};
}

void placement::follow(const core::url& to, core::name_registry& names) {
    if (given_)
        return;
    std::string derived = core::derived_name(to);
    if (derived == base_name_)
        return;
    names.release(normal(path()));
    base_name_ = std::move(derived);
    folder_.reset();
    take_derived(names);
}

void placement::take_derived(core::name_registry& names) {
    const auto claim = [&](unsigned number) {
        name_ = number == 0 ? base_name_ : core::numbered_name(base_name_, number);
        return names.claim(normal(path()));
    };
    if (claim(0))
        return;
    // Thousands of downloads may have one name: find the first free number in few steps.
    unsigned taken = 0;
    unsigned free = 1;
    while (!claim(free)) {
        taken = free;
        free *= 2;
    }
    while (free - taken > 1) {
        const unsigned middle = taken + (free - taken) / 2;
        std::string claimed = name_;
        if (claim(middle)) {
            names.release(normal(joined(directory_, claimed)));
            free = middle;
        } else {
            name_ = std::move(claimed);
            taken = middle;
        }
    }
}

core::outcome<bool> placement::settle(on_exists mode,
                                      const std::shared_ptr<storage::directory>& base,
                                      core::name_registry& names) {
    auto folder = base->folder_of(name_);
    if (!folder)
        return folder.error();
    if (mode != on_exists::overwrite) {
        auto state = storage::look(**folder, leaf());
        for (unsigned number = 1;
             mode == on_exists::rename && state && *state != storage::target_state::absent;
             ++number) {
            std::string next = core::numbered_name(base_name_, number);
            if (!names.claim(normal(joined(directory_, next))))
                continue;
            name_ = std::move(next);
            state = storage::look(**folder, leaf());
        }
        if (!state)
            return state.error();
        if (*state == storage::target_state::a_directory)
            return core::fault(make_error_code(errc::file), name_ + " is a directory");
        if (*state == storage::target_state::present) {
            if (mode == on_exists::skip)
                return false;
            return core::fault(make_error_code(errc::exists), path() + " exists");
        }
    }
    folder_ = std::move(*folder);
    return true;
}

}  // namespace asyncdl::engine
