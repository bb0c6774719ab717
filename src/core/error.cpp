#include <array>
#include <asyncdl/error.hpp>
#include <string>

namespace asyncdl {

namespace {

// What a code means to a caller: the conditions that it meets, as bits.
constexpr unsigned bit(failure condition) {
    return 1U << static_cast<unsigned>(condition);
}
constexpr unsigned passing = bit(failure::retryable);
constexpr unsigned late = bit(failure::timeout);
constexpr unsigned local = bit(failure::local);
constexpr unsigned peer = bit(failure::peer);
constexpr unsigned wished = bit(failure::cancelled);

struct entry {
    errc code;
    unsigned conditions;
    const char* kind;
    const char* text;
};

constexpr std::array table{
    entry{errc::invalid_url, local, "invalid_url", "not a valid http or https URL"},
    entry{errc::host_not_found, peer, "resolve", "the host name does not exist"},
    entry{errc::resolve_failed, peer | passing, "resolve", "the host name could not be looked up"},
    entry{errc::connect_failed, peer | passing, "connect", "could not connect to the host"},
    entry{errc::proxy_failed, peer, "proxy", "the proxy cannot be reached or refuses"},
    entry{errc::tls_certificate, peer, "tls", "the server's certificate is not trusted"},
    entry{errc::tls_handshake, peer, "tls", "the TLS handshake failed"},
    entry{errc::tls_reset, peer | passing, "truncated",
          "the connection broke off in the TLS handshake"},
    entry{errc::connect_timeout, peer | late | passing, "timeout", "connecting took too long"},
    entry{errc::timeout, peer | late | passing, "timeout", "the server sent nothing for too long"},
    entry{errc::max_time, late, "timeout", "the download took too long"},
    entry{errc::http_status, peer, "http_status", "the server answered with an error status"},
    entry{errc::http_status_transient, peer | passing, "http_status",
          "the server answered with an error status that may pass"},
    entry{errc::redirect, peer, "redirect", "a redirect that cannot be followed"},
    entry{errc::protocol, peer, "protocol", "the server's response breaks HTTP"},
    entry{errc::truncated, peer | passing, "truncated",
          "the response ended before it was complete"},
    entry{errc::changed, peer | passing, "changed", "the remote file changed during the download"},
    entry{errc::checksum, peer, "checksum", "the file does not have the expected checksum"},
    entry{errc::name, local, "name", "no safe file name"},
    entry{errc::exists, local, "exists", "the file exists or belongs to another download"},
    entry{errc::file, local, "file", "a local file or directory cannot be used"},
    entry{errc::disk_full, local, "disk_full", "no space is left on the device"},
    entry{errc::too_large, local, "too_large", "longer than the bound allows"},
    entry{errc::cancelled, local | wished, "cancelled", "cancelled"},
    entry{errc::internal, local, "internal", "an internal error"},
    entry{errc::invalid_argument, local, "invalid_url", "the request makes no sense"},
    entry{errc::shut_down, local, "cancelled", "already shut down"},
    entry{errc::too_many_files, local, "file", "too many open files"},
    entry{errc::part_in_use, local, "file", "the part file is in use by another download"},
    entry{errc::tls_unknown_issuer, peer, "tls",
          "the issuer of the server's certificate is unknown"},
    entry{errc::no_local_port, local, "connect", "no local port is free for a connection"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].code) != i + 1) {
            return false;
        }
    }
    return table.back().code == errc::no_local_port;
}
static_assert(in_order(), "a code's row is at its value less 1");

const entry* find(int value) noexcept {
    const bool known = value >= 1 && static_cast<std::size_t>(value) <= table.size();
    return known ? &table[static_cast<std::size_t>(value) - 1] : nullptr;
}

// Boost's categories have no virtual destructor, on purpose; nobody deletes through the base.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

// The ids make categories equal across shared objects that each hold a copy; the numbers are
// random.
class errc_category final : public boost::system::error_category {
public:
    constexpr errc_category() noexcept : error_category(0x9c1f5ad1e3b7604dULL) {}

    const char* name() const noexcept override { return "asyncdl"; }

    std::string message(int value) const override {
        const entry* row = find(value);
        return row ? row->text : "an unknown error";
    }
};

class condition_category final : public boost::system::error_category {
public:
    constexpr condition_category() noexcept : error_category(0xd24e80c5796b1fa3ULL) {}

    const char* name() const noexcept override { return "asyncdl.failure"; }

    std::string message(int value) const override {
        switch (static_cast<failure>(value)) {
            case failure::retryable:
                return "a failure that may pass";
            case failure::timeout:
                return "a timeout";
            case failure::cancelled:
                return "cancelled";
            case failure::local:
                return "a failure of this machine";
            case failure::peer:
                return "a failure of the server or the network";
        }
        return "an unknown condition";
    }

    bool equivalent(const boost::system::error_code& code, int condition) const noexcept override {
        if (code.category() != asyncdl::error_category() ||
            condition < static_cast<int>(failure::retryable) ||
            condition > static_cast<int>(failure::peer)) {
            return false;
        }
        const entry* row = find(code.value());
        return row && (row->conditions & bit(static_cast<failure>(condition))) != 0;
    }
};

#pragma GCC diagnostic pop

constexpr errc_category errors;
constexpr condition_category conditions;

}  // namespace

const boost::system::error_category& error_category() noexcept {
    return errors;
}

const boost::system::error_category& failure_category() noexcept {
    return conditions;
}

boost::system::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

boost::system::error_condition make_error_condition(failure condition) noexcept {
    return {static_cast<int>(condition), failure_category()};
}

std::string_view error_kind(const boost::system::error_code& code) noexcept {
    if (!code) {
        return {};
    }
    const entry* row = code.category() == error_category() ? find(code.value()) : nullptr;
    return row ? row->kind : "internal";
}

}  // namespace asyncdl
