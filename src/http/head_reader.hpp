#pragma once
// From received bytes to a response head: finds its end, mends what servers get wrong and nothing
// hangs on, and lets Beast's parser judge the rest. Pure; one per connection.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/fault.hpp"
#include "core/fields.hpp"

namespace asyncdl::http {

class head_reader {
public:
    /// Looks for a complete head at the front of `received`, which grows from call to call until
    /// `reset`. Gives the bytes that it takes, or nothing where more has to come.
    ///
    /// Mended: bare LF, empty lines before the status line, a missing reason phrase or control
    /// characters in it, folded lines (RFC 9112, 5.2). A malformed field is dropped. If it spells
    /// `Connection` it becomes `close`; if it spells Content-Length, Transfer-Encoding,
    /// Content-Range or Content-Encoding, the head is refused. `errc::protocol`: that, over 64 KiB,
    /// a line without a colon, NUL, bare CR, and whatever else RFC 9112 does not allow.
    core::outcome<std::optional<std::size_t>> feed(std::string_view received);

    /// The last head that was complete; its views point into the bytes that were fed, or into the
    /// reader's own copy.
    const core::response_head& head() const noexcept { return head_; }

    /// Forgets how far it had looked; the next bytes begin a new head.
    void reset() noexcept;

private:
    core::outcome<void> parse(std::string_view text);

    std::string text_;  ///< the head, where it had to be mended
    core::response_head head_;
    std::size_t scanned_ = 0;     ///< bytes of `received` that hold no end of a head
    std::size_t line_start_ = 0;  ///< where the line that is being scanned begins
    bool status_line_seen_ = false;
};

}  // namespace asyncdl::http
