#pragma once
// What of a request can be sent: the header fields that it carries, and which of them may go where.
// Pure.

#include <asyncdl/download_request.hpp>
#include <asyncdl/downloader_options.hpp>
#include <string>

#include "core/fault.hpp"
#include "core/url.hpp"
#include "http/request_head.hpp"

namespace asyncdl::engine {

/// What a rejected request ends as.
core::fault rejection_of(const download_request& request);

/// Whether the fields can be sent, by `check_header`. `errc::invalid_argument`.
core::outcome<void> check_fields(const std::vector<header>& fields);

/// The head of a GET of `to` for a download that was asked of `first`: the caller's fields other
/// than Accept and Accept-* go to the origin of `first` alone. `authorization` is what `to` gets
/// where the caller's fields have none, or empty. What is returned points into all of them.
http::request_head make_request(const core::url& to, const core::url& first,
                                const downloader_options& options, const download_request& request,
                                const std::string& authority, std::string_view authorization);

/// Whether the request says who asks.
bool has_credentials(const http::request_head& request);

/// Whether the request has If-None-Match or If-Modified-Since, and whether the caller has something
/// to say of these, be it that they are to be left out.
bool has_condition(const http::request_head& request);
bool names_condition(const std::vector<header>& fields);

/// Whether a text that a server sent repeats a value of the caller's fields, a part of the userinfo
/// of the URL that was given, or a signature of that or of the one that was asked: it is then not
/// to be shown.
bool repeats_secret(std::string_view text, const downloader_options& options,
                    const download_request& request, const core::url& given,
                    const core::url& asked);

}  // namespace asyncdl::engine
