#include "storage/part_lock.hpp"

#include <unistd.h>

#include <algorithm>
#include <asyncdl/error.hpp>
#include <cerrno>
#include <utility>
#include <vector>

namespace asyncdl::storage {

namespace {

// Not to block on what is no file.
constexpr int open_flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
constexpr int create_flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

// How often a name is tried that others make and remove at the same time.
constexpr int most_tries = 8;

std::string with(const std::string& name, std::string_view suffix) {
    return name + std::string(suffix);
}

/// Locks an open part file: 0 or -errno. A file system that has no locks does without.
int take_lock(files& calls, int file) {
    const int locked = calls.lock(file);
    const bool has_none = locked == -EOPNOTSUPP || locked == -ENOLCK || locked == -ENOSYS;
    return has_none ? 0 : locked;
}

core::fault not_locked(const std::string& part, int negative_errno) {
    if (negative_errno == -EWOULDBLOCK)
        return {make_error_code(errc::file), part + " is in use by another download"};
    return file_fault("lock", part, negative_errno);
}

core::fault no_file(const std::string& part) {
    return {make_error_code(errc::file), "cannot create " + part + ": what is there is no file"};
}

core::fault in_use(const std::string& name) {
    return {make_error_code(errc::file), name + " is a file that this run itself uses"};
}

/// Whether neither the part file nor its state is one that the program itself uses.
core::outcome<void> none_in_use(directory& where, const std::string& part) {
    if (!where.knows_files_in_use())
        return {};
    for (const auto& name : {part, with(part, state_suffix)}) {
        const auto there = look(where, name);
        if (!there)
            return there.error();
        if (there->state == target_state::in_use)
            return in_use(name);
    }
    return {};
}

/// Takes over what an earlier run has left: the open, locked and emptied file; -1 where the name
/// has to be tried anew.
core::outcome<int> take_stale(directory& where, const std::string& part) {
    files& calls = where.calls();
    if (auto free = none_in_use(where, part); !free)
        return std::move(free).error();
    holder opened(calls, calls.openat(where.descriptor(), part.c_str(), open_flags, 0));
    if (opened.get() == -ENOENT)
        return -1;
    if (opened.get() == -ELOOP || opened.get() == -EISDIR || opened.get() == -ENXIO)
        return no_file(part);
    if (opened.get() < 0)
        return file_fault("open", part, opened.get());
    struct ::stat found {};
    if (const int looked = calls.fstat(opened.get(), found); looked < 0)
        return file_fault("look at", part, looked);
    if (!S_ISREG(found.st_mode))
        return no_file(part);
    if (where.is_in_use(found))
        return in_use(part);
    if (const int locked = take_lock(calls, opened.get()); locked < 0)
        return not_locked(part, locked);
    if (!is_still(where, part, opened.get(), found))
        return -1;
    // First, so that no state is ever older than its part file. What cannot be removed claims what
    // does not hold any more.
    calls.unlinkat(where.descriptor(), with(part, state_suffix).c_str());
    if (found.st_nlink > 1) {
        // Somebody's file by another name: only the name is ours to take.
        const int removed = calls.unlinkat(where.descriptor(), part.c_str());
        if (removed < 0)
            return file_fault("remove", part, removed);
        return -1;
    }
    if (const int emptied = calls.ftruncate(opened.get(), 0); emptied < 0)
        return file_fault("empty", part, emptied);
    return opened.release();
}

/// A regular file of ours alone. Who else could write it could plant bytes with claims that hold.
bool is_ours(const struct ::stat& found) {
    return S_ISREG(found.st_mode) && found.st_nlink == 1 && found.st_uid == ::geteuid();
}

/// The journal's bytes; fewer where it cannot be read.
std::vector<std::byte> read_journal(files& calls, int file, std::uint64_t size) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto read = calls.pread(file, std::span(bytes).subspan(at), at);
        if (read <= 0)
            break;
        at += static_cast<std::size_t>(read);
    }
    bytes.resize(at);
    return bytes;
}

}  // namespace

bool may_remove_state(directory& where, const std::string& state) {
    const auto there = look(where, state);
    return there && there->state == target_state::present;
}

core::outcome<int> take_part(directory& where, const std::string& part) {
    files& calls = where.calls();
    for (int tries = 0;; ++tries) {
        holder made(calls, calls.openat(where.descriptor(), part.c_str(), create_flags, part_mode));
        if (made.get() >= 0) {
            const int locked = take_lock(calls, made.get());
            if (locked == 0)
                return made.release();
            struct ::stat unused {};
            // Else another has taken it over.
            if (locked != -EWOULDBLOCK && is_still(where, part, made.get(), unused))
                calls.unlinkat(where.descriptor(), part.c_str());
            return not_locked(part, locked);
        }
        if (made.get() != -EEXIST || tries == most_tries)
            return file_fault("create", part, made.get());
        const auto stale = take_stale(where, part);
        if (!stale || *stale >= 0)
            return stale;
    }
}

core::outcome<std::optional<kept_files>> open_kept(directory& where, const std::string& leaf) {
    files& calls = where.calls();
    const int folder = where.descriptor();
    const std::optional<kept_files> nothing;
    std::string state;
    state.reserve(leaf.size() + part_suffix.size() + state_suffix.size());
    state.append(leaf).append(part_suffix).append(state_suffix);
    holder journal(calls, calls.openat(folder, state.c_str(), open_flags, 0));
    if (may_pass(journal.get()))
        return file_fault("open", state, journal.get());
    if (journal.get() < 0)
        return nothing;

    const std::string part = with(leaf, part_suffix);
    holder opened(calls, calls.openat(folder, part.c_str(), open_flags, 0));
    if (may_pass(opened.get()))
        return file_fault("open", part, opened.get());
    struct ::stat found {};
    if (opened.get() == -ENOENT && is_still(where, state, journal.get(), found) && is_ours(found))
        calls.unlinkat(folder, state.c_str());
    if (opened.get() < 0 || calls.fstat(opened.get(), found) < 0 || !is_ours(found))
        return nothing;
    if (const int locked = take_lock(calls, opened.get()); locked < 0)
        return not_locked(part, locked);
    // Under the lock both names stay what they are, but until then another download may have ended.
    if (!is_still(where, part, opened.get(), found))
        return nothing;
    const auto part_bytes = static_cast<std::uint64_t>(found.st_size);
    if (!is_still(where, state, journal.get(), found) || !is_ours(found))
        return nothing;
    const auto state_bytes = static_cast<std::uint64_t>(found.st_size);
    if (state_bytes > most_journal_bytes)
        return nothing;
    auto claims = decode(read_journal(calls, journal.get(), state_bytes));
    if (!claims)
        return nothing;
    std::erase_if(claims->pieces, [&](const piece& claim) { return claim.range.end > part_bytes; });
    if (claims->pieces.empty())
        return nothing;
    kept_files kept{opened.release(), journal.release(), state_bytes, std::move(*claims)};
    return std::optional(std::move(kept));
}

bool is_still(directory& where, const std::string& name, int file, struct ::stat& open) {
    struct ::stat named {};
    return where.calls().fstat(file, open) >= 0 &&
           where.calls().fstatat(where.descriptor(), name.c_str(), named, AT_SYMLINK_NOFOLLOW) >=
               0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

}  // namespace asyncdl::storage
