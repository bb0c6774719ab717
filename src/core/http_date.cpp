#include "core/http_date.hpp"

#include <array>
#include <tuple>

#include "core/fields.hpp"

namespace asyncdl::core {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> day_names{"Mon", "Tue", "Wed", "Thu",
                                                    "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_day_names{
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

// Reads a text from its front; every function says whether it found what it looked for.
class scanner {
public:
    explicit scanner(std::string_view text) : rest_(text) {}

    bool literal(std::string_view expected) {
        if (!iequals(rest_.substr(0, expected.size()), expected)) {
            return false;
        }
        rest_.remove_prefix(expected.size());
        return true;
    }

    // Exactly this many digits.
    bool number(std::size_t digits, unsigned& value) {
        if (rest_.size() < digits) {
            return false;
        }
        value = 0;
        for (const char c : rest_.substr(0, digits)) {
            if (c < '0' || c > '9') {
                return false;
            }
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        rest_.remove_prefix(digits);
        return true;
    }

    // One of the names; its place in the list, from 1.
    template <std::size_t Size>
    bool name(const std::array<std::string_view, Size>& names, unsigned& place) {
        for (place = 1; place <= Size; ++place) {
            if (literal(names[place - 1])) {
                return true;
            }
        }
        return false;
    }

    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

// What a date says, as it says it.
struct reading {
    unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

bool read_time_of_day(scanner& in, reading& out) {
    return in.number(2, out.hour) && in.literal(":") && in.number(2, out.minute) &&
           in.literal(":") && in.number(2, out.second);
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
bool read_fixdate(scanner in, reading& out) {
    unsigned weekday = 0;
    return in.name(day_names, weekday) && in.literal(", ") && in.number(2, out.day) &&
           in.literal(" ") && in.name(month_names, out.month) && in.literal(" ") &&
           in.number(4, out.year) && in.literal(" ") && read_time_of_day(in, out) &&
           in.literal(" GMT") && in.at_end();
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
bool read_rfc850(scanner in, reading& out) {
    unsigned weekday = 0;
    return in.name(long_day_names, weekday) && in.literal(", ") && in.number(2, out.day) &&
           in.literal("-") && in.name(month_names, out.month) && in.literal("-") &&
           in.number(2, out.year) && in.literal(" ") && read_time_of_day(in, out) &&
           in.literal(" GMT") && in.at_end();
}

// "Sun Nov  6 08:49:37 1994"
bool read_asctime(scanner in, reading& out) {
    unsigned weekday = 0;
    return in.name(day_names, weekday) && in.literal(" ") && in.name(month_names, out.month) &&
           in.literal(" ") && in.number(in.literal(" ") ? 1 : 2, out.day) && in.literal(" ") &&
           read_time_of_day(in, out) && in.literal(" ") && in.number(4, out.year) && in.at_end();
}

// The latest year with these last two digits that puts the date at most 50 years after `now`.
unsigned full_year(const reading& date, system_clock::time_point now) {
    const auto today = floor<days>(now);
    const year_month_day calendar(today);
    const auto last = static_cast<unsigned>(static_cast<int>(calendar.year())) + 50;
    const unsigned year = last - (last - date.year) % 100;
    const hh_mm_ss clock(floor<seconds>(now - today));
    const bool over =
        std::tuple(date.month, date.day, hours(date.hour), minutes(date.minute),
                   seconds(date.second)) >
        std::tuple(static_cast<unsigned>(calendar.month()), static_cast<unsigned>(calendar.day()),
                   clock.hours(), clock.minutes(), clock.seconds());
    return year == last && over ? year - 100 : year;
}

std::optional<sys_seconds> to_time(const reading& in) {
    const year_month_day date(year(static_cast<int>(in.year)), month(in.month), day(in.day));
    // 60 is a leap second (RFC 9110, 5.6.7).
    if (!date.ok() || in.hour > 23 || in.minute > 59 || in.second > 60) {
        return std::nullopt;
    }
    return sys_days(date) + hours(in.hour) + minutes(in.minute) + seconds(in.second);
}

}  // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text, system_clock::time_point now) {
    const scanner in(text);
    reading date;
    if (read_rfc850(in, date)) {
        date.year = full_year(date, now);
    } else if (!read_fixdate(in, date) && !read_asctime(in, date)) {
        return std::nullopt;
    }
    return to_time(date);
}

}  // namespace asyncdl::core
