#pragma once
// The head of one GET as the engine means it, before it takes a wire form. Views: what they point
// to outlives the exchange's start.

#include <string_view>
#include <utility>
#include <vector>

namespace asyncdl::http {

class request_head {
public:
    std::string_view target;     ///< path and query
    std::string_view authority;  ///< the Host field, or HTTP/2's :authority
    std::vector<std::pair<std::string_view, std::string_view>> fields;  ///< all others, in order
};

}  // namespace asyncdl::http
