#pragma once
// A file as a server has it, and how the server answers for it: by RFC 9110, or in one of the ways
// in which servers lie about ranges. A value that is a handler for `origin::on`; a test that wants
// another file behind the same path puts another value there. Any thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/origin.hpp"

namespace asyncdl::test {

inline constexpr std::uint64_t mebibyte = 1024 * 1024;

/// What the server makes of Range and If-Range.
enum class range_support {
    full,           ///< RFC 9110, 13.1.5 and 14.2
    none,           ///< the whole file to everything
    unconditional,  ///< If-Range is not looked at
    dates_only,     ///< If-Range with an ETag never matches
    refused,        ///< 416 to every range
};

/// What the server makes of If-None-Match and If-Modified-Since.
enum class condition_support {
    full,     ///< RFC 9110, 13.1.2 and 13.1.3, a date only if it is equal
    none,     ///< the file to everything
    always,   ///< 304 to every request that has one of them
    unasked,  ///< 304 to every request
};

/// How a connection ends whose body was cut.
enum class ending { close, reset, stall };

/// A 206 that is about to be sent; a lie changes it.
class partial_answer {
public:
    std::uint64_t begin = 0;    ///< the first byte that is sent
    std::uint64_t end = 0;      ///< one past the last
    std::string total;          ///< of Content-Range
    unsigned version = 1;       ///< whose bytes are sent
    std::string body;           ///< sent instead of these bytes where not empty
    std::vector<field> fields;  ///< but for Content-Range
    bool chunked = false;
    bool until_close = false;

    /// Sends this instead of the Content-Range made of the above; none where empty.
    std::optional<std::string> content_range;

    /// Replaces a field; takes it out where the value is empty.
    void say(std::string_view name, std::string value);
};

class remote_file {
public:
    explicit remote_file(std::uint64_t bytes, unsigned number = 1);

    void operator()(connection& peer, const request& asked) const;

    /// The status of the answer to a request; 200 and 206 have bytes of the file.
    unsigned status_for(const request& asked) const;

    /// The same file, but each answer ends after so many bytes of its body.
    remote_file cut(std::uint64_t after, ending how = ending::close) const;

    /// All bytes, or some: `end` is one past the last.
    std::string bytes() const { return bytes(0, size); }
    std::string bytes(std::uint64_t begin, std::uint64_t end) const;

    std::uint64_t size;
    unsigned version;  ///< below 256; a file of another version differs in every byte

    std::string etag;  ///< as sent; `"vN"` at first, none where empty
    std::string last_modified = "Sat, 01 Jun 2024 12:00:00 GMT";  ///< none where empty
    std::string date;                                             ///< now where empty
    std::vector<field> fields;                                    ///< besides

    range_support ranges = range_support::full;
    std::function<void(partial_answer&)> lie;  ///< applied to every 206
    condition_support conditions = condition_support::full;
    std::string unsatisfied;  ///< Content-Range of a 416: `bytes */SIZE`, none where empty

    bool chunked = false;  ///< a 200 without a length
    std::optional<std::uint64_t> stops_after;
    ending stop = ending::close;
    std::chrono::milliseconds piece_delay{0};  ///< before each piece of the body
    std::size_t piece = 64 * 1024;
    std::function<void()> before_last{};  ///< called before the last piece of a body

private:
    bool is_unchanged(const request& asked) const;
    bool allows_range(const request& asked) const;
    response head(unsigned status) const;
    response part(std::uint64_t begin, std::uint64_t end) const;
    void send(connection& peer, response answer) const;
};

/// The first request is answered by the first, the second by the second, ...; those behind the
/// last one by the last.
handler in_turn(std::vector<handler> answers);

/// A status, these fields and a short body.
handler status(unsigned code, std::vector<field> fields = {});

/// The value of a field in each request for a path, "-" where it was not sent.
std::vector<std::string> asked_with(const origin& server, std::string_view path,
                                    std::string_view name);

}  // namespace asyncdl::test
