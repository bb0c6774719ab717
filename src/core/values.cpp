// The public values that decide anything by themselves.

#include <algorithm>
#include <array>
#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_request.hpp>
#include <asyncdl/download_result.hpp>
#include <asyncdl/downloader_options.hpp>
#include <asyncdl/error.hpp>
#include <asyncdl/progress_snapshot.hpp>

#include "core/checksum.hpp"
#include "core/fields.hpp"
#include "core/name_template.hpp"
#include "core/token.hpp"

namespace asyncdl {

namespace {

// RFC 9112, 6 and RFC 9110, 7.6.1 and 14: these frame a message, belong to the connection, or
// change which bytes are meant.
constexpr std::array<std::string_view, 13> reserved_headers = {
    "Connection", "Content-Length",    "Content-Range",    "Expect", "HTTP2-Settings",
    "If-Range",   "Keep-Alive",        "Proxy-Connection", "Range",  "TE",
    "Trailer",    "Transfer-Encoding", "Upgrade"};

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f';
}

}  // namespace

std::string check_header(const header& field) {
    // Not shown: with the colon in the wrong place it may be a secret.
    if (!core::is_token(field.name)) {
        return "invalid header name";
    }
    if (std::any_of(field.value.begin(), field.value.end(), is_control)) {
        return "the value of '" + field.name + "' holds a control character";
    }
    if (std::any_of(reserved_headers.begin(), reserved_headers.end(),
                    [&](std::string_view name) { return core::iequals(name, field.name); })) {
        return "'" + field.name + "' is set by the program alone";
    }
    return {};
}

std::string check_checksum(std::string_view text) {
    const auto parsed = core::checksum::parse(text);
    return parsed ? std::string() : parsed.error().message();
}

std::string check_name_template(std::string_view text) {
    const auto parsed = core::name_template::parse(text);
    return parsed ? std::string() : parsed.error().message();
}

void batch_summary::add(const download_result& result) noexcept {
    ++total;
    bytes += result.bytes_received;
    if (result.success) {
        ++succeeded;
        skipped += result.skipped ? 1 : 0;
    } else {
        ++failed;
        cancelled += result.error == failure::cancelled ? 1 : 0;
        kept_parts += result.kept_bytes > 0 ? 1 : 0;
        kept_bytes += result.kept_bytes;
    }
}

std::string_view to_string(download_state state) noexcept {
    switch (state) {
        case download_state::queued:
            return "queued";
        case download_state::verifying:
            return "verifying";
        case download_state::connecting:
            return "connecting";
        case download_state::receiving:
            return "receiving";
        case download_state::waiting:
            return "waiting";
        case download_state::finishing:
            return "finishing";
    }
    return "unknown";
}

}  // namespace asyncdl
