#include "cli/flags.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "cli/header_line.hpp"
#include "cli/number.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

using enum flag_group;

[[noreturn]] void refuse(const flag& self, std::string_view reason) {
    throw usage_error(std::string(self.name) + ": " + std::string(reason));
}

template <typename T>
T checked(const flag& self, parsed<T> value) {
    if (!value) {
        refuse(self, value.error());
    }
    return *std::move(value);
}

unsigned count(const flag& self, std::string_view text, unsigned least, unsigned most) {
    return static_cast<unsigned>(checked(self, parse_count(text, least, most)));
}

std::chrono::duration<double> seconds(const flag& self, std::string_view text) {
    return std::chrono::duration<double>(checked(self, parse_seconds(text, false)));
}

std::chrono::duration<double> seconds_or_zero(const flag& self, std::string_view text) {
    return std::chrono::duration<double>(checked(self, parse_seconds(text, true)));
}

template <typename T, std::size_t N>
T choice(const flag& self, std::string_view text,
         const std::array<std::pair<std::string_view, T>, N>& words) {
    std::string known;
    for (const auto& [word, value] : words) {
        if (word == text) {
            return value;
        }
        known += (known.empty() ? "" : ", ") + std::string(word);
    }
    refuse(self, "'" + shown_value(text) + "' is none of " + known);
}

void refuse_not_yet(const flag& self, std::string_view word, std::string_view text) {
    if (word == text) {
        refuse(self, "'" + std::string(word) + "' is not supported yet");
    }
}

void add_header(settings& s, const flag& self, std::string_view text) {
    if (text == "@") {
        refuse(self, "the name is empty");
    }
    if (text.starts_with('@')) {
        s.header_files.emplace_back(text.substr(1));
        return;
    }
    s.transfer.headers.push_back(checked(self, parse_header(text)));
}

void set_user_agent(settings& s, const flag& self, std::string_view text) {
    header field = checked(self, parse_header("User-Agent: " + std::string(text)));
    // An empty text sends none, as in curl.
    std::erase_if(s.transfer.headers,
                  [](const header& h) { return h.remove && h.name == "User-Agent"; });
    s.transfer.user_agent = field.value;
    if (field.remove) {
        s.transfer.headers.push_back(std::move(field));
    }
}

void set_on_exists(settings& s, const flag& self, std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, on_exists>, 6> words{
        {{"update", on_exists::update},
         {"timestamp", on_exists::timestamp},
         {"overwrite", on_exists::overwrite},
         {"skip", on_exists::skip},
         {"rename", on_exists::rename},
         {"fail", on_exists::fail}}};
    s.transfer.if_exists = choice(self, text, words);
    s.on_exists_given = true;
}

void set_checksum(settings& s, const flag& self, std::string_view text) {
    if (const std::string wrong = check_checksum(text); !wrong.empty()) {
        refuse(self, shown_value(wrong));
    }
    s.checksum = text;
}

void set_progress(settings& s, const flag& self, std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, progress_mode>, 3> words{
        {{"auto", progress_mode::automatic},
         {"plain", progress_mode::plain},
         {"none", progress_mode::none}}};
    refuse_not_yet(self, "bar", text);
    s.progress = choice(self, text, words);
}

void set_log_level(settings& s, const flag& self, std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, log_level>, 9> words{
        {{"trace", log_level::trace},
         {"debug", log_level::debug},
         {"info", log_level::info},
         {"warn", log_level::warn},
         {"error", log_level::error},
         {"critical", log_level::critical},
         {"off", log_level::off},
         {"warning", log_level::warn},
         {"err", log_level::error}}};
    s.log_threshold = choice(self, text, words);
}

// The bounds of counts are those of the library's options; redirects and retries have one so that
// their counters cannot wrap.
constexpr unsigned million = 1'000'000;

using apply = void (*)(settings&, const flag&, std::string_view);
constexpr apply not_yet = nullptr;

