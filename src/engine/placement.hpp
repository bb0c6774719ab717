#pragma once
// Where one download's file goes: its name, taken in input order so that no two share a target, and
// what becomes of a file that exists already. Owned by a transfer.

#include <asyncdl/download_request.hpp>
#include <asyncdl/downloader_options.hpp>
#include <asyncdl/file_identity.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/fault.hpp"
#include "core/fields.hpp"
#include "core/name_template.hpp"
#include "core/url.hpp"
#include "engine/name_claim.hpp"
#include "storage/directory.hpp"
#include "storage/existing_file.hpp"

namespace asyncdl::engine {

/// What a placement leaves to the next one of its download: the name that it holds, and where. No
/// folder, since that is a descriptor. The rest is in the request.
class kept_name {
public:
    std::optional<name_claim> claim;
    unsigned number = 0;
    std::optional<file_identity> entered;
};

/// The target's name may be learned late, and may change with each response. The part file keeps
/// the name under which it was begun, so both names are held until the file is complete:
///
///     GET /export -> first.csv,  cut    first.csv.part
///     GET /export -> second.csv, a 206  first.csv.part grows, then becomes second.csv
///
/// By a template another name may be in another folder, which is to be entered then. A part file
/// stays in its folder, and so does the name as long as there is one.
class placement {
public:
    placement(claimed_names& active, std::shared_ptr<claimed_names> batch)
        : active_(active), batch_(std::move(batch)), target_(no_name()) {}

    /// Decides the name: the one given, else the URL's. Makes no system call. Request, options and
    /// template outlive this. `errc::name`.
    /// @param names the template of derived names; null: they are plain
    /// @param index of the download in its batch
    core::outcome<void> plan(const download_request& request, const downloader_options& options,
                             const core::url& from, const core::name_template* names = nullptr,
                             std::uint64_t index = 0);

    /// Takes the name in the open folder that is to hold the file. May be called again: in another
    /// folder the name is taken anew. A derived name is cut to what the folder takes. Makes no
    /// system call. `errc::exists`, `errc::name`.
    core::outcome<void> enter(std::shared_ptr<storage::directory> folder);
    /// False as well if the last `follow` has led to another folder, until that is entered.
    bool is_named() const noexcept { return target_.claim.is_held() && !next_; }

    /// Closes the folder, for others that lack a descriptor, and keeps the name: the folder is to
    /// be entered again.
    void leave() noexcept { folder_.reset(); }

    /// Whether the name is the one of `plan` and `enter`, with a number at most.
    bool is_as_planned() const noexcept { return !followed_; }
    /// Gives the name on, if that is as planned, and back to another placement after its `plan`.
    kept_name keep() noexcept;
    void take_back(kept_name&& name);

    /// Takes another derived name if the response's URL or fields give one. `redirected` says that
    /// the server chose the URL. With `has_part` the part file keeps its name, and the name its
    /// folder; else a name in another folder is taken by the `enter` that is due then.
    /// @return whether the name changed
    bool follow(const core::url& to, bool redirected, const core::fields& fields, bool has_part);

    /// Applies `on_exists` to what is in the target's place. Blocking.
    /// @return false if the existing file is kept
    /// `errc::file`, `errc::exists`, `errc::name`.
    core::outcome<bool> settle(on_exists mode);

    /// With `update` and `timestamp`: the regular file that `settle` found in the target's place,
    /// or `look_behind` in another.
    const storage::existing_file* existing() const noexcept { return existing_.get(); }
    /// The server has sent the download to `to`, which may name the file: looks whether that file
    /// says of itself that it is ours, unless the one in the target's place does. Blocking.
    void look_behind(const core::url& to, on_exists mode);
    /// Whether the existing file has another name than the target.
    bool is_existing_elsewhere() const noexcept { return !existing_leaf_.empty(); }
    /// Whether that is still there and unchanged. Blocking.
    bool is_existing_unchanged() const;
    /// It is to be replaced, whatever it is.
    void forget_existing() noexcept {
        existing_.reset();
        existing_leaf_.clear();
    }

    /// Whether an earlier run seems to have left a part file of the target. Blocking.
    bool has_state() const;

    /// Whether `settle` left the look at the target to its commit, which comes soon enough for a
    /// small file; for others `check` takes that look.
    bool is_unchecked() const noexcept { return unchecked_; }
    /// Blocking. `errc::file`, `errc::exists`.
    core::outcome<void> check();

    /// Takes the next number that is free, above the one of the name that somebody else took
    /// meanwhile; false if the name must stay as it is. Blocking.
    core::outcome<bool> next_number(on_exists mode);

    /// Holds the name of a part file that an earlier run left; false if another download holds it.
    bool use_part(const std::string& leaf);
    /// The part file is gone: another will be named after the target.
    void drop_part();

    /// Bytes of the file that is kept.
    std::uint64_t kept_size() const noexcept { return kept_size_; }

    const std::string& directory() const noexcept { return *directory_; }
    const std::string& name() const noexcept { return next_ ? *next_ : target_.name; }
    /// As given or derived, before a number was added.
    const std::string& base_name() const noexcept { return next_ ? *next_ : target_.base; }
    bool is_derived() const noexcept { return !given_; }
    std::string path() const;

    /// The folder that holds the file, the file's name there, and the name that its part file is
    /// made from; after `enter`. Null after `leave` and `take_back`.
    const std::shared_ptr<storage::directory>& folder() const noexcept { return folder_; }
    std::string leaf() const;
    std::string part_leaf() const;
    /// Whether the part file has a name of its own.
    bool has_part_name() const noexcept { return part_.has_value(); }

private:
    struct held_name {
        std::string base;
        std::string name;
        name_claim claim;
    };

    std::string by_template(std::string plain, const core::url& from, bool redirected) const;
    held_name no_name() { return {{}, {}, name_claim(active_, batch_)}; }
    bool take(std::string name);
    void take_derived();
    core::outcome<void> check_length() const;
    core::outcome<void> try_length();
    core::outcome<bool> note_existing(on_exists mode);
    core::outcome<storage::target> look(const std::string& leaf) const;
    core::outcome<void> take_number(std::optional<on_exists> mode, unsigned above = 0);

    claimed_names& active_;
    const std::shared_ptr<claimed_names> batch_;
    const std::string* directory_ = nullptr;      ///< from `plan` on
    const core::name_template* names_ = nullptr;  ///< the same
    std::uint64_t index_ = 0;
    bool given_ = false;
    bool unchecked_ = false;
    bool followed_ = false;  ///< a response has named the file
    unsigned number_ = 0;    ///< in the target's name; 0: none
    held_name target_;
    std::optional<std::string> next_;  ///< a derived name in a folder that is not entered yet
    std::optional<held_name> part_;    ///< a derived name, if it is another than the target's
    std::uint64_t kept_size_ = 0;
    std::unique_ptr<const storage::existing_file> existing_;
    std::string existing_leaf_;             ///< if it is not that of the target
    std::optional<file_identity> entered_;  ///< the folder of the name that is held
    std::shared_ptr<storage::directory> folder_;
};

}  // namespace asyncdl::engine
