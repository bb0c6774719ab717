#pragma once
// Where one download's file goes: its name, taken in input order so that no two share a target, and
// what becomes of a file that is there already. Owned by a transfer.

#include <asyncdl/download_request.hpp>
#include <asyncdl/downloader_options.hpp>
#include <memory>
#include <string>

#include "core/fault.hpp"
#include "core/fields.hpp"
#include "core/url.hpp"
#include "engine/name_claim.hpp"
#include "storage/part_file.hpp"

namespace asyncdl::engine {

class placement {
public:
    placement(core::name_registry& active, std::shared_ptr<core::name_registry> batch)
        : claim_(active, std::move(batch)) {}

    /// Decides and takes a name: the one given, else the URL's. Request and options outlive this.
    /// `errc::name`, `errc::exists`.
    core::outcome<void> plan(const download_request& request, const downloader_options& options,
                             const core::url& from);

    /// The response's URL and fields may tell another name: a derived one follows, and is to be
    /// settled anew. Whether it changed.
    bool follow(const core::url& to, const core::fields& fields);

    /// Opens the folder and applies `on_exists`. Blocking. False where the existing file is kept.
    /// `errc::file`, `errc::exists`.
    core::outcome<bool> settle(on_exists mode, const std::shared_ptr<storage::directory>& base);

    /// Bytes of the file that is kept.
    std::uint64_t kept_size() const noexcept { return kept_size_; }

    const std::string& directory() const noexcept { return *directory_; }
    const std::string& name() const noexcept { return name_; }
    /// As given or derived, before a number was added.
    const std::string& base_name() const noexcept { return base_name_; }
    std::string path() const;

    /// The folder that holds the file, and its name there; after `settle`.
    const std::shared_ptr<storage::directory>& folder() const noexcept { return folder_; }
    std::string leaf() const;

private:
    bool take(std::string name);
    void take_derived();

    name_claim claim_;
    const std::string* directory_ = nullptr;  ///< from `plan` on
    std::string base_name_;                   ///< as given or derived, before a number was added
    std::string name_;
    bool given_ = false;
    std::uint64_t kept_size_ = 0;
    std::shared_ptr<storage::directory> folder_;
};

}  // namespace asyncdl::engine
