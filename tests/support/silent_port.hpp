#pragma once
// A port on loopback where connecting neither succeeds nor fails: its queue of connections is full
// and nobody accepts. Owned by the test.

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

}  // namespace asyncdl::test
