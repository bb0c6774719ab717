#pragma once
// A plain TCP stream. Ownership and thread as for `stream`.

#include "net/stream.hpp"

namespace asyncdl::net {

class tcp_stream final : public stream {
public:
    /// Takes a connected socket and makes it non-blocking.
    tcp_stream(boost::asio::ip::tcp::socket socket, timekeeper& keeper);

    attempt try_read(std::span<std::byte> space) override;
    attempt try_write(std::span<const std::byte> data) override;
    bool is_quiet() override;
};

}  // namespace asyncdl::net
