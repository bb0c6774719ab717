#include "support/stage.hpp"

#include <boost/asio/use_future.hpp>
#include <utility>

#include "support/routes.hpp"

namespace asyncdl::test {

const std::string& shared_ca_file() {
    static const temp_dir directory;
    static const std::string path = [] {
        const std::filesystem::path file = directory / "ca.pem";
        write_file(file, shared_authority().pem());
        return file.string();
    }();
    return path;
}

stage::stage(origin_options how) : server(std::move(how)) {
    options.download_dir = (dir / "out").string();
    options.tls.ca_file = shared_ca_file();
    options.retries = 0;
    options.timeout = std::chrono::seconds(30);
    options.connect_timeout = std::chrono::seconds(30);
}

download_request stage::ask(std::string_view path, std::string name) const {
    return download_request(server.url(path), std::move(name));
}

download_result stage::fetch(download_request request) {
    downloader client(io.get_executor(), options);
    return fetch(client, std::move(request));
}

download_result stage::fetch(downloader& client, download_request request) {
    return run_for_result(io, client.async_download(std::move(request), boost::asio::use_future));
}

batch_result stage::fetch_all(std::vector<download_request> requests) {
    downloader client(io.get_executor(), options);
    return fetch_all(client, std::move(requests));
}

batch_result stage::fetch_all(downloader& client, std::vector<download_request> requests) {
    return run_for_result(
        io, client.async_download_batch(std::move(requests), boost::asio::use_future));
}

std::vector<std::string> stage::names() const {
    std::vector<std::string> found;
    for (std::string& name : dir.names()) {
        if (name.starts_with("out/")) {
            found.push_back(name.substr(4));
        }
    }
    return found;
}

std::string stage::content(std::string_view name) const {
    return read_file(dir / "out" / name);
}

template <typename How>
stage_over<How>::stage_over() : stage(How::options()) {
    add_routes(server);
}

template class stage_over<plain>;
template class stage_over<tls>;

}  // namespace asyncdl::test
