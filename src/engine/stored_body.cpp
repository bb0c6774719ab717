#include "engine/stored_body.hpp"

#include <algorithm>
#include <utility>

#include "core/thrown.hpp"
#include "engine/apart.hpp"
#include "engine/replaces.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// What is fetched again and compared where the server has no validators.
constexpr std::uint64_t overlap_bytes = 64 * 1024;

/// While it lives, the sink is not to be disturbed.
class busy_mark {
public:
    explicit busy_mark(bool& flag) : flag_(flag) { flag_ = true; }
    ~busy_mark() { flag_ = false; }
    busy_mark(const busy_mark&) = delete;
    busy_mark& operator=(const busy_mark&) = delete;

private:
    bool& flag_;
};

}  // namespace

void stored_body::put(std::shared_ptr<storage::directory> folder, std::string leaf, bool derived) {
    storage::file_sink::options how;
    how.replace = replaces(core_.options.if_exists);
    how.durable = core_.options.durable;
    how.derived = derived;
    // With numbers, others must see at once that the name is taken.
    how.named = core_.options.if_exists == on_exists::rename;
    how.work = core_.work();
    file_.emplace(std::move(folder), std::move(leaf), how);
    left_.reset();
    kept_ = 0;
}

asio::awaitable<core::outcome<void>> stored_body::find(std::uint64_t source,
                                                       std::atomic<std::uint64_t>& proven,
                                                       const std::atomic<bool>& stop) {
    const busy_mark mark(busy_);
    auto kept =
        co_await file_->reopen(source, core_.shared->work_executor(core_.executor), proven, stop);
    if (!kept)
        co_return kept.error();
    if (!*kept)
        co_return core::outcome<void>();
    about_ = std::move((*kept)->about);
    have_ = std::move((*kept)->bytes);
    if (!left_)
        left_ = leftover{source, have_.held()};
    earlier_ = left_->source == source ? std::min(left_->bytes, have_.held()) : 0;
    open_ = true;
    confirmed_ = false;
    co_return core::outcome<void>();
}

std::optional<core::part_request> stored_body::missing() const {
    if (!open_ || have_.held() == 0)
        return std::nullopt;
    core::part_request part;
    part.about = about_;
    part.bytes = {have_.prefix(), core::part_request::to_the_end};
    if (about_.length) {
        const std::uint64_t length = *about_.length;
        if (const auto gap = have_.gap(0, length))
            part.bytes = {gap->begin,
                          gap->end == length ? core::part_request::to_the_end : gap->end};
        else
            part.bytes = {length - 1, core::part_request::to_the_end};  // to have it confirmed
    }
    if (!core::if_range(about_).empty())
        return part;

    part.unvalidated = true;
    const auto before = std::ranges::find_if(have_.ranges(), [&](const core::byte_range& range) {
        return range.begin < part.bytes.begin && part.bytes.begin <= range.end;
    });
    if (!file_ || !core_.options.resume_unvalidated || before == have_.ranges().end())
        return std::nullopt;
    part.bytes.begin -= std::min(overlap_bytes, part.bytes.begin - before->begin);
    return part;
}

prompt<core::outcome<void>> stored_body::start(std::optional<std::uint64_t> total) {
    forget();
    left_ = leftover();
    kept_ = 0;
    about_.length = total;
    confirmed_ = true;
    for (expectation& each : expected_)
        if (destination_)
            each.passing.emplace(each.sums.front().algorithm);
    if (!file_ || core_.work())
        return open_target(total);
    auto opened = file_->open_now(total);
    open_ = opened.has_value();
    return opened;
}

asio::awaitable<core::outcome<void>> stored_body::open_target(std::optional<std::uint64_t> total) {
    if (destination_ && std::exchange(open_, false))
        co_await discard_target();
    if (broken_.any())
        co_return broken_;
    const auto open = [&] { return target().open(total); };
    auto opened = co_await call_target(open);
    open_ = opened.has_value();
    co_return opened;
}

/// Makes one call of the sink, undisturbed. What a caller's sink throws is its own failure, and
/// what it does to the cancellation state stays with it.
template <typename Call>
asio::awaitable<core::outcome<void>> stored_body::call_target(const Call& call) {
    const busy_mark mark(busy_);
    error_code error;
    try {
        if (destination_)
            error = co_await apart(call());
        else
            error = co_await call();
    } catch (...) {
        co_return core::thrown_by(whose());
    }
    co_return outcome_of(error);
}

