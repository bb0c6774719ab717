#include "engine/downloader_core.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "engine/checked_options.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

namespace {

// One write of a large body; measured best between 128 KiB and 512 KiB.
constexpr std::size_t scratch_bytes = 256 * 1024;

net::clock::duration to_clock(std::chrono::duration<double> time) {
    return std::chrono::duration_cast<net::clock::duration>(time);
}

std::shared_ptr<http::pool> make_pool(const downloader_options& options, shared_context& shared,
                                      net::timekeeper& keeper) {
    auto tls = [&shared, wanted = options.tls, made = std::shared_ptr<net::tls_context>()]() mutable
        -> core::outcome<std::shared_ptr<net::tls_context>> {
        if (!made) {
            auto fresh = shared.tls(wanted);
            if (!fresh)
                return fresh;
            made = std::move(*fresh);
        }
        return made;
    };
    net::dialer dialer(shared.lookup, std::move(tls), keeper, to_clock(options.connect_timeout));
    http::patience bounds;
    bounds.byte = to_clock(options.timeout);
    return std::make_shared<http::pool>(std::move(dialer), shared.hosts, bounds,
                                        shared.max_concurrent, keeper);
}

std::optional<core::name_template> names_of(const downloader_options& options) {
    if (options.name_template.empty())
        return std::nullopt;
    return *core::name_template::parse(options.name_template, options.cut_directories);
}

}  // namespace

settled_options::settled_options(downloader_options options)
    : values(checked(std::move(options))), checksums(values.checksums), names(names_of(values)) {}

std::shared_ptr<downloader_core> downloader_core::create(
    asio::any_io_executor executor, std::shared_ptr<const settled_options> options,
    std::shared_ptr<shared_context> shared) {
    if (!executor)
        throw std::invalid_argument("the executor is empty");
    auto core = std::make_shared<downloader_core>(std::move(executor), std::move(options),
                                                  std::move(shared));
    core->closer_ = core->shared->hosts->join(
        [executor = core->executor,
         weak = std::weak_ptr(core->connections)](const std::string& host) {
            asio::post(executor, [weak, host] {
                const auto pool = weak.lock();
                if (pool && host.empty())
                    pool->close_idle();
                else if (pool)
                    pool->close_taken(host);
            });
        });
    return core;
}

downloader_core::downloader_core(asio::any_io_executor where,
                                 std::shared_ptr<const settled_options> how,
                                 std::shared_ptr<shared_context> common)
    : executor(std::move(where)),
      settled(std::move(how)),
      options(settled->values),
      checksums(settled->checksums),
      shared(std::move(common)),
      keeper(std::make_shared<net::timekeeper>(executor)),
      connections(make_pool(options, *shared, *keeper)),
      scratch_(scratch_bytes) {
    if (options.file_calls == file_io::offload)
        work_ = options.work_executor ? options.work_executor : shared->work_executor(executor);
}

bool downloader_core::is_default(const std::string& directory, const std::string& name) const {
    return directory == options.download_dir && name.find('/') == std::string::npos;
}

std::shared_ptr<storage::directory> downloader_core::known_folder_of(
    const std::string& directory, const std::string& name) const {
    if (is_default(directory, name)) {
        const std::lock_guard lock(mutex_);
        if (default_folder_)
            return default_folder_;
    }
    return shared->folders.find(directory, name);
}

core::outcome<std::shared_ptr<storage::directory>> downloader_core::folder_of(
    const std::string& directory, const std::string& name) {
    core::outcome<std::shared_ptr<storage::directory>> folder = known_folder_of(directory, name);
    if (!*folder || (*folder)->is_gone())
        folder = shared->folders.open(directory, name);
    if (folder && is_default(directory, name)) {
        const std::lock_guard lock(mutex_);
        default_folder_ = *folder;
    }
    return folder;
}

void downloader_core::enter(job& item, bool again) {
    keeper->resume();
    const auto lock = shared->totals.lock();
    item.order = ++entered_;
    jobs_.push_back(item);
    if (again)
        shared->totals.taken_up();
    else if (item.is_download())
        shared->totals.started();
}

void downloader_core::leave(job& item, fate how) noexcept {
    bool is_last = false;
    {
        const auto lock = shared->totals.lock();
        const auto place = jobs_.iterator_to(item);
        if (next_ == place)
            ++next_;
        jobs_.erase(place);
        if (item.is_download())
            shared->totals.left(how);
        is_last = jobs_.empty();
    }
    keeper->pause();
    if (is_last)
        connections->close_leaving();  // nobody looks after them now
}

void downloader_core::cancel_all() {
    asio::post(executor, [self = shared_from_this()] { self->cancel_entered(); });
}

/// What a caller's code does when it is cancelled may end this job and others, which leave the list
/// meanwhile, and begin new ones, which are not cancelled.
void downloader_core::cancel_entered() {
    auto lock = shared->totals.lock();
    const auto last = entered_;
    next_ = jobs_.begin();
    while (next_ != jobs_.end() && next_->order <= last) {
        job& item = *next_++;
        lock.unlock();
        item.cancel(true);
        lock.lock();
    }
}

void downloader_core::cancel(std::uint64_t id, bool keep) {
    if (id == 0)
        return;  // what batches have
    asio::post(executor, [self = shared_from_this(), id, keep] {
        for (job& item : self->jobs_) {
            if (item.id() == id) {
                item.cancel(keep);
                return;  // the list may be another now
            }
        }
        for (job& item : self->jobs_) {
            if (item.cancel_held(id, keep))
                return;
        }
    });
}

progress_snapshot downloader_core::progress(const shared_context& shared,
                                            std::span<const downloader_core* const> cores,
                                            std::size_t max_items) {
    struct unseen {
        boost::intrusive::list<job>::const_iterator next;
        boost::intrusive::list<job>::const_iterator end;
    };
    std::vector<unseen> lists;
    lists.reserve(cores.size());
    progress_snapshot now;
    const auto lock = shared.totals.lock();
    shared.totals.report(now);
    for (const downloader_core* core : cores)
        if (!core->jobs_.empty())
            lists.push_back({core->jobs_.begin(), core->jobs_.end()});
    const auto is_older = [](const unseen& a, const unseen& b) {
        return a.next->id() < b.next->id();
    };
    while (!lists.empty() && now.downloads.size() < max_items) {
        const auto oldest = std::ranges::min_element(lists, is_older);
        oldest->next->report(now);
        if (++oldest->next == oldest->end)
            lists.erase(oldest);
    }
    return now;
}

}  // namespace asyncdl::engine
