#include <asyncdl/downloader.hpp>

#include <boost/asio/this_coro.hpp>

#include "engine/batch_job.hpp"
#include "engine/bridge.hpp"
#include "engine/checked_options.hpp"
#include "engine/downloader_core.hpp"
#include "engine/list_batch.hpp"
#include "engine/transfer.hpp"

namespace asyncdl {

namespace {

using core_ptr = std::shared_ptr<engine::downloader_core>;

core_ptr make_core(downloader::executor_type executor, downloader_options options,
                   std::shared_ptr<engine::shared_context> shared) {
    auto settled = std::make_shared<const engine::settled_options>(std::move(options));
    return engine::downloader_core::create(std::move(executor), std::move(settled),
                                           std::move(shared));
}

/// A batch over a list that it owns.
class list_job {
public:
    list_job(const core_ptr& core, std::vector<download_request> requests)
        : list_(std::move(requests)),
          work_(std::make_shared<engine::batch_job>(
              core, std::make_shared<engine::batch_feed>(list_, list_, 1))) {}

    boost::asio::awaitable<batch_result> run() {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        batch_summary summary = co_await work_->run();
        co_return list_.finish(std::move(summary));
    }
    void cancel() { work_->cancel(); }
    boost::asio::cancellation_signal& signal() noexcept { return work_->signal(); }
    batch_result broken(const core::fault& why) { return list_.finish(work_->broken(why)); }

private:
    engine::list_batch list_;
    std::shared_ptr<engine::batch_job> work_;
};

}  // namespace

downloader::downloader(executor_type executor)
    : downloader(std::move(executor), downloader_options()) {}

downloader::downloader(executor_type executor, downloader_options options)
    : core_(make_core(std::move(executor), options, engine::shared_context::of_its_own(options))) {}

downloader::downloader(executor_type executor, downloader_options options, download_context context)
    : core_(make_core(std::move(executor), std::move(options), std::move(context.shared_))) {}

downloader::downloader(downloader&& other) noexcept : core_(std::move(other.core_)) {
    cancel();
}

downloader& downloader::operator=(downloader&& other) noexcept {
    if (this != &other) {
        cancel();
        core_ = std::move(other.core_);
        cancel();
    }
    return *this;
}

downloader::~downloader() {
    cancel();
}

downloader::executor_type downloader::get_executor() const {
    return core_->executor;
}

void downloader::cancel() {
    if (core_)
        core_->cancel_all();
}

void downloader::cancel(std::uint64_t id, disposition what) {
    if (core_)
        core_->cancel(id, what == disposition::keep);
}

progress_snapshot downloader::progress(std::size_t max_items) const {
    if (!core_)
        return {};
    const engine::downloader_core* const own = core_.get();
    return engine::downloader_core::progress(*own->shared, {&own, 1}, max_items);
}

void downloader::start_download(core_ptr core, download_request request,
                                handler<download_result> handler) {
    auto job = std::make_shared<engine::transfer>(core, std::move(request), 0, nullptr);
    engine::bridge<download_result>(core->executor, std::move(job), std::move(handler));
}

void downloader::start_list(core_ptr core, std::vector<download_request> requests,
                            handler<batch_result> handler) {
    auto job = std::make_shared<list_job>(core, std::move(requests));
    engine::bridge<batch_result>(core->executor, std::move(job), std::move(handler));
}

void downloader::start_stream(core_ptr core, download_source& source, result_consumer& consumer,
                              handler<batch_summary> handler) {
    auto feed = std::make_shared<engine::batch_feed>(source, consumer, 1);
    auto job = std::make_shared<engine::batch_job>(core, std::move(feed));
    engine::bridge<batch_summary>(core->executor, std::move(job), std::move(handler));
}

}  // namespace asyncdl
