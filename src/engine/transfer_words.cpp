// What the message of a failure says besides what failed: what to try, and what is lost.

#include "core/seconds.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

core::fault transfer::stopped() const {
    auto code = make_error_code(errc::cancelled);
    std::string text = "cancelled";
    if (stop_reason_ == errc::max_time) {
        code = make_error_code(errc::max_time);
        text = "the download took longer than " + core::seconds_text(core_->options.max_time);
    }
    if (!discards_ && stored_.lacks_validators())
        text += "; cannot be resumed (" + std::to_string(stored_.held()) +
                " bytes are discarded): the server gives no strong ETag and no usable "
                "Last-Modified";
    return {code, std::move(text)};
}

/// What the page of an error says that its status does not; none if it is no such page. What comes
/// with the head is enough.
core::fault transfer::judge_page(http::lease& line, const core::response_head& head) {
    if (head.status != 400)
        return {};
    const auto page = line->try_read(core_->scratch());
    if (!page || !*page)
        return {};
    const std::string_view text(reinterpret_cast<const char*>((*page)->data()), (*page)->size());
    const auto hint = core::hint_of_page(head, *to_, text);
    if (hint.empty())
        return {};
    return {make_error_code(errc::http_status), "HTTP status 400: " + std::string(hint)};
}

/// A server that was asked in the clear and closes without a byte may speak TLS: OpenSSL does so.
core::fault transfer::unanswered(const core::fault& why) const {
    constexpr std::uint16_t usual_port = 80;
    const auto& asked = to_->origin();
    if (asked.tls || asked.port == usual_port || why.code() != errc::truncated)
        return why;
    return {why.code(), why.message() + "; if it speaks TLS on port " + std::to_string(asked.port) +
                            ", try https://"};
}

}  // namespace asyncdl::engine
