#pragma once
// The system's name look-up (getaddrinfo) on threads of its own: a name that hangs delays no other,
// no timeout, and not the exit. Thread-safe; shared by a context's downloaders.

#include <asyncdl/resolver.hpp>
#include <memory>

#include "net/name_lookups.hpp"

namespace asyncdl::net {

/// Answers are kept for a minute, so that many downloads from one host ask once; downloads that ask
/// for the same name at the same time share one look-up.
///
/// At most 32 look-ups run at once, and others queue. One that has no answer after half a second
/// hangs and does not count: what comes behind it waits no longer than that. 512 threads are the
/// bound for all, and when as many hang, names wait in the queue. A name that nobody waits for any
/// more leaves it.
///
/// A thread ends when there is nothing to look up. The destructor waits for those that do not look
/// a name up, which is an instant. One that hangs cannot be stopped: it is left behind, owns all
/// that it uses, and keeps a shared object that holds the library loaded until it has ended.
class system_resolver final : public resolver {
public:
    system_resolver();
    /// With another call in place of getaddrinfo, or other bounds.
    explicit system_resolver(lookup_settings settings);
    ~system_resolver() override;

    boost::asio::awaitable<lookup_answer> async_resolve(std::string host) override;
    boost::asio::awaitable<lookup_answer> async_resolve_in_turn(
        std::string host, std::function<void()> begun) override;

private:
    const std::shared_ptr<name_lookups> lookups_;
};

}  // namespace asyncdl::net
