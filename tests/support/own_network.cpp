#include "support/own_network.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <future>
#include <sstream>
#include <stdexcept>

#include "support/skip.hpp"

namespace asyncdl::test {

void own_network::run(const std::function<void(own_network&)>& test) {
    const bool entered = std::async(std::launch::async, [&] {
                             own_network network;
                             if (!network.enter()) {
                                 return false;
                             }
                             test(network);
                             return true;
                         }).get();
    has(entered, "the right to make a network");
}

bool own_network::enter() {
    if (::unshare(CLONE_NEWNET) != 0) {
        return false;
    }
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ::ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP;
    const bool is_up = ::ioctl(socket, SIOCSIFFLAGS, &loopback) == 0;
    ::close(socket);
    return is_up && ::access("/proc/sys/net/ipv4/ip_local_port_range", W_OK) == 0;
}

void own_network::set(const std::string& name, const std::string& value) {
    std::ofstream file("/proc/sys/net/" + name);
    file << value << std::flush;
    if (!file) {
        throw std::runtime_error("cannot set net/" + name);
    }
}

void own_network::allow_ports(std::uint16_t first, std::uint16_t last) {
    set("ipv4/ip_local_port_range", std::to_string(first) + " " + std::to_string(last));
    set("ipv4/tcp_tw_reuse", "0");
}

void own_network::disable_ipv6() {
    set("ipv6/conf/all/disable_ipv6", "1");
}

std::size_t own_network::blocked_ports(std::uint16_t first, std::uint16_t last) const {
    std::ifstream file("/proc/thread-self/net/tcp");
    std::string line;
    std::size_t count = 0;
    while (std::getline(file, line)) {
        // sl local_address rem_address st ...; 06 is TIME_WAIT.
        std::istringstream words(line);
        std::string number, local, remote, state;
        words >> number >> local >> remote >> state;
        const auto colon = local.find(':');
        if (state == "06" && colon != local.npos) {
            const auto port = std::stoul(local.substr(colon + 1), nullptr, 16);
            count += port >= first && port <= last ? 1 : 0;
        }
    }
    return count;
}

}  // namespace asyncdl::test
