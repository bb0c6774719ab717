#pragma once
// The sink of a download to disk: a part file whose blocking calls are made in place or on an
// executor for work. One download owns it and drives it on its downloader's executor.

#include <asyncdl/sink.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "storage/part_file.hpp"

namespace asyncdl::storage {

/// Fails with the codes of `part_file`; `fault` has the line for a person.
class file_sink final : public sink {
public:
    struct options {
        bool replace = true;  ///< a file in the target's place gives way
        /// Where the calls are made; nullopt: in place, and no call ever suspends.
        std::optional<boost::asio::any_io_executor> work = std::nullopt;
    };

    /// The sink of `leaf` in `where`; nothing is touched before `open`.
    file_sink(std::shared_ptr<directory> where, std::string leaf, options how);

    /// The time that commit gives the file; by default it keeps that of its last write.
    void modified(std::optional<std::chrono::sys_seconds> time) noexcept { modified_ = time; }

    /// The last failure; no code where there was none.
    const core::fault& fault() const noexcept { return fault_; }

    boost::asio::awaitable<boost::system::error_code> open(
        std::optional<std::uint64_t> size) override;
    boost::asio::awaitable<boost::system::error_code> write(
        std::uint64_t offset, std::span<const std::byte> data) override;
    boost::asio::awaitable<boost::system::error_code> sync() override;
    boost::asio::awaitable<boost::system::error_code> commit(std::uint64_t size) override;
    boost::asio::awaitable<void> discard() override;

private:
    /// Makes the call where it belongs and keeps its failure.
    template <typename Call>
    boost::asio::awaitable<boost::system::error_code> make(Call call);

    std::shared_ptr<directory> where_;
    std::string leaf_;
    options options_;
    std::optional<std::chrono::sys_seconds> modified_;
    part_file part_;
    core::fault fault_;
};

}  // namespace asyncdl::storage
