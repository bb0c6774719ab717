#pragma once
// An open directory that downloads write to, and the look at what is in a target's place. Blocking
// calls only; thread-safe.

#include <asyncdl/file_identity.hpp>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/fault.hpp"
#include "storage/files.hpp"
#include "storage/state_index.hpp"

namespace asyncdl::storage {

/// The files that the program itself reads or writes: no download touches one. May be null.
using files_in_use = std::shared_ptr<const std::vector<file_identity>>;

/// An open directory; what is below it is named relative to it, so that a directory that is swapped
/// meanwhile leads nowhere else. Always held by a shared_ptr, shared by the downloads that write
/// there; thread-safe.
class directory : public std::enable_shared_from_this<directory> {
public:
    /// Opens `path`, making it and its parents (0777 less the umask) where they are missing.
    /// `errc::file` where it is no directory or cannot be used, `errc::name` if a part is too long.
    /// @param in_use for this directory and the folders below it
    static core::outcome<std::shared_ptr<directory>> open(const std::string& path, files& calls,
                                                          files_in_use in_use = nullptr);

    /// The folder below this one that holds `name`'s last part, made where missing; itself for a
    /// name without folders. Folders are entered one by one with O_NOFOLLOW: a symlink among them
    /// is `errc::file`, a part that is too long `errc::name`.
    core::outcome<std::shared_ptr<directory>> folder_of(const std::string& name);

    /// Bytes that a target's name may have in here, so that its part file and state fit as well: by
    /// what the file system says, at most `core::max_name_bytes`.
    std::size_t max_leaf() const noexcept { return max_leaf_; }
    /// Every file system that is in use takes as much, if it does not say less.
    static constexpr std::size_t sure_leaf = 100;
    /// Sees whether a name of `size` bytes is taken in fact, as some file systems say more than
    /// they take. If not, `max_leaf` is what is. Asks only about long names, and once about a
    /// length.
    void try_leaf(std::size_t size);

    /// Whether a state of a part file may be in here. Asked for each download, so that those in a
    /// directory that has none need not look for their own: false once a look through the directory
    /// has found none, until this process writes one itself, wherever. Then another look may find
    /// none again; each comes after twice as many questions as the one before. One that another
    /// process leaves meanwhile is not seen: that download starts over.
    bool may_hold_states();

    /// Whether a file may be made without a name, to get its own when it is complete. Only where a
    /// look has found no part file that could be in its way either, where the file system can do
    /// it, and as long as no file stood in the place of such a one, since to replace it takes
    /// longer then.
    bool takes_unnamed();

    /// A new file without a name, or -errno.
    int open_unnamed();
    /// Gives it the name `leaf`: 0, or -errno if that is taken, or cannot be done.
    int link_unnamed(int file, const std::string& leaf);
    /// From now on files are not made without a name here.
    void refuse_unnamed() noexcept { takes_unnamed_ = false; }

    /// Whether space may be reserved here: until a call has shown that the file system cannot.
    bool may_reserve() const noexcept { return may_reserve_; }
    void refuse_reservation() noexcept { may_reserve_ = false; }

    /// Whether files can have a record in here: until a call has shown that the file system cannot.
    bool takes_records() const noexcept { return takes_records_; }
    void refuse_records() noexcept { takes_records_ = false; }

    /// The mode of a file that would be made here now, or -errno if that cannot be found out. It
    /// hangs on the umask, which cannot be read without changing it for all threads, and on the
    /// directory's default ACL; so a file without a name is made for it, if that can be done.
    int mode_of_new_file();

    /// Whether the program itself uses this file.
    bool is_in_use(const file_identity& file) const noexcept;
    bool is_in_use(const struct ::stat& file) const noexcept {
        return is_in_use(file_identity(file.st_dev, file.st_ino));
    }
    bool knows_files_in_use() const noexcept { return in_use_ && !in_use_->empty(); }

    /// The files in here that have a state, by name; at most `max_states`, of the first
    /// `max_entries` entries. Nothing if the directory cannot be read.
    std::vector<std::string> states(int max_entries, std::size_t max_states) const;
    state_index& state_names() noexcept { return state_names_; }

    /// This process is about to write a state, in whatever directory.
    static void expect_states() noexcept;

    /// The directory as the file system knows it, whatever path led here.
    const file_identity& identity() const noexcept { return identity_; }
    /// Whether it was removed: nothing can be made in it any more.
    bool is_gone() const;

    /// The path of a file in here as messages tell it: relative if the directory was opened so.
    std::string path_of(std::string_view name) const;

    int descriptor() const noexcept { return descriptor_; }
    files& calls() const noexcept { return calls_; }

    directory(int descriptor, const file_identity& identity, std::string path, files& calls,
              std::size_t max_leaf, files_in_use in_use) noexcept
        : descriptor_(descriptor),
          identity_(identity),
          path_(std::move(path)),
          calls_(calls),
          in_use_(std::move(in_use)),
          max_leaf_(max_leaf) {}
    ~directory();
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;

private:
    int process_umask() const;
    bool takes_leaf(std::size_t size) const;
    /// Parts: or files that the program itself uses.
    enum class leftovers { none, parts, states, unknown };
    leftovers look_through() const;
    template <typename Use>
    bool for_each_entry(int max_entries, Use use) const;

    /// The states that this process had begun at a look; at first there was none.
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    static core::outcome<std::shared_ptr<directory>> opened(int descriptor, std::string path,
                                                            files& calls, files_in_use in_use);

    int descriptor_;
    file_identity identity_;
    std::string path_;  ///< that led here
    files& calls_;
    files_in_use in_use_;
    std::atomic<std::size_t> max_leaf_;
    std::atomic<std::size_t> tried_leaf_ = sure_leaf;
    std::atomic<std::uint64_t> asked_ = 0;  ///< times, whether there may be a state
    std::atomic<std::uint64_t> stateless_at_ = never;
    std::atomic<std::uint64_t> clean_at_ = never;  ///< no part file either
    std::atomic<bool> takes_unnamed_ = true;
    std::atomic<bool> may_reserve_ = true;
    std::atomic<bool> takes_records_ = true;
    state_index state_names_;
};

/// What is in the target's place before a download.
enum class target_state {
    absent,
    present,      ///< a regular file, or a symlink (which is replaced, never followed)
    in_use,       ///< the same, but the program itself uses it
    a_directory,  ///< these two are never touched
    not_a_file    ///< a device, a FIFO, a socket
};

struct target {
    target_state state = target_state::absent;
    std::uint64_t size = 0;  ///< in bytes, of what is present
    file_identity id;        ///< of a symlink: its own
    std::string suffix;      ///< of the companion that is in use, if that is not the file itself
};

file_identity identity(const struct ::stat& file) noexcept;

/// Looks at `leaf` in `where`. A symlink is not followed, but one that leads to a file in use is in
/// use itself.
core::outcome<target> look(directory& where, const std::string& leaf);

/// Why a download may not replace `there`, which is at `path`: `errc::file` if it is neither a
/// regular file nor a symlink, `errc::exists` if it is in use. Nothing: it may.
std::optional<core::fault> obstacle(const target& there, const std::string& path);

/// The file at `path`, or its companion with that suffix, is one that the program itself uses.
core::fault used_by_run(errc code, const std::string& path, std::string_view suffix = {});

}  // namespace asyncdl::storage
