#include "cli/list_parser.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>
#include <vector>

#include "cli/entry.hpp"
#include "cli/header_line.hpp"
#include "cli/json_entry.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// A list of nothing but unknown keys must not fill the memory with them.
constexpr std::size_t most_unknown_keys = 64;
constexpr std::size_t longest_key = 64;

// Of a line that is too long.
constexpr std::size_t longest_shown = 256;

constexpr std::string_view too_long_reason = "the line is longer than 64 KiB";

bool is_key(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
}

// What begins like JSON or is behind an array, or is an option with credentials that has no entry
// above, is not shown if it is wrong: only its place is.
bool may_hold_secret(const line_splitter::line& line) {
    const std::string_view text = trimmed(line.text);
    if (line.column > 0 || text.find_first_of("{[\"") == 0) {
        return true;
    }
    const std::string_view key = trimmed(text.substr(0, std::min(text.find('='), text.size())));
    return key == "header" || (is_key(key) && key.ends_with("passwd"));
}

// The value may be a secret.
std::string shown_option(std::string_view key) {
    return is_key(key) ? "'" + std::string(key) + "'" : "an option";
}

// Only the beginning of the line is known: what may be half a userinfo is not shown.
download_request too_long(const line_splitter::line& line, const std::string& place) {
    const std::string_view text = trimmed(line.text);
    const std::size_t scheme = text.find("://");
    if (scheme == text.npos || may_hold_secret(line)) {
        return reject(place, errc::invalid_url, place, too_long_reason);
    }
    const bool whole_authority = text.find_first_of("/?#", scheme + 3) != text.npos;
    download_request bad = reject(whole_authority ? text : text.substr(0, scheme + 3),
                                  errc::invalid_url, place, too_long_reason);
    if (bad.urls.front().size() > longest_shown) {
        bad.urls.front().resize(longest_shown);
    }
    return bad;
}

}  // namespace

std::optional<download_request> list_parser::take(const line_splitter::line& line) {
    const std::string_view text = trimmed(line.text);
    place_.resize(name_size_);
    place_ += std::to_string(line.number);
    if (line.what != line_splitter::form::line) {
        return take_array(line);
    }
    const bool indented = !line.text.empty() && blanks.find(line.text[0]) != blanks.npos;
    // An indented URL is no option that anybody could have meant; it is not lost.
    const bool may_be_option = indented && !is_url(text) && !text.starts_with('{');
    const bool option = may_be_option && entry_;
    if (may_be_option && given_early_ && !text.empty() && text.front() != '#') {
        note_late(text);
        return std::nullopt;
    }
    if (line.too_long && !option) {
        return start(too_long(line, place_));
    }
    if (line.too_long) {
        reject_entry(errc::invalid_url, too_long_reason);
        return std::nullopt;
    }
    if (text.empty() || text.front() == '#') {
        return std::nullopt;
    }
    if (text.front() == '{') {
        return start(parse_json(text));
    }
    if (option) {
        take_option(text);
        return std::nullopt;
    }
    return start(parse_urls(line));
}

std::optional<download_request> list_parser::take_array(const line_splitter::line& part) {
    using enum line_splitter::form;
    given_early_ = false;
    if (part.what == array) {
        return finish();
    }
    place_ += ':' + std::to_string(part.column);
    if (part.what == entry && !part.too_long) {
        return parse_json(part.text);
    }
    const std::string reason = part.what == entry        ? "the entry is longer than 64 KiB"
                               : part.what == unfinished ? "the list ends within its JSON array"
                                                         : "broken JSON, passed over up to line " +
                                                               std::to_string(part.until);
    return reject(place_, errc::invalid_url, place_, reason);
}

std::optional<download_request> list_parser::finish() {
    return std::exchange(entry_, std::nullopt);
}

std::optional<download_request> list_parser::give_early() {
    given_early_ = entry_.has_value();
    return finish();
}

std::optional<download_request> list_parser::start(download_request&& entry) {
    given_early_ = false;
    return std::exchange(entry_, std::move(entry));
}

