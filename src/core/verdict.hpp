#pragma once
// What a response head means for a download: the one place where statuses are judged. Pure.

#include <chrono>
#include <optional>
#include <string_view>

#include "core/fault.hpp"
#include "core/fields.hpp"
#include "core/range_verdict.hpp"
#include "core/url.hpp"

namespace asyncdl::core {

/// What this download allows.
class verdict_policy {
public:
    unsigned redirects_left = 0;
    bool allow_downgrade = false;   ///< from https to http
    bool sent_credentials = false;  ///< the request had an Authorization field
    bool sent_condition = false;    ///< If-None-Match or If-Modified-Since
};

class follow_redirect {
public:
    url target;
    std::optional<std::chrono::seconds> retry_after;  ///< not to be followed before
};

class give_up {
public:
    fault why;
    std::optional<std::chrono::seconds> retry_after;  ///< what the server asks for, not negative
};

/// Exactly one of the four, else the body is to be stored as the whole file.
class verdict {
public:
    std::optional<follow_redirect> redirect;
    std::optional<give_up> failure;
    std::optional<part_verdict> part;  ///< of what a part was asked for
    bool not_modified = false;         ///< the condition's answer
};

/// What the page of a 400 says that its status does not, if we know it: that the server speaks TLS
/// on the port that was asked in the clear ("HTTPS", as nginx, Apache and Go write), or that it
/// wants a client certificate (nginx). `body` is the page's beginning; else empty.
std::string_view hint_of_page(const response_head& head, const url& asked, std::string_view body);

/// Judges the final response (status >= 200, or 101) to a GET of `asked`, and of `part` of it where
/// one was asked for.
///
/// 200 and 203 are stored. 304 to a condition says that nothing is to be stored. 206, 416 and 304
/// that answer `part` are judged by `judge_part`. 301 302 303 307 308 are followed; without a
/// usable Location (missing, empty, repeated with other values, not http or https), past the bound,
/// or from https to http unless allowed they are `errc::redirect`. 206 and 101 that nobody asked
/// for are `errc::protocol`, so are statuses outside 100 to 999. Any other is `errc::http_status`,
/// or `errc::http_status_transient` for 408 425 429 500 502 503 504; the message is "HTTP status
/// 404 Not Found" with the server's reason cleaned of control characters, at most 80 bytes of it,
/// left out where empty; after 401 it says what to try. Retry-After (RFC 9110, 10.2.3) is read on
/// any failure: seconds, or a date, which counts from the response's Date where there is one, else
/// from `now`.
verdict judge_response(const response_head& head, const url& asked, const verdict_policy& policy,
                       std::chrono::system_clock::time_point now,
                       const part_request* part = nullptr);

}  // namespace asyncdl::core
