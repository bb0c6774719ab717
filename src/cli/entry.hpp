#pragma once
// One download as a person writes it: a URL or NAME=URL. Pure functions.

#include <asyncdl/download_request.hpp>
#include <asyncdl/error.hpp>
#include <string>
#include <string_view>

namespace asyncdl::cli {

/// Whether `text` begins with `http://` or `https://`, in any case.
bool is_url(std::string_view text) noexcept;

/// The download that `text` asks for: a URL, NAME=URL (split at the first `=http://` or
/// `=https://`) or, for anything else, one that is rejected as `errc::invalid_url`. `place` begins
/// its message where not empty.
download_request parse_entry(std::string_view text, std::string_view place = {});

/// A rejected download. What is shown of `text` holds no secret and is short. The message is
/// `reason`, after `place` where that is not empty.
download_request reject(std::string_view text, errc error, std::string_view place,
                        std::string_view reason);

}  // namespace asyncdl::cli
