#pragma once
// The errors of the library: one code for each way a download can fail, the category that names
// them, and the conditions that a caller decides by. Values only; safe from any thread.

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>
#include <string_view>
#include <type_traits>

namespace asyncdl {

/// Why a download failed. Several codes may share one stable word, see `error_kind`.
enum class errc {
    invalid_url = 1,        ///< not an http or https URL, or a bad line of a list
    host_not_found,         ///< the name does not exist
    resolve_failed,         ///< the look-up failed for now
    connect_failed,         ///< no address of the host accepted a connection
    proxy_failed,           ///< the proxy cannot be reached or refuses
    tls_certificate,        ///< the peer's certificate is for another name or time, or is broken
    tls_handshake,          ///< the peers agree on nothing, or the server refuses, or speaks no TLS
    tls_reset,              ///< the handshake broke off: a close, a reset, a damaged record
    connect_timeout,        ///< look-up, connect and TLS handshake took too long
    timeout,                ///< the peer sent nothing for too long, or a head not in time
    max_time,               ///< the download as a whole took too long
    http_status,            ///< a final status that is no success and will not pass
    http_status_transient,  ///< 408 425 429 500 502 503 504
    redirect,               ///< a redirect that cannot or must not be followed
    protocol,               ///< the peer breaks HTTP where bytes could be lost or mixed
    truncated,              ///< the response ended before it was complete
    changed,                ///< the remote file changed in the middle of the download
    checksum,               ///< the file's digest is not the one asked for
    name,                   ///< no safe file name, or one that is too long
    exists,                 ///< the target exists or belongs to another download of this run
    file,                   ///< a local file or directory cannot be used
    disk_full,              ///< no space or quota left
    too_large,              ///< longer than the caller's bound, see `memory_sink`
    cancelled,              ///< by the caller
    internal,               ///< a defect of the library or an exception of a user's callback
    invalid_argument,       ///< a header, checksum or option of the caller's that makes no sense
    shut_down,              ///< the object was shut down before the call
    too_many_files,         ///< no file descriptor is free; waited for while others are in use
    part_in_use,            ///< another download writes to the same part file
    tls_unknown_issuer,     ///< nobody that is trusted vouches for the peer's certificate
    no_local_port,          ///< no port of ours is free; waited for while others are in use
};

/// What a caller decides by; compare with `code == failure::retryable`.
/// A code can meet several of them.
enum class failure {
    retryable = 1,  ///< it may pass: another attempt makes sense
    timeout,        ///< a bound in time was reached
    cancelled,      ///< the caller's own wish
    local,          ///< this machine's fault: files, disk, names, arguments
    peer,           ///< the fault of the server, the proxy or the network
};

/// The category of `errc`, named "asyncdl".
const boost::system::error_category& error_category() noexcept;

/// The category of `failure`, named "asyncdl.failure".
const boost::system::error_category& failure_category() noexcept;

boost::system::error_code make_error_code(errc code) noexcept;
boost::system::error_condition make_error_condition(failure condition) noexcept;

/// The stable word for a code in reports (`invalid_url`, `resolve`, `timeout`, ...); "internal" for
/// a code of another category, empty if there is no error. `errc::invalid_argument` is
/// "invalid_url" there, the word for an entry that cannot be used.
std::string_view error_kind(const boost::system::error_code& code) noexcept;

}  // namespace asyncdl

template <>
struct boost::system::is_error_code_enum<asyncdl::errc> : std::true_type {};
template <>
struct boost::system::is_error_condition_enum<asyncdl::failure> : std::true_type {};
