#pragma once
// Ports on loopback where no connection comes about: one where connecting neither succeeds nor
// fails, since its queue of connections is full and nobody accepts, and one where it fails at once.
// No other program can get them meanwhile. Owned by the test.

#include <cstdint>
#include <vector>

namespace asyncdl::test {

class silent_port {
public:
    silent_port();
    ~silent_port();

    silent_port(const silent_port&) = delete;
    silent_port& operator=(const silent_port&) = delete;

    std::uint16_t number() const noexcept { return number_; }

private:
    std::vector<int> sockets_;
    std::uint16_t number_ = 0;
};

class closed_port {
public:
    closed_port();
    ~closed_port();

    closed_port(const closed_port&) = delete;
    closed_port& operator=(const closed_port&) = delete;

    std::uint16_t number() const noexcept { return number_; }

private:
    int socket_;
    std::uint16_t number_ = 0;
};

}  // namespace asyncdl::test
