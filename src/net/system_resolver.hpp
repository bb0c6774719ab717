#pragma once
// The system's name look-up (getaddrinfo) on threads of its own: a name that hangs delays no other,
// no timeout, and not the exit. Thread-safe; shared by a context's downloaders.

#include <asyncdl/resolver.hpp>
#include <memory>

namespace asyncdl::net {

/// Answers are kept for a minute, so that many downloads from one host ask once; downloads that ask
/// for the same name at the same time share one look-up. At most 32 look-ups run at once, others
/// queue. A thread ends when there is nothing to look up; one that hangs is left behind with state
/// that it shares with nobody else.
class system_resolver final : public resolver {
public:
    system_resolver();

    boost::asio::awaitable<boost::system::result<std::vector<boost::asio::ip::address>>>
    async_resolve(std::string host) override;

private:
    class lookups;
    std::shared_ptr<lookups> lookups_;
};

}  // namespace asyncdl::net
