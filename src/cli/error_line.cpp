#include "cli/error_line.hpp"

#include <array>
#include <asyncdl/error.hpp>
#include <string_view>
#include <utility>

namespace asyncdl::cli {

namespace {

constexpr std::array<std::pair<errc, std::string_view>, 4> hints{
    {{errc::timeout, " (--timeout)"},
     {errc::connect_timeout, " (--connect-timeout)"},
     {errc::max_time, " (--max-time)"},
     {errc::tls_unknown_issuer, "; --cacert FILE trusts its authority, -k checks no certificate"}}};

}  // namespace

std::string error_line(const download_result& result) {
    if (result.success) {
        return {};
    }
    std::string line(result.message.empty() ? error_kind(result.error) : result.message);
    for (const auto& [code, hint] : hints) {
        if (result.error == code) {
            line += hint;
        }
    }
    return line;
}

}  // namespace asyncdl::cli
