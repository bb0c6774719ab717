#include "engine/placement.hpp"

#include <filesystem>

#include "core/file_name.hpp"

namespace asyncdl::engine {

namespace {

std::string joined(const std::string& directory, const std::string& name) {
    std::string path;
    path.reserve(directory.size() + 1 + name.size());
    path.append(directory).append(directory.ends_with('/') ? "" : "/").append(name);
    return path;
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
core::name_key key(const std::string& path) {
    if (is_normal(path))
        return core::name_key(path);
    return core::name_key(std::filesystem::path(path).lexically_normal().string());
}

}  // namespace

std::string placement::path() const {
    return joined(*directory_, name_);
}

std::string placement::leaf() const {
    return name_.substr(name_.rfind('/') + 1);
}

core::outcome<void> placement::plan(const download_request& request,
                                    const downloader_options& options, const core::url& from) {
    directory_ = request.directory.empty() ? &options.download_dir : &request.directory;
    given_ = !request.file_name.empty();
    if (!given_) {
        base_name_ = core::derived_name(from);
        take_derived();
        return {};
    }
    auto checked = core::checked_name(request.file_name);
    if (!checked)
        return checked.error();
    base_name_ = std::move(*checked);
    if (!take(base_name_)) {
        name_ = base_name_;
        return core::fault(make_error_code(errc::exists),
                           "another download of this run has the name " + name_);
    }
    return {};
}

bool placement::follow(const core::url& to, const core::fields& fields) {
    if (given_)
        return false;
    const auto disposition = fields.find("Content-Disposition");
    std::string derived =
        disposition ? core::derived_name(*disposition, to) : core::derived_name(to);
    if (derived == base_name_)
        return false;
    claim_.give_back();
    base_name_ = std::move(derived);
    folder_.reset();
    take_derived();
    return true;
}

/// Has `name` from now on, unless another download has it.
bool placement::take(std::string name) {
    if (!claim_.take(key(joined(*directory_, name))))
        return false;
    name_ = std::move(name);
    return true;
}

/// The name as it is, else with the first number that is free. Thousands of downloads may have one
/// name, so the number is found in few steps.
void placement::take_derived() {
    const auto take_number = [this](unsigned number) {
        return take(core::numbered_name(base_name_, number));
    };
    if (take(base_name_))
        return;
    unsigned taken = 0;
    unsigned free = 1;
    while (!take_number(free)) {
        taken = free;
        free *= 2;
    }
    while (free - taken > 1) {
        const unsigned middle = taken + (free - taken) / 2;
        (take_number(middle) ? free : taken) = middle;
    }
}

core::outcome<bool> placement::settle(on_exists mode,
                                      const std::shared_ptr<storage::directory>& base) {
    auto folder = base->folder_of(name_);
    if (!folder)
        return folder.error();
    if (mode != on_exists::overwrite) {
        auto found = storage::look(**folder, leaf());
        for (unsigned number = 1;
             mode == on_exists::rename && found && found->state != storage::target_state::absent;
             ++number) {
            if (take(core::numbered_name(base_name_, number)))
                found = storage::look(**folder, leaf());
        }
        if (!found)
            return found.error();
        if (auto why = storage::obstacle(*found, name_))
            return *std::move(why);
        if (found->state == storage::target_state::present) {
            kept_size_ = found->size;
            if (mode == on_exists::skip)
                return false;
            return core::fault(make_error_code(errc::exists), path() + " exists");
        }
    }
    folder_ = std::move(*folder);
    return true;
}

}  // namespace asyncdl::engine