asio::awaitable<void> stored_body::discard_target() {
    const busy_mark mark(busy_);
    try {
        if (destination_)
            co_await apart(destination_->discard());
        else
            co_await file_->discard();
    } catch (...) {
        broken_ = core::thrown_by(whose());
    }
}

asio::awaitable<core::outcome<void>> stored_body::go_on(const core::part_request& asked,
                                                        const core::part_verdict& part,
                                                        const std::atomic<bool>& stop) {
    if (part.total)
        about_.length = part.total;
    if (file_) {
        const busy_mark mark(busy_);
        const auto error = co_await file_->resume(about_.length);
        if (error)
            co_return outcome_of(error);
    }
    confirmed_ = true;
    if (!asked.unvalidated || part.answer == core::part_answer::complete)
        co_return core::outcome<void>();

    const auto end = std::ranges::find_if(have_.ranges(), [&](const core::byte_range& range) {
                         return range.begin <= asked.bytes.begin && asked.bytes.begin < range.end;
                     })->end;
    const core::byte_range again{part.bytes.begin, std::min(end, part.bytes.end)};
    const busy_mark mark(busy_);
    auto stored = co_await file_->digest(core::digest_algorithm::sha_256, again,
                                         core_.shared->work_executor(core_.executor), stop);
    if (!stored)
        co_return stored.error();
    overlap_.emplace(
        overlap{again, std::move(*stored), storage::digest(core::digest_algorithm::sha_256)});
    co_return core::outcome<void>();
}

void stored_body::belongs_to(std::uint64_t source, core::validators about) {
    about.length = about_.length;
    about_ = std::move(about);
    if (file_ && can_be_kept())
        file_->describe(source, about_);
}

prompt<core::outcome<void>> stored_body::write(std::uint64_t offset,
                                               std::span<const std::byte> bytes) {
    if (overlap_ && !fits_overlap(offset, bytes))
        return core::outcome<void>(
            core::fault(make_error_code(errc::changed), "the remote file is another than before"));
    if (part_ && part_->passing)
        part_->passing->update(bytes);
    skip_what_is_there(offset, bytes);
    if (bytes.empty())
        return core::outcome<void>();
    if (!file_ || core_.work())
        return write_target(offset, bytes);
    auto written = file_->write_now(offset, bytes);
    if (written)
        note_written(offset, bytes);
    return written;
}

asio::awaitable<core::outcome<void>> stored_body::write_target(std::uint64_t offset,
                                                               std::span<const std::byte> bytes) {
    const auto write = [&] { return target().write(offset, bytes); };
    auto written = co_await call_target(write);
    if (written)
        note_written(offset, bytes);
    co_return written;
}

/// Takes what is to be compared off the front of `bytes`; false where it is not what is stored.
bool stored_body::fits_overlap(std::uint64_t& offset, std::span<const std::byte>& bytes) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(overlap_->bytes.end - offset, bytes.size()));
    overlap_->again.update(bytes.first(size));
    bytes = bytes.subspan(size);
    offset += size;
    if (offset < overlap_->bytes.end)
        return true;
    const bool same = overlap_->again.finish() == overlap_->stored;
    overlap_.reset();
    return same;
}

/// A part may begin before the bytes that were asked for. What is stored has been proven; what
/// comes has not.
void stored_body::skip_what_is_there(std::uint64_t& offset,
                                     std::span<const std::byte>& bytes) const {
    if (have_.ranges().empty() || offset >= have_.ranges().back().end)
        return;
    const std::uint64_t end = offset + bytes.size();
    const auto gap = have_.gap(offset, end);
    const std::uint64_t next = gap ? gap->begin : end;
    bytes = bytes.subspan(static_cast<std::size_t>(next - offset));
    offset = next;
}

void stored_body::note_written(std::uint64_t offset, std::span<const std::byte> bytes) {
    // A caller's sink gets its bytes in order, from the first, so their digests are made in
    // passing.
    if (destination_ && offset == have_.held())
        for (expectation& each : expected_)
            if (each.passing)
                each.passing->update(bytes);
    have_.add({offset, offset + bytes.size()});
}

void stored_body::expect(std::vector<core::checksum> sums, asked_by whom) {
    const bool known =
        std::ranges::any_of(expected_, [&](const expectation& each) { return each.sums == sums; });
    // What has passed already cannot be hashed any more.
    if (known || (destination_ && have_.held() > 0))
        return;
    expected_.push_back(expectation_of(std::move(sums), whom));
}

