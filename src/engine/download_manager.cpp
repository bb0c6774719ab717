#include <asyncdl/download_manager.hpp>

#include <asyncdl/error.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "core/thrown.hpp"
#include "engine/batch_job.hpp"
#include "engine/checked_options.hpp"
#include "engine/downloader_core.hpp"
#include "engine/list_batch.hpp"

namespace asyncdl {

namespace asio = boost::asio;

namespace {

constexpr unsigned max_threads = 1024;

// Before a thread goes on after an exception, so that one that comes again and again (memory runs
// out) does not keep a processor busy.
constexpr auto pause_after_exception = std::chrono::milliseconds(10);

/// One thread with all that lives on it.
class worker {
public:
    worker(std::shared_ptr<const engine::settled_options> options,
           std::shared_ptr<engine::shared_context> shared)
        : loop_(1),
          busy_(loop_.get_executor()),
          core_(engine::downloader_core::create(loop_.get_executor(), std::move(options),
                                                std::move(shared))) {}

    ~worker() {
        busy_.reset();
        if (thread_.joinable())
            thread_.join();
        core_.reset();  // before the loop that it lives on
    }

    void start() {
        thread_ = std::thread([this] { run(); });
    }

    const std::shared_ptr<engine::downloader_core>& core() const noexcept { return core_; }

private:
    void run() {
        for (;;) {
            try {
                loop_.run();
                return;
            } catch (...) {
                // Whose it was has been told: the part of its batch was destroyed unfinished. The
                // others on this thread go on.
                std::this_thread::sleep_for(pause_after_exception);
            }
        }
    }

    asio::io_context loop_;
    asio::executor_work_guard<asio::io_context::executor_type> busy_;
    std::shared_ptr<engine::downloader_core> core_;
    std::thread thread_;
};

}  // namespace

class download_manager::workers {
public:
    workers(downloader_options options, unsigned threads,
            std::shared_ptr<engine::shared_context> shared)
        : shared_(std::move(shared)) {
        if (threads < 1 || threads > max_threads)
            throw std::invalid_argument("threads is 1 to 1024");
        const auto settled = std::make_shared<const engine::settled_options>(std::move(options));
        for (unsigned i = 0; i < threads; ++i)
            list_.push_back(std::make_unique<worker>(settled, shared_));
        for (const auto& each : list_)
            each->start();
    }

    /// Runs a batch on all threads and waits for its end.
    batch_summary run(download_source& source, result_consumer& consumer) {
        const call_count call(*this);
        const auto feed = std::make_shared<engine::batch_feed>(source, consumer, list_.size());
        std::size_t running = 0;
        try {
            for (const auto& each : list_) {
                auto job = std::make_shared<engine::batch_job>(each->core(), feed);
                auto work = job->run();
                const auto cancelled = job->signal().slot();
                // No reference stays behind on this thread.
                auto ended =
                    [job = std::move(job), mine = std::make_unique<part>(*this, running, feed)](
                        std::exception_ptr error, batch_summary) { mine->is_whole = !error; };
                asio::co_spawn(each->core()->executor, std::move(work),
                               asio::bind_cancellation_slot(cancelled, std::move(ended)));
            }
        } catch (...) {
            // The threads that have begun use what is the caller's: they end first.
            feed->broke(core::thrown_by("the batch"));
        }
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return running == 0; });
        return feed->summary();
    }

    void cancel() {
        const std::lock_guard lock(mutex_);
        for (const auto& each : list_)
            each->core()->cancel_all();
    }

    progress_snapshot progress(std::size_t max_items) const {
        const std::lock_guard lock(mutex_);
        std::vector<const engine::downloader_core*> cores;
        for (const auto& each : list_)
            cores.push_back(each->core().get());
        return engine::downloader_core::progress(*shared_, cores, max_items);
    }

    /// False where it was shut down before.
    bool shut_down() {
        std::vector<std::unique_ptr<worker>> ended;
        {
            std::unique_lock lock(mutex_);
            if (closed_)
                return false;
            closed_ = true;
            changed_.wait(lock, [&] { return calls_ == 0; });
            ended.swap(list_);
        }
        return true;  // the threads are joined here
    }

private:
    /// A call that runs, which a shutdown waits for.
    class call_count {
    public:
        explicit call_count(workers& owner) : owner_(owner) {
            const std::lock_guard lock(owner_.mutex_);
            if (owner_.closed_)
                throw boost::system::system_error(make_error_code(errc::shut_down));
            ++owner_.calls_;
        }
        ~call_count() {
            const std::lock_guard lock(owner_.mutex_);
            --owner_.calls_;
            owner_.changed_.notify_all();
        }
        call_count(const call_count&) = delete;
        call_count& operator=(const call_count&) = delete;

    private:
        workers& owner_;
    };

    /// One thread's part of a batch. It ends with its completion handler, called or not, so that
    /// the call that waits for it returns whatever happens.
    class part {
    public:
        part(workers& owner, std::size_t& running, std::shared_ptr<engine::batch_feed> feed)
            : owner_(owner), running_(running), feed_(std::move(feed)) {
            const std::lock_guard lock(owner_.mutex_);
            ++running_;
        }
        ~part() {
            if (!is_whole)
                feed_->broke(core::fault());
            const std::lock_guard lock(owner_.mutex_);
            --running_;
            owner_.changed_.notify_all();
        }
        part(const part&) = delete;
        part& operator=(const part&) = delete;

        bool is_whole = false;

    private:
        workers& owner_;
        std::size_t& running_;
        const std::shared_ptr<engine::batch_feed> feed_;
    };

    const std::shared_ptr<engine::shared_context> shared_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<worker>> list_;
    std::size_t calls_ = 0;
    bool closed_ = false;
};

download_manager::download_manager(downloader_options options, unsigned threads)
    : workers_(std::make_unique<workers>(engine::checked(options), threads,
                                         engine::shared_context::of_its_own(options))) {}

download_manager::download_manager(downloader_options options, unsigned threads,
                                   download_context context)
    : workers_(std::make_unique<workers>(std::move(options), threads, std::move(context.shared_))) {
}

download_manager::~download_manager() {
    workers_->shut_down();
}

download_result download_manager::download(download_request request) {
    std::vector<download_request> one;
    one.push_back(std::move(request));
    return std::move(download_multiple(std::move(one)).results.front());
}

batch_result download_manager::download_multiple(std::vector<download_request> requests) {
    engine::list_batch list(std::move(requests));
    batch_summary summary = workers_->run(list, list);
    return list.finish(std::move(summary));
}

batch_summary download_manager::download_stream(download_source& source,
                                                result_consumer& consumer) {
    return workers_->run(source, consumer);
}

void download_manager::cancel() {
    workers_->cancel();
}

progress_snapshot download_manager::progress(std::size_t max_items) const {
    return workers_->progress(max_items);
}

void download_manager::shutdown() {
    if (!workers_->shut_down())
        throw boost::system::system_error(make_error_code(errc::shut_down));
}

}  // namespace asyncdl