download_request list_parser::parse_json(std::string_view text) {
    const auto unknown = [&](std::string_view key) { warn_unknown(key); };
    const auto left_out = [&](std::string_view url) { warn_mirror(url); };
    return parse_json_entry(text, place_, unknown, left_out);
}

download_request list_parser::parse_urls(const line_splitter::line& line) {
    const std::string_view text = trimmed(line.text);
    const std::size_t tab = text.find('\t');
    const std::string_view first = trimmed(text.substr(0, tab));
    download_request entry = parse_entry(first, place_);
    if (entry.rejection && may_hold_secret(line)) {
        return reject(place_, errc::invalid_url, place_, "not an http or https URL");
    }
    std::vector<std::string> mirrors;
    std::vector<std::string_view> foreign;
    std::string_view rest = tab == text.npos ? std::string_view() : text.substr(tab + 1);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\t'), rest.size());
        const std::string_view mirror = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (is_url(mirror)) {
            mirrors.emplace_back(mirror);
        } else if (!mirror.empty()) {
            foreign.push_back(mirror);
        }
    }
    if (entry.rejection && !mirrors.empty()) {
        if (auto other = parse_other_entry(first)) {
            entry = *std::move(other);
        }
    }
    if (entry.rejection) {
        return entry;
    }
    for (const std::string_view each : foreign) {
        warn_mirror(each);
    }
    std::move(mirrors.begin(), mirrors.end(), std::back_inserter(entry.urls));
    return entry;
}

void list_parser::reject_entry(errc error, std::string_view reason) {
    if (!entry_->rejection) {
        entry_ = reject(entry_->urls.front(), error, place_, reason);
    }
}

void list_parser::take_option(std::string_view text) {
    if (entry_->rejection) {
        return;
    }
    const auto refuse = [&](errc error, std::string_view reason) { reject_entry(error, reason); };
    const std::size_t equals = text.find('=');
    const std::string_view key = trimmed(text.substr(0, equals));
    const std::string_view value =
        equals == text.npos ? std::string_view() : trimmed(text.substr(equals + 1));
    if (equals == text.npos) {
        refuse(errc::invalid_url, "an option is KEY=VALUE");
    } else if (key == "header") {
        parsed<header> field = parse_header(value);
        if (!field) {
            refuse(errc::invalid_url, field.error());
        } else {
            entry_->headers.push_back(*std::move(field));
        }
    } else if (key == "checksum") {
        const std::string wrong = value.empty() ? "checksum is empty" : check_checksum(value);
        if (!wrong.empty()) {
            refuse(errc::invalid_url, wrong);
        } else {
            entry_->checksum = value;
        }
    } else if (key == "out" || key == "dir") {
        if (value.empty()) {
            refuse(errc::name, std::string(key) + " is empty");
        } else {
            (key == "out" ? entry_->file_name : entry_->directory) = value;
        }
    } else {
        warn_unknown(key);
    }
}

void list_parser::warn_unknown(std::string_view key) {
    key = key.substr(0, longest_key);
    if (unknown_.size() < most_unknown_keys && unknown_.emplace(key).second) {
        warn_(place_ + ": " + shown_option(key) + " is not known and has no effect");
    }
}

void list_parser::warn_mirror(std::string_view url) {
    const std::string scheme(scheme_of(url).substr(0, longest_key));
    if (unknown_.size() < most_unknown_keys && unknown_.insert(scheme + ':').second) {
        warn_(place_ + ": " + (scheme.empty() ? "a mirror" : "a mirror of '" + scheme + ":'") +
              " is not an http or https URL and is passed over; further ones are not told");
    }
}

void list_parser::note_late(std::string_view text) {
    if (late_option_.empty()) {
        const std::size_t equals = text.find('=');
        const std::string_view key = equals == text.npos ? "" : trimmed(text.substr(0, equals));
        late_option_ = place_ + ": " + shown_option(key.substr(0, longest_key)) +
                       " came more than a second after its entry, which was downloaded without it";
    }
}

}  // namespace asyncdl::cli