void stored_body::expect_part(std::optional<core::checksum> sum) {
    part_.reset();
    if (sum)
        part_ = expectation_of({*std::move(sum)}, asked_by::server);
}

stored_body::expectation stored_body::expectation_of(std::vector<core::checksum>&& sums,
                                                     asked_by whom) const {
    expectation result{std::move(sums), whom, std::nullopt};
    if (destination_)
        result.passing.emplace(result.sums.front().algorithm);
    return result;
}

asio::awaitable<core::outcome<std::string>> stored_body::check(const std::atomic<bool>& stop) {
    std::string first;
    const core::byte_range all{0, have_.held()};
    for (expectation& each : expected_) {
        const auto agreed = co_await check_one(each, all, stop);
        if (!agreed)
            co_return agreed.error();
        if (first.empty())
            first = agreed->text();
    }
    co_return first;
}

asio::awaitable<core::outcome<void>> stored_body::check_part(core::byte_range bytes,
                                                             const std::atomic<bool>& stop) {
    const auto agreed = co_await check_one(*part_, bytes, stop);
    if (!agreed)
        co_return agreed.error();
    co_return core::outcome<void>();
}

asio::awaitable<core::outcome<core::checksum>> stored_body::check_one(
    expectation& what, core::byte_range bytes, const std::atomic<bool>& stop) {
    core::outcome<core::checksum> found(what.sums.front());
    if (what.passing) {
        found = what.passing->finish();
        what.passing.reset();
    } else {
        const busy_mark mark(busy_);
        found = co_await file_->digest(what.sums.front().algorithm, bytes,
                                       core_.shared->work_executor(core_.executor), stop);
    }
    if (!found)
        co_return found.error();
    if (std::ranges::find(what.sums, *found) == what.sums.end()) {
        std::string expected = what.sums.front().text();
        if (what.sums.size() > 1)
            expected += " or another of " + std::to_string(what.sums.size());
        co_return core::fault(make_error_code(errc::checksum),
                              "the checksum is " + found->text() + ", not " + expected);
    }
    co_return found;
}

prompt<core::outcome<void>> stored_body::commit(std::optional<std::chrono::sys_seconds> modified) {
    if (file_)
        file_->modified(modified);
    if (!file_ || core_.work())
        return commit_target();
    auto committed = file_->commit_now(have_.held());
    open_ = file_->is_open();
    return committed;
}

asio::awaitable<core::outcome<void>> stored_body::commit_target() {
    // A file syncs itself, after it is cut to its size and before it gets its name.
    if (destination_ && core_.options.durable) {
        const auto sync = [&] { return destination_->sync(); };
        if (auto synced = co_await call_target(sync); !synced)
            co_return synced;
    }
    open_ = false;
    const auto commit = [&] { return target().commit(have_.held()); };
    auto committed = co_await call_target(commit);
    open_ = file_ && file_->is_open();
    co_return committed;
}

asio::awaitable<void> stored_body::discard() {
    forget();
    left_ = leftover();
    if (!std::exchange(open_, false))
        co_return;
    kept_ = 0;
    co_await discard_target();
}

asio::awaitable<void> stored_body::keep_or_discard() {
    if (destination_ || !can_be_kept() || overlap_) {
        co_await discard();
        co_return;
    }
    const std::uint64_t held = have_.held();
    forget();
    if (!std::exchange(open_, false))
        co_return;
    const busy_mark mark(busy_);
    const bool has_left = co_await file_->keep();
    kept_ = has_left ? held : 0;
}

void stored_body::forget() {
    std::erase_if(expected_, [](const expectation& each) { return each.whom == asked_by::server; });
    have_.clear();
    about_ = {};
    earlier_ = 0;
    overlap_.reset();
    confirmed_ = false;
}

core::outcome<void> stored_body::outcome_of(const error_code& error) const {
    if (!error)
        return {};
    if (file_ && file_->fault().code() == error)
        return file_->fault();
    // A sink of the caller's may speak in errors of its own.
    const bool ours = error.category() == error_category();
    const auto code = ours ? error : make_error_code(errc::file);
    std::string why = destination_ ? destination_->failure() : std::string();
    return core::fault(code, why.empty() ? error.message() : std::move(why));
}

}  // namespace asyncdl::engine
