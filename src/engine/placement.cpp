#include "engine/placement.hpp"

#include <algorithm>
#include <utility>

#include "core/file_name.hpp"
#include "engine/replaces.hpp"
#include "storage/part_lock.hpp"

namespace asyncdl::engine {

namespace {

std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('/') + 1);
}

/// With the slash at their end; empty if the name has none.
std::string_view folders_of(std::string_view name) {
    return name.substr(0, name.rfind('/') + 1);
}

/// Whether another name must be found because of what is in the place of this one.
bool is_in_the_way(const storage::target& there, on_exists mode) {
    using enum storage::target_state;
    return there.state == in_use || (mode == on_exists::rename && there.state != absent);
}

}  // namespace

std::string placement::path() const {
    const std::string& directory = *directory_;
    std::string path;
    path.reserve(directory.size() + 1 + name().size());
    path.append(directory).append(directory.ends_with('/') ? "" : "/").append(name());
    return path;
}

std::string placement::leaf() const {
    return std::string(last_part(target_.name));
}

std::string placement::part_leaf() const {
    return part_ ? std::string(last_part(part_->name)) : leaf();
}

std::string placement::by_template(std::string plain, const core::url& from,
                                   bool redirected) const {
    return names_ ? names_->expand({index_, from, plain, redirected}) : std::move(plain);
}

core::outcome<void> placement::plan(const download_request& request,
                                    const downloader_options& options, const core::url& from,
                                    const core::name_template* names, std::uint64_t index) {
    names_ = names;
    index_ = index;
    directory_ = request.directory.empty() ? &options.download_dir : &request.directory;
    given_ = !request.file_name.empty();
    if (directory_->find('\0') != std::string::npos)
        return core::fault(make_error_code(errc::name), "the directory's name holds a NUL");
    if (given_) {
        auto checked = core::checked_name(request.file_name);
        if (!checked)
            return checked.error();
        target_.base = std::move(*checked);
    } else {
        target_.base = by_template(core::derived_name(from), from, false);
    }
    target_.name = target_.base;
    return {};
}

core::outcome<void> placement::enter(std::shared_ptr<storage::directory> folder) {
    const bool is_same = entered_ == folder->identity();
    entered_ = folder->identity();
    folder_ = std::move(folder);
    if (is_same && is_named())
        return {};
    drop_part();
    target_.claim.give_back();
    number_ = 0;
    if (next_)
        target_.base = *std::exchange(next_, std::nullopt);
    if (!given_) {
        take_derived();
        return {};
    }
    if (auto fits = check_length(); !fits)
        return fits;
    if (take(target_.base))
        return {};
    return core::fault(make_error_code(errc::exists),
                       "another download of this run has the name " + path());
}

bool placement::follow(const core::url& to, bool redirected, const core::fields& fields,
                       bool has_part) {
    if (given_)
        return false;
    next_.reset();
    const auto disposition = fields.find("Content-Disposition");
    std::string derived = disposition  ? core::served_name(*disposition, to, redirected)
                          : redirected ? core::served_name(to)
                                       : core::derived_name(to);
    if (names_)
        derived = by_template(std::move(derived), to, redirected);
    if (names_ && folders_of(derived) != folders_of(target_.base)) {
        if (!has_part) {
            followed_ = true;
            next_ = std::move(derived);
            return true;
        }
        derived.replace(0, folders_of(derived).size(), folders_of(target_.base));
    }
    if (derived.size() > folder_->max_leaf())
        derived = core::shortened_name(std::move(derived), folder_->max_leaf());
    if (derived == target_.base)
        return false;
    followed_ = true;
    if (part_ && part_->base == derived) {
        target_ = std::move(*part_);
        part_.reset();
        number_ = 0;
        return true;
    }
    if (has_part && !part_)
        part_.emplace(std::move(target_));
    target_.claim.give_back();
    target_.base = std::move(derived);
    take_derived();
    return true;
}

kept_name placement::keep() noexcept {
    drop_part();
    kept_name kept;
    kept.claim.emplace(std::move(target_.claim));
    kept.number = number_;
    kept.entered = entered_;
    leave();
    return kept;
}

void placement::take_back(kept_name&& name) {
    if (!name.claim)
        return;
    if (name.number > 0)
        target_.name = core::numbered_name(target_.base, name.number);
    target_.claim = *std::move(name.claim);
    number_ = name.number;
    entered_ = name.entered;
}

/// Holds `name` from now on, unless another download does.
bool placement::take(std::string name) {
    if (!target_.claim.take(claimed_names::key_of(folder_->identity(), last_part(name))))
        return false;
    target_.name = std::move(name);
    return true;
}

/// The first free one of the names that can be made of the derived one in this folder.
void placement::take_derived() {
    if (target_.base.size() > folder_->max_leaf())
        target_.base = core::shortened_name(std::move(target_.base), folder_->max_leaf());
    number_ = 0;
    if (!take(target_.base))
        (void)take_number(std::nullopt);  // without a look at files it cannot fail
}

core::outcome<void> placement::check_length() const {
    const std::size_t most = folder_->max_leaf();
    if (last_part(target_.name).size() <= most)
        return {};
    return core::fault(make_error_code(errc::name),
                       "the file name " + target_.name +
                           " is too long for its folder, which takes " + std::to_string(most) +
                           " bytes");
}