constexpr flag table[] = {
    {"--input-file", 'i', "FILE", input,
     "take downloads from a list, '-' for stdin; may be repeated", "",
     [](settings& s, const flag&, std::string_view v) { s.lists.emplace_back(v); }},
    {"--dir", 'd', "DIR", input, "where files go, made if missing", "./downloads",
     [](settings& s, const flag& f, std::string_view v) {
         if (v.empty()) {
             refuse(f, "the name is empty");
         }
         s.transfer.download_dir = v;
     }},
    {"--output", 'o', "NAME", input,
     "file name, for exactly one URL; '-', /dev/stdout, /dev/fd/N, a device or a FIFO is written "
     "into; for any number of URLs a template of {index}, {host}, {path}, {name}, {stem}, {ext} "
     "('{{' is a brace)",
     "", [](settings& s, const flag&, std::string_view v) { s.output = v; }},
    {"--force-directories", 0, "", input, "make a tree of folders: as -o '{host}/{path}/{name}'",
     "", [](settings& s, const flag&, std::string_view) { s.force_directories = true; }},
    {"--no-host-directories", 0, "", input, "no folder of the host in that tree", "",
     [](settings& s, const flag&, std::string_view) { s.no_host_directories = true; }},
    {"--cut-dirs", 0, "N", input, "leave out the first N folders of {path}", "0",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.cut_directories = count(f, v, 0, million);
     }},
    {"--on-exists", 0, "MODE", input,
     "what to do with an existing file: update (keep it if it is unchanged), timestamp (the same "
     "by "
     "date and size alone), overwrite, skip, rename, fail",
     "update", set_on_exists},
    {"--no-continue", 0, "", input, "start over instead of resuming a partial download", "",
     [](settings& s, const flag&, std::string_view) { s.transfer.resume = false; }},
    {"--resume-unvalidated", 0, "", input,
     "resume also what the server gives no validators for: an overlap is fetched and compared", "",
     [](settings& s, const flag&, std::string_view) { s.transfer.resume_unvalidated = true; }},
    {"--no-remote-time", 0, "", input, "do not set the file's time from Last-Modified", "",
     [](settings& s, const flag&, std::string_view) { s.transfer.remote_time = false; }},
    {"--fsync", 0, "", input, "report success only once the file is durable on disk", "",
     [](settings& s, const flag&, std::string_view) { s.transfer.durable = true; }},
    {"--checksum", 0, "ALGO=HEX", input,
     "verify the file of exactly one URL; md5, sha-1, sha-224, sha-256, sha-384, sha-512", "",
     set_checksum},
    {"--checksum-file", 0, "FILE", input,
     "verify every file, by its name in FILE, which sha256sum or the like wrote; may be repeated",
     "", [](settings& s, const flag&, std::string_view v) { s.checksum_files.emplace_back(v); }},

    {"--max-concurrent", 'j', "N", limits, "downloads at once", "5",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.max_concurrent = count(f, v, 1, million);
     }},
    {"--max-connections-per-host", 'x', "N", limits, "connections to one host at once; 0: no bound",
     "0",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.max_connections_per_host = count(f, v, 0, million);
     }},
    {"--threads", 0, "N", limits, "threads that download", "1",
     [](settings& s, const flag& f, std::string_view v) { s.threads = count(f, v, 1, 1024); }},
    {"--disk-threads", 0, "N", limits,
     "threads for file calls, where the disk is slow; 0: the threads that download make them", "0",
     [](settings& s, const flag& f, std::string_view v) { s.disk_threads = count(f, v, 0, 1024); }},
    {"--split", 's', "N", limits, "connections that may share one file", "1", not_yet},
    {"--min-split-size", 0, "SIZE", limits, "no segment smaller than this", "1M", not_yet},
    {"--limit-rate", 0, "RATE", limits, "bytes a second over all downloads", "0", not_yet},

    {"--connect-timeout", 0, "S", time,
     "longest time for look-up, connect and TLS handshake together", "10",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.connect_timeout = seconds(f, v);
     }},
    {"--timeout", 0, "S", time, "longest wait for a byte", "30",
     [](settings& s, const flag& f, std::string_view v) { s.transfer.timeout = seconds(f, v); }},
    {"--max-time", 0, "S", time, "longest time for one download, retries included; 0: none", "0",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.max_time = seconds_or_zero(f, v);
     }},
    {"--retries", 0, "N", time, "further attempts for failures that can pass", "3",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.retries = count(f, v, 0, million);
     }},
    {"--retry-delay", 0, "S", time, "first wait before a retry; doubled each time", "1",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.retry_delay = seconds_or_zero(f, v);
     }},
    {"--retry-max-delay", 0, "S", time, "longest wait before a retry", "60",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.retry_max_delay = seconds_or_zero(f, v);
     }},

    {"--header", 'H', "'NAME: VALUE'", http,
     "send a header; 'NAME:' removes one, 'NAME;' sends it empty; @FILE reads such lines from a "
     "file, '-' for stdin, which keeps secrets out of the list of processes; may be repeated",
     "", add_header},
    {"--user-agent", 'A', "TEXT", http, "how the program names itself", "asyncdl/VERSION",
     set_user_agent},
    {"--max-redirs", 0, "N", http, "redirects that are followed", "20",
     [](settings& s, const flag& f, std::string_view v) {
         s.transfer.max_redirects = count(f, v, 0, million);
     }},
    {"--allow-downgrade", 0, "", http,
     "follow redirects from https to http, also without a checksum of sha-256 or better", "",
     [](settings& s, const flag&, std::string_view) { s.transfer.allow_downgrade = true; }},
    {"--http1.1", 0, "", http, "speak HTTP/1.1", "",
     [](settings&, const flag&, std::string_view) { /* nothing else is spoken in this version */ }},
    {"--http2", 0, "", http, "speak HTTP/2", "", not_yet},
    {"--user", 0, "USER:PASSWORD", http, "credentials", "", not_yet},
    {"--bearer", 0, "TOKEN", http, "credentials", "", not_yet},
    {"--netrc-file", 0, "FILE", http, "credentials from a netrc file", "", not_yet},
    {"--netrc", 0, "", http, "credentials from ~/.netrc", "", not_yet},
    {"--load-cookies", 0, "FILE", http, "cookies from a file", "", not_yet},
    {"--no-cookies", 0, "", http, "keep no cookies", "", not_yet},
    {"--location-trusted", 0, "", http,
     "let headers and credentials follow redirects to other origins", "", not_yet},
    {"--compressed", 0, "", http, "ask for a compressed transfer", "", not_yet},
    {"--proxy", 0, "URL", http, "go through a proxy", "", not_yet},
    {"--noproxy", 0, "LIST", http, "hosts that are reached without the proxy", "", not_yet},

    {"--insecure", 'k', "", tls, "do not check certificates", "",
     [](settings& s, const flag&, std::string_view) { s.transfer.tls.insecure = true; }},
    {"--cacert", 0, "FILE", tls, "trust the CAs in FILE instead of the system's", "",
     [](settings& s, const flag& f, std::string_view v) {
         if (v.empty()) {
             refuse(f, "the name is empty");
         }
         s.transfer.tls.ca_file = v;
     }},
    {"--cert", 0, "FILE", tls, "client certificate", "", not_yet},
    {"--key", 0, "FILE", tls, "key of the client certificate", "", not_yet},

    {"--json", 0, "FILE", reports, "one JSON document at the end, '-' for stdout", "",
     [](settings& s, const flag&, std::string_view v) { s.json = v; }},
    {"--jsonl", 0, "FILE", reports, "one JSON object a line as each download ends", "",
     [](settings& s, const flag&, std::string_view v) { s.jsonl = v; }},
    {"--csv", 0, "FILE", reports,
     "the same as a table; a cell that begins with =, +, - or @ gets a leading '", "",
     [](settings& s, const flag&, std::string_view v) { s.csv = v; }},
    {"--progress", 0, "MODE", reports, "progress on stderr: auto (on a terminal), plain, none",
     "auto", set_progress},
    {"--quiet", 'q', "", reports, "no summary, no progress; failures alone, on stderr", "",
     [](settings& s, const flag&, std::string_view) { s.quiet = true; }},
    {"--log-level", 0, "LEVEL", reports, "trace, debug, info, warn, error, critical, off", "warn",
     set_log_level},
    {"--log-file", 0, "FILE", reports, "write the log to FILE instead of stderr", "",
     [](settings& s, const flag&, std::string_view v) { s.log_file = v; }},
    {"--help", 'h', "", reports, "show this help", "",
     [](settings& s, const flag&, std::string_view) { s.help = true; }},
    {"--version", 'V', "", reports, "show the version", "",
     [](settings& s, const flag&, std::string_view) { s.version = true; }},
};

}  // namespace

std::span<const flag> flags() noexcept {
    return table;
}

}  // namespace asyncdl::cli
