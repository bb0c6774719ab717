#pragma once
// A network for one thread alone, with nothing but loopback in it: origins and programs that the
// thread starts are in it as well. Used by the test's thread.

#include <cstdint>
#include <functional>
#include <string>

namespace asyncdl::test {

class own_network {
public:
    /// Runs `test` on a thread in such a network. What it throws is thrown here. Nothing happens,
    /// and a message says so, if that is not allowed.
    static void run(const std::function<void(own_network&)>& test);

    /// From now on connections leave from these ports alone, and one that was closed first by its
    /// client blocks its port for a minute.
    void allow_ports(std::uint16_t first, std::uint16_t last);

    /// Takes the addresses of IPv6 away.
    void disable_ipv6();

    /// Ports between `first` and `last` that a closed connection still blocks.
    std::size_t blocked_ports(std::uint16_t first, std::uint16_t last) const;

private:
    own_network() = default;
    bool enter();
    static void set(const std::string& name, const std::string& value);
};

}  // namespace asyncdl::test
