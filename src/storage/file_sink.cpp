#include "storage/file_sink.hpp"

#include <utility>

#include "storage/offload.hpp"

namespace asyncdl::storage {

using boost::asio::awaitable;
using boost::system::error_code;

file_sink::file_sink(std::shared_ptr<directory> where, std::string leaf, options how)
    : where_(std::move(where)), leaf_(std::move(leaf)), options_(std::move(how)) {}

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
    co_return fault_.code;
}

awaitable<error_code> file_sink::open(std::optional<std::uint64_t> size) {
    return make([this, size]() -> core::outcome<void> {
        auto created = part_file::create(where_, leaf_, size);
        if (!created)
            return std::move(created).error();
        part_ = std::move(*created);
        return {};
    });
}

awaitable<error_code> file_sink::write(std::uint64_t offset, std::span<const std::byte> data) {
    return make([this, offset, data] { return part_.write(offset, data); });
}

awaitable<error_code> file_sink::sync() {
    return make([this] { return part_.sync(); });
}

awaitable<error_code> file_sink::commit(std::uint64_t) {
    return make([this] { return part_.commit(modified_, options_.replace); });
}

awaitable<void> file_sink::discard() {
    const auto call = [this] { part_.discard(); };
    if (options_.work)
        co_await offload(*options_.work, call);
    else
        call();
}

}  // namespace asyncdl::storage
