#pragma once
// What several downloaders share: download slots, slots per host, names in use, addresses, TLS
// sessions, counters. Thread-safe; give one to each downloader that shall count together.

#include <asyncdl/file_identity.hpp>
#include <asyncdl/resolver.hpp>
#include <cstddef>
#include <memory>
#include <vector>

namespace asyncdl {

namespace engine {
class shared_context;
}

/// The settings of a context.
struct context_options {
    std::size_t max_concurrent = 5;  ///< downloads at once over all downloaders, 1 to 1,000,000
    std::size_t max_connections_per_host = 0;  ///< 0: no bound
    /// Empty: the system's (getaddrinfo), on threads of its own. At most 32 look-ups run at once,
    /// besides those that have had no answer for half a second; 512 are the bound for all.
    std::shared_ptr<asyncdl::resolver> lookup{};

    /// See `downloader_options::files_in_use`.
    std::vector<file_identity> files_in_use{};
};

/// A handle; copies share the same context. Lives as long as any downloader that uses it.
/// Thread safety: all members, from any thread.
///
/// The last of them waits for the context's own threads to end, but not for a look-up that hangs,
/// because nothing can stop getaddrinfo. Its thread ends when getaddrinfo returns; until then it
/// touches nothing but memory of its own, and keeps a shared object that holds the library loaded.
/// So a plugin may be unloaded, or main may return, while a look-up hangs.
class download_context {
public:
    /// @throws std::invalid_argument where an option makes no sense
    explicit download_context(const context_options& options = {});

private:
    friend class downloader;
    friend class download_manager;
    std::shared_ptr<engine::shared_context> shared_;
};

}  // namespace asyncdl
