#include "storage/directory.hpp"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <span>
#include <string_view>
#include <system_error>

#include "core/file_name.hpp"
#include "storage/part_lock.hpp"

namespace asyncdl::storage {

namespace {

constexpr int enter_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr int unnamed_flags = O_RDWR | O_TMPFILE | O_CLOEXEC;
constexpr ::mode_t folder_mode = 0777;  // less the umask

// A look through the directory costs as much as some hundred looks for a single state.
constexpr std::uint64_t asked_before_look = 64;
static_assert(std::has_single_bit(asked_before_look));
constexpr int most_entries = 16384;

std::atomic<std::uint64_t> states_begun = 0;  ///< by this process

core::fault unusable(std::string_view path, int negative_errno) {
    return file_fault("use folder", path, negative_errno);
}

constexpr std::size_t endings = part_suffix.size() + state_suffix.size();

/// By what the file system says, if that makes sense.
std::size_t said_max_leaf(files& calls, int folder) {
    const long said = calls.name_max(folder);
    if (said <= static_cast<long>(endings))
        return core::max_name_bytes;
    return std::min(static_cast<std::size_t>(said) - endings, core::max_name_bytes);
}

/// Opens the folder `path` below `base`, making it where it is missing. Somebody else may make it
/// at the same time.
int enter(files& calls, int base, const char* path, int flags) {
    const int opened = calls.openat(base, path, flags, 0);
    if (opened != -ENOENT)
        return opened;
    const int made = calls.mkdirat(base, path, folder_mode);
    if (made < 0 && made != -EEXIST)
        return made;
    return calls.openat(base, path, flags, 0);
}

}  // namespace

directory::~directory() {
    calls_.close(descriptor_);
}

core::outcome<std::shared_ptr<directory>> directory::open(const std::string& path, files& calls,
                                                          files_in_use in_use) {
    int opened = enter(calls, AT_FDCWD, path.c_str(), enter_flags);
    if (opened == -ENOENT) {  // a parent is missing: they are made from the top down
        for (auto end = path.find('/', 1); end != std::string::npos;
             end = path.find('/', end + 1)) {
            const int made = calls.mkdirat(AT_FDCWD, path.substr(0, end).c_str(), folder_mode);
            if (made < 0 && made != -EEXIST)
                return unusable(path, made);
        }
        opened = enter(calls, AT_FDCWD, path.c_str(), enter_flags);
    }
    return directory::opened(opened, path, calls, std::move(in_use));
}

std::string directory::path_of(std::string_view name) const {
    std::string path;
    path.reserve(path_.size() + 1 + name.size());
    return path.append(path_).append(path_.ends_with('/') ? "" : "/").append(name);
}

/// Takes the descriptor, which may be -errno.
core::outcome<std::shared_ptr<directory>> directory::opened(int descriptor, std::string path,
                                                            files& calls, files_in_use in_use) {
    holder open(calls, descriptor);
    if (open.get() < 0)
        return unusable(path, open.get());
    struct ::stat found {};
    if (const int looked = calls.fstat(open.get(), found); looked < 0)
        return unusable(path, looked);
    const auto max_leaf = said_max_leaf(calls, open.get());
    return std::make_shared<directory>(open.release(), storage::identity(found), std::move(path),
                                       calls, max_leaf, std::move(in_use));
}

bool directory::is_gone() const {
    struct ::stat found {};
    return calls_.fstat(descriptor_, found) >= 0 && found.st_nlink == 0;
}

core::outcome<std::shared_ptr<directory>> directory::folder_of(const std::string& name) {
    auto folder = shared_from_this();
    std::size_t begin = 0;
    for (auto end = name.find('/'); end != std::string::npos; end = name.find('/', begin)) {
        const std::string part = name.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty())
            continue;
        if (part == "..")  // names are made safe before; this is the last lock on the door
            return core::fault(errc::name, "the folder of " + path_of(name) + " is outside");
        auto next =
            opened(enter(calls_, folder->descriptor(), part.c_str(), enter_flags | O_NOFOLLOW),
                   folder->path_of(part), calls_, in_use_);
        if (!next)
            return next;
        folder = std::move(*next);
    }
    return folder;
}

void directory::try_leaf(std::size_t size) {
    if (size <= tried_leaf_ || size > max_leaf_)
        return;
    std::size_t taken = size;
    if (!takes_leaf(size)) {
        taken = 0;
        for (std::size_t refused = size; refused - taken > 1;) {
            const auto between = taken + (refused - taken) / 2;
            (takes_leaf(between) ? taken : refused) = between;
        }
    }
    if (taken == 0)  // then it is not the length
        return;
    if (taken < size)
        max_leaf_ = taken;
    tried_leaf_ = taken;
}

/// Whether a name of this length, with the longest ending, can be looked up.
bool directory::takes_leaf(std::size_t size) const {
    struct ::stat found {};
    const std::string name(size + endings, 'x');
    return calls_.fstatat(descriptor_, name.c_str(), found, AT_SYMLINK_NOFOLLOW) != -ENAMETOOLONG;
}

bool directory::may_hold_states() {
    // Part files that are in use are found as well, so one look may not do.
    const auto asked = ++asked_;
    const auto begun = states_begun.load();  // before the look, which may miss a later one
    if (clean_at_ != begun && asked >= asked_before_look && std::has_single_bit(asked)) {
        const auto found = look_through();
        if (found == leftovers::none || found == leftovers::parts)
            stateless_at_ = begun;
        if (found == leftovers::none)
            clean_at_ = begun;
    }
    return stateless_at_ != begun;
}

bool directory::takes_unnamed() {
    return takes_unnamed_ && clean_at_ == states_begun;
}

