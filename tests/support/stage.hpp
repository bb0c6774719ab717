#pragma once
// What nearly every integration test needs: an origin, plain or TLS, a directory for the files, and
// options for a downloader that finds both. Owned by the test, used by its thread.

#include <asyncdl/downloader.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/misbehaviour.hpp"
#include "support/origin.hpp"
#include "support/pattern.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

namespace asyncdl::test {

/// How a test's origin is reached; for TEST_CASE_TEMPLATE.
struct plain {
    static origin_options options() { return {}; }
};
struct tls {
    static origin_options options() { return over_tls(); }
};

/// A PEM file with the shared authority's certificate.
const std::string& shared_ca_file();

class stage {
public:
    explicit stage(origin_options how);

    /// A request for a path of the origin; the file gets this name.
    download_request ask(std::string_view path, std::string name = "file") const;

    /// Downloads with a downloader of its own, and runs `io` until the result is there.
    download_result fetch(download_request request);
    download_result fetch(std::string_view path) { return fetch(ask(path)); }

    download_result fetch(downloader& client, download_request request);

    batch_result fetch_all(std::vector<download_request> requests);
    batch_result fetch_all(downloader& client, std::vector<download_request> requests);

    /// Everything below the download directory, sorted; nothing where it does not exist.
    std::vector<std::string> names() const;

    /// The bytes of a file below the download directory.
    std::string content(std::string_view name = "file") const;

    temp_dir dir;
    origin server;
    /// Downloads into `dir`/out, trusts the shared authority, tries once.
    downloader_options options;
    boost::asio::io_context io{1};
};

/// A stage over plain TCP or TLS with the common routes.
template <typename How>
class stage_over : public stage {
public:
    stage_over();
};

extern template class stage_over<plain>;
extern template class stage_over<tls>;

}  // namespace asyncdl::test
