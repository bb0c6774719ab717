#pragma once
// One download, from its slot to its result. `run` reads from top to bottom as its story. Shared by
// whoever waits for it and the coroutine; used on the downloader's executor, but for `report`.

#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <asyncdl/progress_snapshot.hpp>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <optional>
#include <string>

#include "core/retry.hpp"
#include "core/url.hpp"
#include "core/verdict.hpp"
#include "engine/downloader_core.hpp"
#include "engine/held_download.hpp"
#include "engine/mirrors.hpp"
#include "engine/placement.hpp"
#include "engine/stored_body.hpp"
#include "http/pool.hpp"
#include "http/request_head.hpp"
#include "storage/offload.hpp"

namespace asyncdl::engine {

/// Links a download into the list of its batch until it is destroyed.
using batch_hook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<class in_batch>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class transfer final : public job, public batch_hook {
public:
    /// Takes the name at once if its folder is open, else `run` does so first. `batch_names` and
    /// `authorities`, which reads the URL, are null outside of a batch. Does not throw: what goes
    /// wrong is the result's.
    transfer(std::shared_ptr<downloader_core> core, download_request&& request, std::uint64_t index,
             std::shared_ptr<claimed_names> batch_names,
             core::authority_reader* authorities = nullptr);
    /// Takes up one that was held, with `turn` to ask after `what` if it waited for that.
    transfer(std::shared_ptr<downloader_core> core, held_download&& held,
             std::shared_ptr<claimed_names> batch_names, std::shared_ptr<rest> what,
             semaphore_guard turn);
    ~transfer() override;

    /// Waits for a slot, unless one is given with `use_slot`, and downloads. Does not throw.
    boost::asio::awaitable<download_result> run();
    /// The same in place: `result` has it afterwards.
    boost::asio::awaitable<void> complete();
    download_result& result() noexcept { return result_; }
    void use_slot(semaphore_guard slot) noexcept { slot_ = std::move(slot); }
    semaphore_guard release_slot() noexcept { return std::move(slot_); }

    /// Keeps the source's turn until it has its name, so that names are taken in input order.
    bool is_named() const noexcept;
    void use_turn(semaphore_guard turn) noexcept { turn_ = std::move(turn); }

    /// The signal of the coroutine that `run` is part of; its own where none is given.
    void use_signal(boost::asio::cancellation_signal& of_coroutine) noexcept {
        signal_ = &of_coroutine;
    }
    bool is_stopped() const noexcept { return stopped_; }

    /// In a batch: `run` may end without a result where the download waits for a rest. It is to be
    /// taken up again then.
    void allow_holding() noexcept { may_be_held_ = true; }
    bool is_held() const noexcept { return static_cast<bool>(held_space_); }
    held_download hold();
    const std::shared_ptr<rest>& waits_for() const noexcept { return rest_; }

    /// Of one that was held: its time or its retries are used up. It needs no slot to say so.
    void give_up();

    /// What is to be left may only become less: a later `keep` changes nothing.
    void cancel(bool keep = true) override {
        discards_ = discards_ || !keep;
        stop(errc::cancelled);
    }
    void report(progress_snapshot& into) const override;
    std::uint64_t id() const noexcept override { return id_; }
    bool is_download() const noexcept override { return true; }
    boost::asio::cancellation_signal& signal() noexcept { return *signal_; }
    /// The result of a download that an exception has ended.
    download_result broken(const core::fault& why) noexcept;

private:
    template <typename T>
    using async_outcome = boost::asio::awaitable<core::outcome<T>>;

    class time_limit final : public net::deadline {
    public:
        time_limit(net::timekeeper& keeper, transfer& owner) : deadline(keeper), owner_(owner) {}

    private:
        void on_deadline() override { owner_.stop(errc::max_time); }
        transfer& owner_;
    };

    /// The turn to try again what lacked a descriptor or a port. It ends soon, so that who waits
    /// for a server holds up nobody.
    class turn_limit final : public net::deadline {
    public:
        using deadline::deadline;
        void take(semaphore_guard given) {
            turn_ = std::move(given);
            set_after(std::chrono::milliseconds(200));
        }
        void release() noexcept {
            turn_.release();
            clear();
        }
        explicit operator bool() const noexcept { return static_cast<bool>(turn_); }

    private:
        void on_deadline() override { turn_.release(); }
        semaphore_guard turn_;
    };

    // A body that nobody wants is read this far to keep its connection.
    static constexpr std::uint64_t drain_limit = 64 * 1024;

    /// What becomes of a response.
    enum class next_step { store, done, ask_again };

    /// Who asked with the last request whether the file has changed.
    enum class condition { none, own, callers, left_out };

    // The chapters, in order.
    core::outcome<void> plan(bool has_turn, core::authority_reader* authorities,
                             kept_name* kept = nullptr);
    core::outcome<void> begin();
    async_outcome<void> attempt();
    async_outcome<const core::response_head*> ask(http::lease& line);
    async_outcome<next_step> take(http::lease& line, const core::response_head& head);
    async_outcome<void> follow(http::lease& line, const core::response_head& head,
                               http::host_limits::permit& host_place);
    async_outcome<next_step> reconcile(http::lease& line);

    /// Makes a blocking call where these belong.
    template <typename Call>
    prompt<std::invoke_result_t<Call&>> make_blocking(Call call) {
        if (core_->work())
            return storage::offload(*core_->work(), std::move(call));
        return call();
    }

    // The file that is there already.
    boost::asio::awaitable<void> look_behind_redirect();
    void add_condition(http::request_head& request);
    const storage::file_record* record_of_existing() const;
    std::unique_ptr<storage::file_record> new_record() const;
    std::uint64_t answered(const storage::file_record& record) const;
    bool may_ask_by(const storage::file_record& record) const;
    bool has_checksum() const noexcept;
    async_outcome<bool> agrees_with_checksum();
    async_outcome<bool> keeps_existing(http::lease& line, const core::response_head& head);
    bool is_of_response(http::lease& line, const core::response_head& head) const;
    async_outcome<next_step> not_modified(http::lease& line, const core::response_head& head);
    prompt<bool> is_existing_unchanged();
    async_outcome<bool> take_existing_name();
    void give_up_existing() noexcept;
    void note_kept() noexcept;
    bool may_have_part() const;
    async_outcome<void> keep_existing();
    boost::asio::awaitable<void> remove_part();
    async_outcome<void> note_not_fetched();

    core::outcome<std::vector<core::checksum>> given_checksums() const;
    core::outcome<void> expect_digests(const core::response_head& head);
    async_outcome<void> receive(http::lease& line, const core::response_head& head,
                                core::byte_range bytes);
    async_outcome<void> verify();
    async_outcome<bool> another_attempt(const core::fault& why);
    async_outcome<bool> another_range(const core::fault& why);
    core::fault cannot_start_over(const core::fault& why);
    core::fault cannot_go_on(bool changed, std::string_view why);
    boost::asio::awaitable<void> close_stored(const core::fault& why);
    void finish(const core::outcome<void>& outcome);
    void fail(const core::fault& why) noexcept;

    // Where the file goes, and what is there already.
    async_outcome<void> take_name();
    core::outcome<void> enter_folder();
    prompt<core::outcome<bool>> settle();
    async_outcome<bool> settle_elsewhere();
    core::outcome<bool> look_for_place();
    core::outcome<bool> place_found(core::outcome<bool> wanted, bool has_part = false);
    bool is_place_gone() const;
    async_outcome<void> take_up_earlier();
    async_outcome<void> find_earlier();
    prompt<core::outcome<void>> check_target();
    prompt<core::outcome<bool>> settle_again();
    async_outcome<bool> take_next_name();
    async_outcome<void> begin_elsewhere(core::fault why);
    async_outcome<void> start_elsewhere(std::optional<std::uint64_t> total, core::fault why);
    async_outcome<bool> commit_elsewhere(core::fault why);
    void note_place();

    // What it waits for besides the network.
    async_outcome<void> take_slot();
    async_outcome<http::host_limits::permit> wait_for_host(const std::string& host);
    async_outcome<void> wait_to_retry(unsigned retry, const core::fault& why);
    async_outcome<void> wait_without_slot(net::clock::duration time);
    boost::asio::awaitable<bool> wait_for_descriptor();
    boost::asio::awaitable<bool> wait_for_port(const core::fault& why);
    boost::asio::awaitable<bool> wait_for_others(net::clock::duration most);
    void lacks_nothing() noexcept;

    // Rests of hosts and URLs.
    void avoid_rests();
    bool must_rest();
    bool has_nothing_open() const;
    bool can_be_held();
    async_outcome<void> wait_for_rest();
    core::fault refused_by_others();
    void was_refused(const core::fault& why);
    void was_answered();
    void was_not_answered(const core::fault& why);

    void stop(errc reason);
    core::fault stopped() const;
    core::fault judge_page(http::lease& line, const core::response_head& head);
    core::fault unanswered(const core::fault& why) const;
    void now(download_state state) noexcept { state_.store(state, std::memory_order_relaxed); }
    core::retry_policy wait_policy() const;

    const std::shared_ptr<downloader_core> core_;
    download_request request_;
    const std::uint64_t id_;
    boost::asio::cancellation_signal own_signal_;
    boost::asio::cancellation_signal* signal_ = &own_signal_;
    std::atomic<bool> stopped_ = false;
    errc stop_reason_ = errc::cancelled;
    time_limit max_time_;

    mirrors from_;
    core::outcome<void> planned_;
    placement place_;

    // One question and its answer, which `attempt` repeats; too much for a coroutine's frame, which
    // is allocated fastest up to 1 KiB.
    core::verdict_policy policy_;
    const core::url* to_ = nullptr;           ///< who is asked
    core::url elsewhere_;                     ///< the same after a redirect
    std::optional<core::part_request> part_;  ///< what is asked for; nothing: the whole file
    core::verdict verdict_;

    condition condition_ = condition::none;
    bool asks_plainly_ = false;  ///< the file that is there is given up

    bool downgraded_ = false;  ///< once sent from https to http

    bool has_state_ = false;        ///< an earlier run seems to have left something
    bool found_by_source_ = false;  ///< ... under another name, not opened so far
    bool waited_ = false;           ///< for something besides the network, since the last question
    stored_body stored_;
    semaphore_guard slot_;
    semaphore_guard turn_;              ///< to take a name
    std::vector<std::byte> own_space_;  ///< for a body whose sink may suspend
    std::optional<std::chrono::seconds> retry_after_;
    std::optional<std::chrono::sys_seconds> modified_;
    bool discards_ = false;  ///< nothing is to be left
    bool counted_ = false;   ///< this attempt is among `result_.attempts`
    bool goes_on_ = false;   ///< the same, when it was held
    retries_spent spent_;
    std::shared_ptr<rest> rest_;         ///< that it waits for, or asks after
    semaphore_guard turn_to_ask_;        ///< ... after its end
    bool asks_after_rest_ = false;       ///< the answer decides about it
    unsigned asked_told_ = 0;            ///< how often it was told again when it was asked
    net::clock::time_point asked_at_{};  ///< when the last request was sent
    bool may_be_held_ = false;
    bool was_held_ = false;
    bool gives_up_ = false;
    held_space held_space_;
    core::fault broke_off_;  ///< why a stream's first response was not the last
    bool stuck_ = false;     ///< a stream would have to start over
    std::optional<net::clock::time_point> lacking_since_;  ///< a descriptor or a port
    turn_limit lack_turn_;                                 ///< to try again
    bool changed_ = false;  ///< the remote file, since the last attempt

    net::clock::time_point started_{};
    download_result result_;  ///< its names change under the lock of the totals

    // What `report` reads from other threads, besides names and URL of the result.
    std::atomic<download_state> state_ = download_state::queued;
    std::atomic<std::uint64_t> received_ = 0;           ///< of the file, so far
    std::atomic<std::uint64_t> total_ = unknown_total;  ///< of the file
    std::atomic<unsigned> lines_ = 0;                   ///< connections in use
    static constexpr std::uint64_t unknown_total = ~std::uint64_t{0};
};

}  // namespace asyncdl::engine
