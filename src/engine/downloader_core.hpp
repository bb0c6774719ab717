#pragma once
// The inside of a downloader: what its downloads on one executor have in common. Kept alive by the
// downloader and by every download that runs; used on the executor, but for `progress`.

#include <asyncdl/async_semaphore.hpp>
#include <asyncdl/downloader_options.hpp>
#include <asyncdl/progress_snapshot.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/checksum_index.hpp"
#include "core/name_template.hpp"
#include "engine/shared_context.hpp"
#include "http/pool.hpp"
#include "net/timekeeper.hpp"
#include "storage/part_file.hpp"

namespace asyncdl::engine {

/// Something that runs and can be told to stop: a download or a batch. On the executor.
class job : public boost::intrusive::list_base_hook<> {
public:
    virtual ~job() = default;

    /// @param keep what can be resumed stays
    virtual void cancel(bool keep = true) = 0;
    /// The same for a download that it holds and that is no job of its own meanwhile; false if it
    /// holds none of that id.
    virtual bool cancel_held(std::uint64_t id, bool keep) { return (void)id, (void)keep, false; }
    /// Appends what it is at, if it is a download; under the lock of the totals.
    virtual void report(progress_snapshot& into) const = 0;
    virtual std::uint64_t id() const noexcept = 0;
    /// Batches are not counted: their downloads are.
    virtual bool is_download() const noexcept = 0;

    std::uint64_t order = 0;  ///< its number among all that entered the core
};

/// Options that make sense, and what follows from them. Immutable; shared by the downloaders of a
/// manager, since checksums may be many.
class settled_options {
public:
    /// @throws std::invalid_argument where an option makes no sense
    explicit settled_options(downloader_options options);

    const downloader_options values;
    const core::checksum_index checksums;            ///< of the values
    const std::optional<core::name_template> names;  ///< none: files have their plain names
};

class downloader_core : public std::enable_shared_from_this<downloader_core> {
public:
    /// @throws std::invalid_argument if the executor is empty
    static std::shared_ptr<downloader_core> create(boost::asio::any_io_executor executor,
                                                   std::shared_ptr<const settled_options> options,
                                                   std::shared_ptr<shared_context> shared);

    downloader_core(boost::asio::any_io_executor executor,
                    std::shared_ptr<const settled_options> options,
                    std::shared_ptr<shared_context> shared);

    const boost::asio::any_io_executor executor;
    const std::shared_ptr<const settled_options> settled;
    const downloader_options& options;
    const core::checksum_index& checksums;
    const std::shared_ptr<shared_context> shared;
    const std::shared_ptr<net::timekeeper> keeper;
    const std::shared_ptr<http::pool> connections;

    /// Downloads outside of batches take their names in order. Not shared: a context that nobody
    /// runs must hold up no other.
    async_semaphore naming_turn{1};

    /// Memory that a body passes through, shared by all downloads since nothing stays in it while
    /// one of them waits.
    std::span<std::byte> scratch() { return scratch_; }

    /// The open folder that holds the file `name` below `directory`; both are made if they are
    /// missing. Opened anew if it was removed meanwhile. Blocking; from any thread.
    core::outcome<std::shared_ptr<storage::directory>> folder_of(const std::string& directory,
                                                                 const std::string& name);
    /// The same if it is open already, else null. Makes no system call.
    std::shared_ptr<storage::directory> known_folder_of(const std::string& directory,
                                                        const std::string& name) const;

    /// Where blocking calls are made; nothing: in place.
    const std::optional<boost::asio::any_io_executor>& work() const noexcept { return work_; }

    /// A download counts as active from the one to the other, and as started the first time.
    void enter(job& item, bool again = false);
    void leave(job& item, fate how = fate::none) noexcept;

    /// From any thread; carried out on the executor.
    void cancel_all();
    void cancel(std::uint64_t id, bool keep);

    /// One moment, from any thread: the totals of the context, and up to `max_items` of the active
    /// downloads of `cores`, oldest first.
    static progress_snapshot progress(const shared_context& shared,
                                      std::span<const downloader_core* const> cores,
                                      std::size_t max_items);

private:
    bool is_default(const std::string& directory, const std::string& name) const;
    void cancel_entered();

    std::vector<std::byte> scratch_;
    std::optional<boost::asio::any_io_executor> work_;
    std::shared_ptr<void> closer_;  ///< keeps the pool known to the host limits

    // Changed under the lock of the totals.
    boost::intrusive::list<job> jobs_;                          ///< oldest first
    boost::intrusive::list<job>::iterator next_ = jobs_.end();  ///< to be cancelled next
    std::uint64_t entered_ = 0;

    mutable std::mutex mutex_;
    std::shared_ptr<storage::directory> default_folder_;  ///< stays open
};

}  // namespace asyncdl::engine
