#pragma once
// A big remote file that is sent in step with its download: never more than `most_ahead` beyond
// what the part file holds. So a kill loses a known amount at most, however busy the machine is.
// Owned by the test; its answers are given on the origin's threads.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "support/origin.hpp"

namespace asyncdl::test {

class slow_file {
public:
    /// What the remote file is now and how requests for it are answered. A request is answered to
    /// its end by what it found.
    class state {
    public:
        unsigned version = 1;  ///< below 256; a file of another version differs in every byte
        std::uint64_t size = 0;
        bool has_etag = true;           ///< else Last-Modified alone validates it
        bool ignores_if_range = false;  ///< a 206 of this version to whoever asks for a part
        std::optional<std::uint64_t> cut_after;  ///< bytes of one body, then the connection closes
        bool changes_when_cut = false;           ///< the next request finds the next version
    };

    /// Sent bytes that the part file does not hold yet; also the size of a segment that is sent.
    static constexpr std::uint64_t most_ahead = 256 * 1024;

    slow_file(std::filesystem::path part, state first);

    void operator()(connection& peer, const request& asked);

    state now() const;
    void set(const state& next);

    /// Ends the answers that are being given, since nobody is there any more to read them.
    void end_answers();

    std::uint64_t sent() const { return sent_; }  ///< bytes of bodies so far
    std::uint64_t stored() const;                 ///< bytes of the part file

    /// Whether these are all bytes of the file as it is in that state.
    static bool is_whole(std::string_view bytes, const state& of);

    /// The next version, of another length.
    static state changed(state from);

private:
    void send(connection& peer, const state& found, std::uint64_t from);

    std::filesystem::path part_;
    mutable std::mutex mutex_;  // guards the state, and what a run that has ended does to it
    state state_;
    std::atomic<unsigned> run_ = 0;
    std::atomic<std::uint64_t> sent_ = 0;
};

}  // namespace asyncdl::test
