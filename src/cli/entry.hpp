#pragma once
// One download as a person writes it: a URL or NAME=URL. Pure functions.

#include <asyncdl/download_request.hpp>
#include <asyncdl/error.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace asyncdl::cli {

/// Whether `text` begins with `http://` or `https://`, in any case.
bool is_url(std::string_view text) noexcept;

/// The scheme of a URL of any kind (RFC 3986, 3.1) that has a host; empty if `text` is none.
std::string_view scheme_of(std::string_view text) noexcept;

/// The download that `text` asks for: a URL, NAME=URL (split at the first `=http://` or
/// `=https://`) or, for anything else, one that is rejected as `errc::invalid_url`. `place` begins
/// its message where not empty.
download_request parse_entry(std::string_view text, std::string_view place = {});

/// The same for a URL of any other kind, which makes a download only with mirrors behind it, so
/// that headers are not meant for these. Nothing if `text` is no such URL or NAME=URL.
std::optional<download_request> parse_other_entry(std::string_view text);

/// A rejected download. What is shown of `text` holds no secret and is short. The message is
/// `reason`, after `place` where that is not empty.
download_request reject(std::string_view text, errc error, std::string_view place,
                        std::string_view reason);

}  // namespace asyncdl::cli
