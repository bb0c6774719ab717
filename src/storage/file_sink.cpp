#include "storage/file_sink.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/offload.hpp"

namespace asyncdl::storage {

using boost::asio::any_io_executor;
using boost::asio::awaitable;
using boost::system::error_code;

namespace {

// More of them would only queue at the disk.
constexpr std::size_t most_provers = 4;

// A few milliseconds of hashing at most.
constexpr std::uint64_t small_digest = 1024 * 1024;

}  // namespace

file_sink::file_sink(std::shared_ptr<directory> where, std::string leaf, options how)
    : where_(std::move(where)), leaf_(std::move(leaf)), options_(std::move(how)) {}

template <typename Call>
awaitable<std::invoke_result_t<Call&>> file_sink::run(Call call) {
    if (options_.work)
        co_return co_await offload(*options_.work, std::move(call));
    co_return call();
}

template <typename Call>
awaitable<error_code> file_sink::make(Call call) {
    core::outcome<void> done;
    if (options_.work)
        done = co_await offload(*options_.work, std::move(call));
    else
        done = call();
    if (done)
        co_return error_code();
    fault_ = std::move(done).error();
    co_return fault_.code();
}

awaitable<core::outcome<std::optional<kept_bytes>>> file_sink::reopen(
    std::uint64_t source, any_io_executor provers, std::atomic<std::uint64_t>& proven,
    const std::atomic<bool>& stop) {
    const auto look = [this] { return part_file::reopen(where_, leaf_); };
    core::outcome<std::optional<reopened_part>> found;
    if (options_.work)
        found = co_await offload(*options_.work, look);
    else
        found = look();
    if (!found) {
        fault_ = std::move(found).error();
        co_return fault_;
    }
    std::optional<kept_bytes> kept;
    if (*found) {
        part_ = std::move((*found)->part);
        journal_contents claims = std::move((*found)->claims);
        if (claims.source == source)
            kept = co_await prove(std::move(claims), std::move(provers), proven, stop);
        if (!kept) {
            const auto leave = [this] { part_.keep(); };
            co_await run(leave);
        }
    }
    co_return kept;
}

/// What of the claims holds, of the part file that is open.
awaitable<std::optional<kept_bytes>> file_sink::prove(journal_contents claims,
                                                      any_io_executor provers,
                                                      std::atomic<std::uint64_t>& proven,
                                                      const std::atomic<bool>& stop) {
    const auto& pieces = claims.pieces;
    std::vector<char> holds(pieces.size());  // no vector of bool: each has a thread of its own
    std::atomic<std::size_t> next = 0;
    auto look = [&] {
        while (!stop) {
            const auto i = next++;
            if (i >= pieces.size())
                return;
            holds[i] = part_.prove(pieces[i]);
            proven += pieces[i].range.size();
        }
    };
    co_await offload_each(provers, std::min(most_provers, pieces.size()), look);

    std::optional<kept_bytes> kept(std::in_place);
    for (std::size_t i = 0; i < pieces.size(); ++i)
        if (holds[i])
            kept->bytes.add(pieces[i].range);
    kept->about = std::move(claims.about);
    if (stop || kept->bytes.held() == 0)
        kept.reset();
    co_return kept;
}

core::outcome<void> file_sink::open_now(std::optional<std::uint64_t> size) {
    if (!part_.is_open()) {
        auto created = part_file::create(where_, leaf_, size, options_.named);
        if (!created)
            return std::move(created).error();
        part_ = std::move(*created);
        return {};
    }
    auto emptied = part_.restart();
    if (emptied)
        emptied = part_.reserve(size);
    if (!emptied)
        part_.discard();
    return emptied;
}

core::outcome<void> file_sink::commit_now(std::uint64_t size) {
    if (!target_.empty())
        part_.target(target_);
    return part_.commit(modified_, options_.replace, options_.durable, size);
}

awaitable<error_code> file_sink::open(std::optional<std::uint64_t> size) {
    return make([this, size] { return open_now(size); });
}

awaitable<error_code> file_sink::resume(std::optional<std::uint64_t> size) {
    return make([this, size] { return part_.reserve(size); });
}

void file_sink::describe(std::uint64_t source, core::validators about) {
    source_ = source;
    part_.describe(source, std::move(about), options_.derived);
}

awaitable<error_code> file_sink::write(std::uint64_t offset, std::span<const std::byte> data) {
    return make([this, offset, data] { return write_now(offset, data); });
}

awaitable<error_code> file_sink::sync() {
    return make([this] { return part_.sync(); });
}

awaitable<core::outcome<core::checksum>> file_sink::digest(core::digest_algorithm algorithm,
                                                           core::byte_range range,
                                                           any_io_executor elsewhere,
                                                           const std::atomic<bool>& stop) {
    const auto call = [this, algorithm, range, &stop] {
        return part_.digest(algorithm, range, stop);
    };
    core::outcome<core::checksum> made;
    if (options_.work)
        made = co_await offload(*options_.work, call);
    else if (range.size() > small_digest)
        made = co_await offload(std::move(elsewhere), call);
    else
        made = call();
    if (!made)
        fault_ = made.error();
    co_return made;
}

awaitable<error_code> file_sink::commit(std::uint64_t size) {
    return make([this, size] { return commit_now(size); });
}

awaitable<bool> file_sink::keep() {
    return run([this] {
        const bool kept = part_.keep();
        if (kept && source_ && options_.derived)
            where_->state_names().note(*source_, leaf_);
        return kept;
    });
}

awaitable<void> file_sink::discard() {
    return run([this] { part_.discard(); });
}

}  // namespace asyncdl::storage
