#pragma once
// What to download: the URLs of one file and what is particular to it. A value; the caller owns it.

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncdl {

class sink;

/// One field of a request head.
class header {
public:
    header() = default;
    header(std::string field_name, std::string field_value)
        : name(std::move(field_name)), value(std::move(field_value)) {}

    std::string name;
    std::string value;
    bool remove = false;  ///< the field that would be sent is left out
};

/// One download.
class download_request {
public:
    download_request() = default;
    explicit download_request(std::string url, std::string target_name = {})
        : urls{std::move(url)}, file_name(std::move(target_name)) {}

    /// An entry that is known to be bad. It is never sent: it ends as a failed result with this
    /// error and this line for a person, at its place in the order. `url` is what the result shows.
    /// An error that is none, or of another category than ours, is `errc::invalid_argument` there.
    static download_request rejected(std::string url, boost::system::error_code error,
                                     std::string message) {
        download_request request(std::move(url));
        request.rejection = error;
        request.rejection_message = std::move(message);
        return request;
    }

    /// The file's URLs, http or https; userinfo is used for Basic authentication and never shown.
    /// Those after the first are mirrors: if one fails, the next is tried. One that is malformed or
    /// not http or https is passed over with a warning; the result is `errc::invalid_url` only if
    /// none is left.
    std::vector<std::string> urls;

    /// Name of the file below the directory, may hold folders (made if missing). Empty: derived
    /// from the response or the final URL's path, `index.html` if that is empty; see
    /// `downloader_options::name_template`.
    std::string file_name;

    /// Replaces `downloader_options::download_dir` where not empty.
    std::string directory;

    /// `ALGO=HEX` or `ALGO:HEX` of the stored file, see `check_checksum`: it appears under its name
    /// only when the digest agrees, else the result is `errc::checksum`. Empty: none. One that is
    /// malformed ends the download as `errc::invalid_argument`, before anything is asked.
    std::string checksum;

    /// Sent besides and instead of the downloader's own. Those other than Accept and Accept-* go to
    /// the origin of `urls[0]` alone, and to none if that URL is passed over. One that
    /// `check_header` refuses ends the download as `errc::invalid_argument`, before anything is
    /// asked. If-None-Match and If-Modified-Since take the place of the library's own condition
    /// (`on_exists::update`): 304 is then a success with `skipped`.
    std::vector<header> headers;

    /// Free for the caller; echoed in events, progress and the result.
    std::uint64_t tag = 0;

    /// Where the bytes go instead of to a file; must outlive the download. Naming, `on_exists` and
    /// the directory are then without effect. Not owned.
    sink* destination = nullptr;

    boost::system::error_code rejection;  ///< see `rejected`
    std::string rejection_message;        ///< see `rejected`
};

/// Describes what is wrong with a header field, in one line for a person that does not show its
/// value; empty if nothing is. The name is a token (RFC 9110, 5.6.2), the value holds no control
/// character but TAB. Fields that frame a message, belong to the connection or ask for a part are
/// refused, removed or not: Connection, Content-Length, Content-Range, Expect, HTTP2-Settings,
/// If-Range, Keep-Alive, Proxy-Connection, Range, TE, Trailer, Transfer-Encoding, Upgrade.
std::string check_header(const header& field);

/// What is wrong with a checksum, one line for a person; empty where nothing is. ALGO is one of
/// md5, sha-1, sha-224, sha-256, sha-384, sha-512, in any case and with or without the dash.
std::string check_checksum(std::string_view text);

}  // namespace asyncdl
