#include "cli/error_line.hpp"

#include <algorithm>
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
     {errc::tls_unknown_issuer,
      "; --cacert FILE trusts it if FILE holds it or its authority, -k checks no certificate"}}};

}  // namespace

std::string error_line(const download_result& result) {
    if (result.success) {
        return {};
    }
    std::string line(result.message.empty() ? error_kind(result.error) : result.message);
    for (const auto& [code, hint] : hints) {
        if (result.error == code) {
            // Behind what failed, before what follows from it.
            line.insert(std::min(line.find("; "), line.size()), hint);
        }
    }
    return line;
}

}  // namespace asyncdl::cli
