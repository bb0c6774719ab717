#include <algorithm>
#include <asyncdl/error.hpp>
#include <asyncdl/memory_sink.hpp>

namespace asyncdl {

using boost::asio::awaitable;
using boost::system::error_code;

awaitable<error_code> memory_sink::open(std::optional<std::uint64_t> size) {
    bytes_.clear();
    if (size && *size > limit_)
        co_return make_error_code(errc::too_large);
    // The announced size is the peer's word: memory is taken as bytes come.
    co_return error_code();
}

awaitable<error_code> memory_sink::write(std::uint64_t offset, std::span<const std::byte> data) {
    if (offset > limit_ || data.size() > limit_ - offset)
        co_return make_error_code(errc::too_large);
    const auto begin = static_cast<std::size_t>(offset);
    bytes_.resize(std::max(bytes_.size(), begin + data.size()));
    std::ranges::copy(data, bytes_.begin() + static_cast<std::ptrdiff_t>(begin));
    co_return error_code();
}

awaitable<error_code> memory_sink::sync() {
    co_return error_code();
}

awaitable<error_code> memory_sink::commit(std::uint64_t) {
    co_return error_code();
}

awaitable<void> memory_sink::discard() {
    bytes_ = {};
    co_return;
}

}  // namespace asyncdl
