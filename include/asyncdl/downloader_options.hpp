#pragma once
// The settings of a downloader. Aggregates, every member with a default; values.

#include <asyncdl/download_request.hpp>
#include <asyncdl/file_identity.hpp>
#include <asyncdl/logger.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace asyncdl {

class observer;

/// What to do if the target exists already.
enum class on_exists {
    /// Kept if it is provably ours and the server says that it is unchanged, or if it agrees with
    /// the download's checksum: a success with `skipped`. Any other file is replaced as by
    /// `overwrite`. See docs/integrity.md, "The same download again".
    update,
    timestamp,  ///< as `update`; also kept if its time and size are those of the response
    overwrite,  ///< replaced atomically, only once the new file is complete
    skip,       ///< kept, nothing is asked; a success with `skipped`
    rename,     ///< the new file becomes `name.1.ext`, the first number that is free
    fail,       ///< `errc::exists`
};

/// Where the blocking calls of files are made.
enum class file_io {
    offload,   ///< on `work_executor`; the downloader's executor is never held up
    in_place,  ///< on the downloader's executor: least CPU where the file system does not block
};

/// How TLS peers are checked. TLS 1.2 is the lowest version spoken.
struct tls_options {
    bool insecure = false;                   ///< no certificate check at all
    std::string ca_file{};                   ///< PEM file of the CAs to trust; empty: the system's
    std::function<void(void*)> customize{};  ///< set through `asyncdl/with/ssl.hpp`
};

/// How downloads are made. Times are from 0.001 to 1,000,000,000 seconds, or 0 if that is said.
/// What makes no sense (a time out of range, a value that is no enumerator, a header that
/// `check_header` refuses, a malformed checksum or name template, a NUL in a path) is
/// `std::invalid_argument` from the constructor that takes the options.
struct downloader_options {
    std::string download_dir = "downloads";  ///< where files go, made if missing

    std::size_t max_concurrent = 5;  ///< downloads at once, to 1,000,000; without a shared context
    std::size_t max_connections_per_host = 0;  ///< 0: no bound; without a shared context

    /// Look-up, connect and TLS together, without the time in which they wait for their turn.
    std::chrono::duration<double> connect_timeout{10};
    std::chrono::duration<double> timeout{30};  ///< longest wait for a byte; a head: four times
    std::chrono::duration<double> max_time{0};  ///< a whole download from its first slot; 0: none

    unsigned retries = 3;  ///< further attempts after the first, for failures that can pass
    std::chrono::duration<double> retry_delay{1};  ///< first wait; doubled each time; 0 allowed
    std::chrono::duration<double> retry_max_delay{60};  ///< longest wait; 0 allowed

    unsigned max_redirects = 20;
    /// Follow a redirect from https to http. If false, it is followed only for a download that
    /// carries a checksum of sha-256 or better: its own, or the entry of `checksums` for its file.
    bool allow_downgrade = false;

    std::string user_agent{};       ///< empty: "asyncdl/VERSION"
    std::vector<header> headers{};  ///< sent with every request, by the rule of `download_request`

    tls_options tls{};

    on_exists if_exists = on_exists::update;
    bool remote_time = true;  ///< the file's time is set from Last-Modified

    /// An earlier partial download of the same URL is gone on with, where the server's validators
    /// show that the file is still the same.
    bool resume = true;
    /// Without validators as well: an overlap is fetched again and compared.
    bool resume_unvalidated = false;
    /// The file and its directory entry are synced to disk (fsync) before success is reported. A
    /// sink of the caller's is asked to sync before it commits.
    bool durable = false;

    /// Names of files whose requests give none, below the directory; empty: their plain names, from
    /// the response or the final URL. Placeholders: `{index}` (in the batch, from 0), `{host}` and
    /// `{path}` (of the final URL: host without port, folders), `{name}` (the plain name), `{stem}`
    /// and `{ext}` (the parts of that before and behind its last dot); `{{` and `}}` are braces.
    /// Each part is made safe by itself, folders are made if missing, and those that are symlinks
    /// end the download as `errc::file`. See `check_name_template`.
    ///
    ///     "{host}/{path}/{name}"    http://h/a/b/x.iso becomes h/a/b/x.iso
    std::string name_template{};
    unsigned cut_directories = 0;  ///< folders that `{path}` leaves out at its front

    /// Files that the program itself reads or writes, by device and inode: no download replaces one
    /// or writes into one. Such a name counts as one in use: `errc::exists` if the name was given,
    /// a numbered name if it was derived. Without a shared context.
    std::vector<file_identity> files_in_use{};

    /// File name to `ALGO=HEX`, as for `download_request::checksum`; several by one algorithm with
    /// commas between them: any may be right. If not empty, each file is verified. Its entry is the
    /// one named by its path below the directory, else the one that shares most of the end of the
    /// first URL's path (whole segments), else the one with the last part of its own path. A file
    /// without an entry, or that several fit equally, ends as `errc::checksum`.
    std::map<std::string, std::string> checksums{};

    file_io file_calls = file_io::offload;
    /// Empty: a small pool of the context's own, or the downloader's executor if the system gives
    /// no thread for one.
    boost::asio::any_io_executor work_executor{};

    observer* events = nullptr;  ///< not owned; must outlive every download
    log_hook log{};
};

/// Describes what is wrong with a template of names, in one line for a person; empty if nothing is.
/// It is relative, does not lead out of the directory, names a file, and holds nothing but
/// placeholders in braces.
std::string check_name_template(std::string_view text);

}  // namespace asyncdl
