#include "core/verdict.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "core/file_name.hpp"
#include "core/http_date.hpp"

namespace asyncdl::core {

namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::size_t max_reason = 80;
constexpr seconds longest_wait = std::chrono::hours(24 * 365);  // what is longer says "never"

std::optional<seconds> retry_after(const fields& fields, system_clock::time_point now) {
    const auto value = fields.find("Retry-After");
    if (!value) {
        return std::nullopt;
    }
    const std::string_view text = trimmed(*value);
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
        seconds::rep count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        return error == std::errc() ? std::min(seconds(count), longest_wait) : longest_wait;
    }
    const auto date = parse_http_date(text, now);
    if (!date) {
        return std::nullopt;
    }
    // The server's own clock, where it tells it, so that ours may be wrong.
    const auto sent = parse_http_date(trimmed(fields.find("Date").value_or("")), now);
    const auto from = sent.value_or(std::chrono::floor<seconds>(now));
    return std::clamp(*date - from, seconds::zero(), longest_wait);
}

// The one Location; equal repetitions are one.
outcome<std::string_view> location(const fields& fields) {
    std::optional<std::string_view> found;
    for (const auto& [name, value] : fields) {
        if (!iequals(name, "Location")) {
            continue;
        }
        if (found && *found != trimmed(value)) {
            return fault(errc::redirect, "a redirect to more than one location");
        }
        found = trimmed(value);
    }
    if (!found || found->empty()) {
        return fault(errc::redirect, "a redirect without a location");
    }
    return *found;
}

outcome<url> redirect_target(const fields& fields, const url& asked, const verdict_policy& policy) {
    const auto reference = location(fields);
    if (!reference) {
        return reference.error();
    }
    auto target = asked.resolve(*reference);
    if (!target) {
        const bool other_scheme = target.error().code() == errc::redirect;
        return fault(errc::redirect, other_scheme ? target.error().message()
                                                  : "a bad redirect: " + target.error().message());
    }
    if (policy.redirects_left == 0) {
        return fault(errc::redirect, "too many redirects");
    }
    if (asked.origin().tls && !target->origin().tls && !policy.allow_downgrade) {
        return fault(errc::redirect, "a redirect from https to http is refused");
    }
    return target;
}

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool may_pass(unsigned status) {
    return status == 408 || status == 425 || status == 429 || status == 500 ||
           (status >= 502 && status <= 504);
}

// Why a response that is neither stored nor followed fails.
fault failure_of(const response_head& head, const verdict_policy& policy) {
    if (head.status == 206) {
        return {errc::protocol, "the server sent a part of the file that was not asked for"};
    }
    if (head.status < 200 || head.status > 999) {
        return {errc::protocol, "the server sent status " + std::to_string(head.status)};
    }
    std::string message = "HTTP status " + std::to_string(head.status);
    if (const auto reason = printable(trimmed(head.reason), max_reason); !reason.empty()) {
        message += ' ' + reason;
    }
    if (head.status == 401) {
        message += policy.sent_credentials
                       ? ": it refused the credentials"
                       : ": it wants credentials, in the URL (USER:PASSWORD@HOST) or an "
                         "Authorization header";
    }
    return {may_pass(head.status) ? errc::http_status_transient : errc::http_status,
            std::move(message)};
}

}  // namespace

std::string_view hint_of_page(const response_head& head, const url& asked, std::string_view body) {
    if (head.status != 400) {
        return {};
    }
    if (asked.origin().tls) {
        const bool wanted = body.find("required SSL certificate") != body.npos;
        return wanted ? "the server wants a client certificate" : std::string_view();
    }
    const bool https = body.find("HTTPS") != body.npos;
    return https ? "the server speaks TLS on this port; try https://" : std::string_view();
}

verdict judge_response(const response_head& head, const url& asked, const verdict_policy& policy,
                       system_clock::time_point now, const part_request* part) {
    verdict result;
    if (head.status == 200 || head.status == 203) {
        return result;
    }
    if (head.status == 304 && policy.sent_condition) {
        result.not_modified = true;
        return result;
    }
    if (part && (head.status == 206 || head.status == 416 || head.status == 304)) {
        result.part = judge_part(head, *part);
        return result;
    }
    if (is_redirect(head.status)) {
        auto target = redirect_target(head.fields, asked, policy);
        if (target) {
            result.redirect = follow_redirect{std::move(*target), retry_after(head.fields, now)};
        } else {
            result.failure = give_up{target.error(), retry_after(head.fields, now)};
        }
    } else {
        result.failure = give_up{failure_of(head, policy), retry_after(head.fields, now)};
    }
    return result;
}

}  // namespace asyncdl::core