/// A file system may take less than it says: a derived name is cut then. Blocking.
core::outcome<void> placement::try_length() {
    if (target_.name.size() <= std::min(storage::directory::sure_leaf, folder_->max_leaf()))
        return {};
    folder_->try_leaf(last_part(target_.name).size());
    auto fits = check_length();
    if (fits || given_)
        return fits;
    target_.claim.give_back();
    take_derived();
    return {};
}

bool placement::use_part(const std::string& leaf) {
    name_claim claim(active_, batch_);
    if (!claim.take(claimed_names::key_of(folder_->identity(), leaf)))
        return false;
    const std::string name = std::string(folders_of(target_.name)) + leaf;
    part_.emplace(held_name{name, name, std::move(claim)});
    return true;
}

void placement::drop_part() {
    if (part_)
        part_->claim.give_back();
    part_.reset();
}

core::outcome<bool> placement::next_number(on_exists mode) {
    if (mode != on_exists::rename && (given_ || !replaces(mode)))
        return false;
    const auto numbered = take_number(mode, number_);
    return numbered ? core::outcome<bool>(true) : numbered.error();
}

/// Takes the first number that is free, or one near it if they have gaps: thousands may be taken,
/// so it is found in few steps.
core::outcome<void> placement::take_number(std::optional<on_exists> mode, unsigned above) {
    const auto try_number = [&](unsigned number) -> core::outcome<bool> {
        std::string name = core::numbered_name(target_.base, number, folder_->max_leaf());
        if (mode) {
            const auto there = look(std::string(last_part(name)));
            if (!there)
                return there.error();
            if (is_in_the_way(*there, *mode))
                return false;
        }
        return take(std::move(name));
    };
    unsigned taken = above;
    unsigned free = 0;
    for (unsigned step = 1, next = above + 1; free - taken != 1;
         next = free == 0 ? above + (step *= 2) : taken + (free - taken) / 2) {
        const auto done = try_number(next);
        if (!done)
            return done.error();
        (*done ? free : taken) = next;
    }
    number_ = free;
    return {};
}

/// What is in the place of a name. A file in use counts for the name whose companion it would be.
core::outcome<storage::target> placement::look(const std::string& leaf) const {
    auto there = storage::look(*folder_, leaf);
    if (!there || !folder_->knows_files_in_use())
        return there;
    std::string companion = leaf;
    for (const auto suffix : {storage::part_suffix, storage::state_suffix}) {
        companion += suffix;
        auto found = storage::look(*folder_, companion);
        if (found && found->state == storage::target_state::in_use)
            found->suffix = companion.substr(leaf.size());
        if (!found || found->state == storage::target_state::in_use)
            return found;
    }
    return there;
}

core::outcome<bool> placement::settle(on_exists mode) {
    if (auto fits = try_length(); !fits)
        return fits.error();
    forget_existing();
    // Where files are made without a name, they find out early enough what is in their place.
    unchecked_ = replaces(mode) && folder_->takes_unnamed();
    if (unchecked_)
        return note_existing(mode);
    auto there = look(leaf());
    if (there && is_in_the_way(*there, mode) && (mode == on_exists::rename || !given_)) {
        if (const auto numbered = take_number(mode); !numbered)
            return numbered.error();
        if (mode == on_exists::rename)
            return true;  // what others make of that name meanwhile shows when the file gets it
        there = look(leaf());
    }
    if (!there)
        return there.error();
    if (auto why = storage::obstacle(*there, path()))
        return *std::move(why);
    if (replaces(mode))
        return note_existing(mode);
    if (there->state == storage::target_state::absent)
        return true;
    kept_size_ = there->size;
    if (mode == on_exists::skip)
        return false;
    return core::fault(make_error_code(errc::exists), path() + " exists");
}

/// Looks at the file that may be kept. True: the download goes on, whatever is there.
core::outcome<bool> placement::note_existing(on_exists mode) {
    if (mode == on_exists::overwrite || storage::is_absent(*folder_, leaf()))
        return true;
    auto found = storage::find_existing(*folder_, leaf());
    if (!found)
        return std::move(found).error();
    if (*found)
        existing_ = std::make_unique<const storage::existing_file>(**std::move(found));
    return true;
}

void placement::look_behind(const core::url& to, on_exists mode) {
    if (given_ || mode == on_exists::overwrite || !replaces(mode) ||
        (existing_ && existing_->record))
        return;
    const std::string name = by_template(core::served_name(to), to, true);
    if (folders_of(name) != folders_of(target_.base))
        return;
    std::string leaf = core::shortened_name(std::string(last_part(name)), folder_->max_leaf());
    auto found = storage::find_existing(*folder_, leaf);
    if (!found || !*found || !(*found)->record)
        return;
    existing_ = std::make_unique<const storage::existing_file>(**std::move(found));
    existing_leaf_ = std::move(leaf);
}

bool placement::has_state() const {
    if (!folder_->may_hold_states())
        return false;
    std::string state = part_leaf();
    state.append(storage::part_suffix).append(storage::state_suffix);
    const auto there = storage::look(*folder_, state);
    return there && there->state == storage::target_state::present;
}

bool placement::is_existing_unchanged() const {
    const std::string name = existing_leaf_.empty() ? leaf() : existing_leaf_;
    return existing_ && storage::is_unchanged(*folder_, name, *existing_);
}

core::outcome<void> placement::check() {
    unchecked_ = false;
    const auto there = look(leaf());
    if (!there)
        return there.error();
    auto why = storage::obstacle(*there, path());
    return why ? core::outcome<void>(*std::move(why)) : core::outcome<void>();
}

}  // namespace asyncdl::engine
