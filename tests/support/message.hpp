#pragma once
// What the scripted origin reads and answers. Values; written for the tests alone, none of the
// library's own HTTP code is in it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncdl::test {

using field = std::pair<std::string, std::string>;

/// A request as it came.
class request {
public:
    std::string method;
    std::string target;  ///< path and query
    std::string version;
    std::vector<field> fields;   ///< in order, names as they came
    std::size_t connection = 0;  ///< the number of its connection, from 1
    std::string server_name;     ///< SNI, empty where none was sent
    std::string tls_version;     ///< "TLSv1.3", ...; empty over plain TCP
    std::string head;            ///< the bytes

    /// The target without its query.
    std::string path() const { return target.substr(0, target.find('?')); }

    /// The value of the first field with this name, in any case.
    std::optional<std::string> value(std::string_view name) const;

    /// How many fields have this name.
    std::size_t count(std::string_view name) const;
};

/// Reads a head that ends with an empty line; nothing where it is none.
std::optional<request> parse_request(std::string_view head);

/// An ordinary answer. Date, Content-Length and Connection are added where `fields` has none.
struct response {
    unsigned status = 200;
    std::vector<field> fields{};
    std::string body{};
    std::uint64_t pattern_size = 0;  ///< bytes of the pattern that follow `body`

    bool chunked = false;      ///< in chunks of `piece` bytes
    bool until_close = false;  ///< no length: the end of the connection ends the body
    bool close = false;        ///< closes afterwards, and says so
    std::string version{"HTTP/1.1"};
    std::string reason{"Reason"};

    std::chrono::milliseconds head_delay{0};   ///< before the head
    std::chrono::milliseconds piece_delay{0};  ///< before each piece of the body
    std::size_t piece = 64 * 1024;             ///< bytes sent at once
    std::function<void()> before_last{};       ///< called before the last piece
};

/// The head of `what`, with the empty line.
std::string head_of(const response& what);

/// `status` and a Location.
response redirect_to(std::string location, unsigned status = 302);

}  // namespace asyncdl::test
