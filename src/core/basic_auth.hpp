#pragma once
// Credentials of the Basic scheme (RFC 7617). Pure.

#include <string>
#include <string_view>

namespace asyncdl::core {

/// The value of an Authorization field. The user must hold no colon: the peer splits at the first.
std::string basic_credentials(std::string_view user, std::string_view password);

}  // namespace asyncdl::core
