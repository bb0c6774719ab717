#pragma once
// A sink that keeps the body in memory, up to a bound that the caller sets.

#include <asyncdl/sink.hpp>
#include <vector>

namespace asyncdl {

/// Holds one body of at most `limit` bytes; a longer one fails as `errc::too_large`. Owned by the
/// caller, used by one download at a time. Never suspends.
class memory_sink final : public sink {
public:
    /// @param limit most bytes that are kept
    explicit memory_sink(std::size_t limit) : limit_(limit) {}

    /// The body; complete only where the download succeeded, else empty.
    const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

    boost::asio::awaitable<boost::system::error_code> open(
        std::optional<std::uint64_t> size) override;
    boost::asio::awaitable<boost::system::error_code> write(
        std::uint64_t offset, std::span<const std::byte> data) override;
    boost::asio::awaitable<boost::system::error_code> sync() override;
    boost::asio::awaitable<boost::system::error_code> commit(std::uint64_t size) override;
    boost::asio::awaitable<void> discard() override;

private:
    std::size_t limit_;
    std::vector<std::byte> bytes_;
};

}  // namespace asyncdl
