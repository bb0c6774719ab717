#pragma once
// From the lines of a list to downloads, in all its forms: a URL or NAME=URL, aria2's (mirrors
// between TABs, options on indented lines below), a JSON object or an array of these. Owned by the
// list reader; no I/O.

#include <asyncdl/download_request.hpp>
#include <asyncdl/error.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "cli/line_splitter.hpp"

namespace asyncdl::cli {

/// Parses one line after the other. An entry is complete when the next one begins, so that each
/// call may give the one above; one of an array takes no options and is given at once. What is
/// wrong with an entry rejects that entry alone.
class list_parser {
public:
    using warning = std::function<void(const std::string&)>;

    /// @param warn called once for each unknown key, and for each scheme of mirrors that are left
    /// out, with a line for a person
    explicit list_parser(warning warn) : warn_(std::move(warn)) {}

    /// The lines that follow are of the list `name`.
    void begin(std::string name) {
        given_early_ = false;
        place_ = std::move(name) + ':';
        name_size_ = place_.size();
    }

    /// Takes a line, or a part of an array; gives the entry that is complete by that.
    std::optional<download_request> take(const line_splitter::line& line);

    /// Gives the entry that is not given yet, where there is one.
    std::optional<download_request> finish();

    /// The same in the middle of a list: an option that still comes is too late for it.
    std::optional<download_request> give_early();

    /// The first option that came too late for its entry, a line for a person; empty if none did.
    const std::string& late_option() const noexcept { return late_option_; }

    /// Whether an entry waits for the options that may follow it.
    bool pending() const noexcept { return entry_.has_value(); }

private:
    std::optional<download_request> take_array(const line_splitter::line& part);
    std::optional<download_request> start(download_request&& entry);
    download_request parse_json(std::string_view text);
    download_request parse_urls(const line_splitter::line& line);
    void reject_entry(errc error, std::string_view reason);
    void take_option(std::string_view text);
    void warn_unknown(std::string_view key);
    void warn_mirror(std::string_view url);
    void note_late(std::string_view text);

    warning warn_;
    std::string place_;  ///< of what is being parsed: LIST:LINE, LIST:LINE:COLUMN in an array
    std::size_t name_size_ = 0;  ///< of what does not change in it
    std::optional<download_request> entry_;
    bool given_early_ = false;  ///< the entry above, without what may follow
    std::string late_option_;
    std::set<std::string, std::less<>> unknown_;  ///< keys, and schemes with a colon
};

}  // namespace asyncdl::cli