int directory::open_unnamed() {
    const int opened = calls_.openat(descriptor_, ".", unnamed_flags, part_mode);
    if (opened < 0 && !may_pass(opened))
        takes_unnamed_ = false;
    return opened;
}

int directory::link_unnamed(int file, const std::string& leaf) {
    return calls_.link(file, descriptor_, leaf.c_str());
}

int directory::mode_of_new_file() {
    const holder made(calls_, open_unnamed());
    struct ::stat found {};
    if (made.get() >= 0 && calls_.fstat(made.get(), found) >= 0)
        return static_cast<int>(found.st_mode & 07777);
    if (may_pass(made.get()))
        return made.get();
    const int mask = process_umask();
    return mask < 0 ? mask : static_cast<int>(part_mode) & ~mask;
}

/// The umask as /proc tells it, or -errno.
int directory::process_umask() const {
    const holder status(calls_,
                        calls_.openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC, 0));
    if (status.get() < 0)
        return status.get();
    std::array<char, 4096> text{};  // it is among the first lines
    const auto read = calls_.pread(status.get(), std::as_writable_bytes(std::span(text)), 0);
    if (read < 0)
        return static_cast<int>(read);
    const std::string_view lines(text.data(), static_cast<std::size_t>(read));
    constexpr std::string_view key = "\nUmask:\t";
    const auto at = lines.find(key);
    int mask = 0;
    if (at == std::string_view::npos ||
        std::from_chars(lines.data() + at + key.size(), lines.data() + lines.size(), mask, 8).ec !=
            std::errc())
        return -ENOTSUP;
    return mask;
}

bool directory::is_in_use(const file_identity& file) const noexcept {
    return in_use_ && std::ranges::find(*in_use_, file) != in_use_->end();
}

void directory::expect_states() noexcept {
    ++states_begun;
}

/// Calls `use` with each entry until it returns false. Returns false if the directory
/// cannot be read, or has more than `max_entries`.
template <typename Use>
bool directory::for_each_entry(int max_entries, Use use) const {
    const int opened = calls_.openat(descriptor_, ".", enter_flags, 0);
    if (opened < 0)
        return false;
    const std::unique_ptr<::DIR, int (*)(::DIR*)> entries(::fdopendir(opened), ::closedir);
    if (!entries) {
        calls_.close(opened);
        return false;
    }
    for (int count = 0; count < max_entries; ++count) {
        errno = 0;
        const ::dirent* entry = ::readdir(entries.get());
        if (!entry)
            return errno == 0;
        if (!use(*entry))
            return true;
    }
    return false;
}

/// Unknown if there are too many entries, or if they cannot be read.
directory::leftovers directory::look_through() const {
    auto found = leftovers::none;
    const auto note = [&](const ::dirent& entry) {
        const std::string_view name = entry.d_name;
        if (name.ends_with(state_suffix))
            found = leftovers::states;
        else if (name.ends_with(part_suffix) ||
                 is_in_use(file_identity(identity_.device, entry.d_ino)))
            found = leftovers::parts;
        return found != leftovers::states;
    };
    return for_each_entry(most_entries, note) ? found : leftovers::unknown;
}

std::vector<std::string> directory::states(int max_entries, std::size_t max_states) const {
    std::vector<std::string> found;
    for_each_entry(max_entries, [&](const ::dirent& entry) {
        std::string_view name = entry.d_name;
        if (!name.ends_with(state_suffix))
            return true;
        name.remove_suffix(state_suffix.size());
        if (!name.ends_with(part_suffix))
            return true;
        name.remove_suffix(part_suffix.size());
        found.emplace_back(name);
        return found.size() < max_states;
    });
    return found;
}

file_identity identity(const struct ::stat& file) noexcept {
    return {file.st_dev, file.st_ino};
}

core::outcome<target> look(directory& where, const std::string& leaf) {
    struct ::stat found {};
    const int looked =
        where.calls().fstatat(where.descriptor(), leaf.c_str(), found, AT_SYMLINK_NOFOLLOW);
    if (looked == -ENOENT)
        return target();
    if (looked < 0)
        return file_fault("look at", where.path_of(leaf), looked);
    target there;
    there.size = static_cast<std::uint64_t>(found.st_size);
    there.id = storage::identity(found);
    const bool is_link = S_ISLNK(found.st_mode);
    if (S_ISDIR(found.st_mode)) {
        there.state = target_state::a_directory;
    } else if (!S_ISREG(found.st_mode) && !is_link) {
        there.state = target_state::not_a_file;
    } else {
        const bool leads_on =
            is_link && where.knows_files_in_use() &&
            where.calls().fstatat(where.descriptor(), leaf.c_str(), found, 0) >= 0;
        // A link that leads nowhere is its own inode still, which is not in use.
        const bool used = (!is_link || leads_on) && where.is_in_use(found);
        there.state = used ? target_state::in_use : target_state::present;
    }
    return there;
}

core::fault used_by_run(errc code, const std::string& path, std::string_view suffix) {
    std::string text = "cannot write " + path + ": this run itself uses ";
    if (suffix.empty())
        text += "that file";
    else
        text.append(path).append(suffix);
    return {make_error_code(code), std::move(text)};
}

std::optional<core::fault> obstacle(const target& there, const std::string& path) {
    switch (there.state) {
        case target_state::absent:
        case target_state::present:
            break;
        case target_state::in_use:
            return used_by_run(errc::exists, path, there.suffix);
        case target_state::a_directory:
            return core::fault(make_error_code(errc::file), path + " is a directory");
        case target_state::not_a_file:
            return core::fault(make_error_code(errc::file),
                               path + " exists and is not a regular file");
    }
    return std::nullopt;
}

}  // namespace asyncdl::storage
