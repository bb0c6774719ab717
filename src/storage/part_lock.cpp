#include "storage/part_lock.hpp"

#include <unistd.h>

#include <algorithm>
#include <asyncdl/error.hpp>
#include <cerrno>
#include <utility>
#include <vector>

namespace asyncdl::storage {

namespace {

// Not to block on what took the place of a file.
constexpr int open_flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int create_flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
constexpr ::mode_t others_write = S_IWGRP | S_IWOTH;

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

core::fault failed(const directory& where, std::string_view what, const std::string& name,
                   int negative_errno) {
    return file_fault(what, where.path_of(name), negative_errno);
}

core::fault not_locked(const directory& where, const std::string& part, int negative_errno) {
    if (negative_errno == -EWOULDBLOCK)
        return {make_error_code(errc::part_in_use),
                where.path_of(part) + " is in use by another download"};
    return failed(where, "lock", part, negative_errno);
}

core::fault in_use(const directory& where, const std::string& name) {
    return used_by_run(errc::file, where.path_of(name));
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
            return in_use(where, name);
    }
    return {};
}

/// Opens and locks what stands as `part`: a descriptor, or -errno.
int open_locked(directory& where, const std::string& part, int access) {
    files& calls = where.calls();
    holder opened(calls, calls.openat(where.descriptor(), part.c_str(), access | open_flags, 0));
    const int locked = opened.get() < 0 ? opened.get() : take_lock(calls, opened.get());
    return locked < 0 ? locked : opened.release();
}

/// Removes what stands as `part` if that is a regular file that nobody has locked. Afterwards the
/// name may be tried again.
core::outcome<void> remove_stale(directory& where, const std::string& part) {
    files& calls = where.calls();
    if (auto free = none_in_use(where, part); !free)
        return free;
    // Looked at before it is opened, which not every device takes lightly.
    struct ::stat found {};
    const int looked = calls.fstatat(where.descriptor(), part.c_str(), found, AT_SYMLINK_NOFOLLOW);
    if (looked == -ENOENT)
        return {};
    if (looked < 0)
        return failed(where, "look at", part, looked);
    if (!S_ISREG(found.st_mode))
        return core::fault(make_error_code(errc::file),
                           where.path_of(part) + " exists and is not a regular file");
    int descriptor = open_locked(where, part, O_RDONLY);
    if (descriptor == -EBADF)  // NFS locks only what may be written
        descriptor = open_locked(where, part, O_RDWR);
    const holder opened(calls, descriptor);
    if (descriptor == -ENOENT || descriptor == -ELOOP)
        return {};
    if (descriptor < 0)
        return not_locked(where, part, descriptor);
    // Under the lock the name stays what it is; until then another download may have had it.
    if (!is_still(where, part, descriptor, found) || !S_ISREG(found.st_mode))
        return {};
    if (where.is_in_use(found))
        return in_use(where, part);
    // First, so that no state is ever older than its part file. What cannot be removed claims what
    // does not hold any more.
    const std::string state = with(part, state_suffix);
    if (may_remove_state(where, state))
        calls.unlinkat(where.descriptor(), state.c_str());
    const int removed = calls.unlinkat(where.descriptor(), part.c_str());
    if (removed < 0 && removed != -ENOENT)
        return failed(where, found.st_uid == ::geteuid() ? "remove" : "remove another user's", part,
                      removed);
    return {};
}

/// Opens what may be ours, to be looked at again under the lock: a descriptor, or -errno.
int open_own(directory& where, const std::string& name) {
    files& calls = where.calls();
    struct ::stat found {};
    const int looked = calls.fstatat(where.descriptor(), name.c_str(), found, AT_SYMLINK_NOFOLLOW);
    if (looked < 0)
        return looked;
    if (!is_ours(found) || where.is_in_use(found))
        return -EPERM;
    return calls.openat(where.descriptor(), name.c_str(), O_RDWR | open_flags, 0);
}

/// Gives what an earlier run has left the mode of a new file; false if others may have written it
/// who could not write a new one.
core::outcome<bool> renew_mode(directory& where, const std::string& part, int file, ::mode_t mode) {
    const int known = where.mode_of_new_file();
    if (may_pass(known))
        return failed(where, "find the mode of", part, known);
    const auto wanted = known < 0 ? mode & 0644 : static_cast<::mode_t>(known);
    if (mode & others_write & ~wanted)
        return false;
    return mode == wanted || where.calls().fchmod(file, wanted) >= 0;
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

bool is_ours(const struct ::stat& found) noexcept {
    return S_ISREG(found.st_mode) && found.st_nlink == 1 && found.st_uid == ::geteuid();
}

bool may_remove_state(directory& where, const std::string& state) {
    const auto there = look(where, state);
    return there && there->state == target_state::present;
}

core::outcome<own_part> take_part(directory& where, const std::string& part) {
    files& calls = where.calls();
    for (int tries = 0; tries < most_tries; ++tries) {
        holder made(calls, calls.openat(where.descriptor(), part.c_str(), create_flags, part_mode));
        if (made.get() == -EEXIST) {
            if (auto removed = remove_stale(where, part); !removed)
                return std::move(removed).error();
            continue;
        }
        if (made.get() < 0)
            return failed(where, "create", part, made.get());
        const int locked = take_lock(calls, made.get());
        struct ::stat found {};
        const int looked = locked < 0 ? locked : calls.fstat(made.get(), found);
        // Another that found it before it was locked has removed it.
        if (looked >= 0 && found.st_nlink == 0)
            continue;
        if (looked >= 0)
            return own_part{made.release(), identity(found)};
        // Else another has it locked, to remove it.
        if (locked != -EWOULDBLOCK && is_still(where, part, made.get(), found))
            calls.unlinkat(where.descriptor(), part.c_str());
        return locked < 0 ? not_locked(where, part, locked)
                          : failed(where, "look at", part, looked);
    }
    return failed(where, "create", part, -EEXIST);
}

core::outcome<std::optional<kept_files>> open_kept(directory& where, const std::string& leaf) {
    files& calls = where.calls();
    const int folder = where.descriptor();
    const std::optional<kept_files> nothing;
    const std::string part = with(leaf, part_suffix);
    const std::string state = with(part, state_suffix);
    holder journal(calls, open_own(where, state));
    if (may_pass(journal.get()))
        return failed(where, "open", state, journal.get());
    if (journal.get() < 0)
        return nothing;

    holder opened(calls, open_own(where, part));
    if (may_pass(opened.get()))
        return failed(where, "open", part, opened.get());
    struct ::stat found {};
    if (opened.get() == -ENOENT && is_still(where, state, journal.get(), found) && is_ours(found))
        calls.unlinkat(folder, state.c_str());
    if (opened.get() < 0)
        return nothing;
    if (const int locked = take_lock(calls, opened.get()); locked < 0)
        return not_locked(where, part, locked);
    // Under the lock both names stay what they are, but until then another download may have ended.
    if (!is_still(where, state, journal.get(), found) || !is_ours(found) ||
        (found.st_mode & others_write))
        return nothing;
    const auto state_bytes = static_cast<std::uint64_t>(found.st_size);
    if (state_bytes > most_journal_bytes)
        return nothing;
    if (!is_still(where, part, opened.get(), found) || !is_ours(found))
        return nothing;
    const auto part_bytes = static_cast<std::uint64_t>(found.st_size);
    auto claims = decode(read_journal(calls, journal.get(), state_bytes));
    if (!claims)
        return nothing;
    std::erase_if(claims->pieces, [&](const piece& claim) { return claim.range.end > part_bytes; });
    if (claims->pieces.empty())
        return nothing;
    const auto renewed = renew_mode(where, part, opened.get(), found.st_mode & 07777);
    if (!renewed)
        return renewed.error();
    if (!*renewed)
        return nothing;
    kept_files kept{{opened.release(), identity(found)},
                    journal.release(),
                    part_bytes,
                    state_bytes,
                    std::move(*claims)};
    return std::optional(std::move(kept));
}

int leads_to(directory& where, const std::string& name, const file_identity& file) {
    struct ::stat named {};
    const int looked =
        where.calls().fstatat(where.descriptor(), name.c_str(), named, AT_SYMLINK_NOFOLLOW);
    if (looked < 0)
        return looked == -ENOENT ? 0 : looked;
    return identity(named) == file ? 1 : 0;
}

bool is_still(directory& where, const std::string& name, int file, struct ::stat& open) {
    return where.calls().fstat(file, open) >= 0 && leads_to(where, name, identity(open)) > 0;
}

}  // namespace asyncdl::storage
