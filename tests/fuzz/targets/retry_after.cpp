// What a response means that is not simply stored: one verdict, a wait that is neither negative nor
// endless, a line that is harmless. The input: the status in a line, then fields. Dates that are
// read are read again from what RFC 9110 says to write.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "core/http_date.hpp"
#include "core/verdict.hpp"
#include "fuzz/target.hpp"

namespace asyncdl::fuzz {

namespace {

using namespace std::chrono;

constexpr sys_seconds now = sys_days(year(2024) / February / 29) + 12h;

std::string fixdate(sys_seconds time) {
    constexpr std::array days_of_week{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months_of_year{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::array<char, 40> text;
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  days_of_week[weekday(day).c_encoding()], unsigned(date.day()),
                  months_of_year[unsigned(date.month()) - 1], int(date.year()),
                  int(clock.hours().count()), int(clock.minutes().count()),
                  int(clock.seconds().count()));
    return text.data();
}

void check_date(std::string_view text) {
    if (const auto date = core::parse_http_date(text, now)) {
        // A leap second at the end of the last year that four digits can say has no such date.
        require(core::parse_http_date(fixdate(*date), now) == date ||
                    *date >= sys_days(year(10000) / January / 1),
                "a date, written out, is read again");
    }
}

void check_wait(const core::fields& fields, const std::optional<seconds>& wait) {
    require(!wait || (*wait >= 0s && *wait <= hours(24 * 365)), "a wait is from now to a year");
    const std::string_view text = core::trimmed(fields.find("Retry-After").value_or(""));
    const auto digits = text.find_first_not_of("0123456789") == text.npos;
    if (digits && !text.empty() && text.size() < 8) {
        require(wait == seconds(std::stol(std::string(text))), "seconds are what they say");
    }
}

const target registered("retry_after", [](std::string_view input) {
    check_date(input);
    std::string_view first = take_line(input);
    core::response_head head;
    head.status = static_cast<unsigned>(take_number(first) % 1100);
    head.reason = first;
    head.fields = take_fields(input);
    for (const auto& [name, value] : head.fields) {
        check_date(value);
    }

    const auto asked = core::url::parse("https://user:password@host/file");
    const core::verdict verdict =
        core::judge_response(head, *asked, {.redirects_left = 1, .allow_downgrade = false}, now);
    require(!verdict.part, "no part is judged where none was asked for");
    require(!(verdict.redirect && verdict.failure), "there is one verdict");
    const bool stores = !verdict.redirect && !verdict.failure;
    require(stores == (head.status == 200 || head.status == 203),
            "200 and 203 are stored, no other");
    if (verdict.redirect) {
        check_wait(head.fields, verdict.redirect->retry_after);
        require(head.status / 100 == 3, "only 3xx is followed");
        require(verdict.redirect->target.origin().tls, "TLS is not given up");
    }
    if (verdict.failure) {
        check_wait(head.fields, verdict.failure->retry_after);
        require(verdict.failure->why.code().failed(), "a failure has a code");
        require(is_harmless(verdict.failure->why.message()) &&
                    verdict.failure->why.message().size() <= 192,
                "a failure's line is harmless and short");
    }
});

}  // namespace

}  // namespace asyncdl::fuzz
