#include "support/nginx.hpp"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "support/certificates.hpp"
#include "support/wait.hpp"

namespace asyncdl::test {
namespace {

/// A port that was free a moment ago: nginx cannot tell which one it got for 0. Another program may
/// have it by the time that nginx wants it.
std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<const ::sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<::sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
}

std::string program() {
    const std::filesystem::path usual = "/usr/sbin/nginx";
    return std::filesystem::exists(usual) ? usual.string() : "nginx";
}

std::string configuration(const std::filesystem::path& root, std::uint16_t plain,
                          std::uint16_t tls) {
    return "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log;\n"
           "events { worker_connections 4096; }\n"
           "http {\n"
           "  access_log off;\n  sendfile on;\n  keepalive_requests 1000000;\n"
           "  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
           "  uwsgi_temp_path t4; scgi_temp_path t5;\n"
           "  ssl_certificate server.pem;\n  ssl_certificate_key server.key;\n"
           "  server {\n"
           "    listen 127.0.0.1:" +
           std::to_string(plain) +
           ";\n"
           "    listen 127.0.0.1:" +
           std::to_string(tls) +
           " ssl;\n"
           "    root \"" +
           root.string() +
           "\";\n"
           "  }\n"
           "}\n";
}

}  // namespace

nginx::nginx(const std::filesystem::path& directory) {
    const identity who = shared_authority().issue();
    write_file(prefix_ / "server.pem", who.certificate);
    write_file(prefix_ / "server.key", who.key);
    for (int tries = 0; tries < 20; ++tries) {
        plain_port_ = free_port();
        tls_port_ = free_port();
        write_file(prefix_ / "nginx.conf", configuration(directory, plain_port_, tls_port_));
        running_ = std::make_unique<process>(std::vector<std::string>{
            program(), "-p", prefix_.string(), "-c", "nginx.conf", "-e", "error.log"});
        // It writes its pid when it listens; it ends if it cannot have a port.
        const auto listens = [&] { return std::filesystem::exists(prefix_ / "nginx.pid"); };
        eventually([&] { return listens() || running_->has_ended(); });
        if (listens()) {
            return;
        }
    }
    throw std::runtime_error("nginx does not start: " + read_file(prefix_ / "error.log"));
}

nginx::~nginx() {
    running_->signal(SIGTERM);
    running_->wait(patience);
}

std::string nginx::url(bool tls, std::string_view path) const {
    return (tls ? "https://127.0.0.1:" : "http://127.0.0.1:") +
           std::to_string(tls ? tls_port_ : plain_port_) + std::string(path);
}

}  // namespace asyncdl::test
