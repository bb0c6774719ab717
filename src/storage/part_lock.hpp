#pragma once
// How a part file becomes ours: made, taken over from an earlier run, or opened together with the
// state that the earlier run has kept. Free functions for `part_file`; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/fault.hpp"
#include "storage/directory.hpp"
#include "storage/state_journal.hpp"

namespace asyncdl::storage {

/// Behind the target's name.
inline constexpr std::string_view part_suffix = ".part";
/// Behind the part file's name.
inline constexpr std::string_view state_suffix = ".state";

/// Less the umask; a target's, as the part file becomes it.
inline constexpr ::mode_t part_mode = 0666;

/// A part file that is open and locked.
struct own_part {
    int file = -1;
    file_identity id;
};

/// Makes `part` for us alone. What stands in its place is never written into: a regular file that
/// nobody has locked is removed, state first; one that is locked is another download's
/// (`errc::part_in_use`); anything else, or a file that the program itself uses, is `errc::file`.
/// The lock lasts as long as the descriptor: a finder of the part file knows whether it is in use,
/// in this process or another. Never removes a file that another download may just have made; on
/// failure nothing of ours is left.
core::outcome<own_part> take_part(directory& where, const std::string& part);

/// Whether a download may remove what stands in a state's place: a regular file or a symlink that
/// the program itself does not use.
bool may_remove_state(directory& where, const std::string& state);

/// A part file of an earlier run with its state, both proven ours.
struct kept_files {
    own_part part;
    int state = -1;
    std::uint64_t part_bytes = 0;
    std::uint64_t state_bytes = 0;
    journal_contents claims;  ///< those within the part file; at least one
};

/// Opens what an earlier run has left of `leaf`, see `part_file::reopen`.
core::outcome<std::optional<kept_files>> open_kept(directory& where, const std::string& leaf);

/// Whether the name leads to this file: 1, 0 or -errno.
int leads_to(directory& where, const std::string& name, const file_identity& file);

/// A regular file of ours alone. Who else could write it could plant bytes with claims that hold.
bool is_ours(const struct ::stat& found) noexcept;

/// Whether the name still leads to the file that is open; `open` is what is known of that then.
bool is_still(directory& where, const std::string& name, int file, struct ::stat& open);

}  // namespace asyncdl::storage
