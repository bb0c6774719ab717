// The scripted origin as a program: serves the demo's files on loopback until SIGTERM or SIGINT.

#include <pthread.h>
#include <signal.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "support/certificates.hpp"
#include "support/origin.hpp"
#include "support/routes.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace test = asyncdl::test;

constexpr std::string_view usage =
    "usage: asyncdl-origin [--port N] [--tls] [--cert-out FILE] [--dir DIR]\n"
    "Serves /image1.jpg /image2.jpg /image3.jpg /document1.pdf /document2.pdf, /bytes/N,\n"
    "/status/CODE, /slow/MS/N, /redirect/K and the files of DIR on 127.0.0.1.\n"
    "--cert-out writes the certificate of the authority to trust with --tls.\n";

struct arguments {
    std::uint16_t port = 0;
    bool tls = false;
    std::string certificate_file{};
    std::string directory{};
};

bool parse(const std::vector<std::string_view>& words, arguments& result) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "--tls") {
            result.tls = true;
        } else if (words[i] == "--port" && has_value) {
            const std::string_view text = words[++i];
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), result.port);
            if (error != std::errc() || end != text.data() + text.size()) {
                return false;
            }
        } else if (words[i] == "--cert-out" && has_value) {
            result.certificate_file = words[++i];
        } else if (words[i] == "--dir" && has_value) {
            result.directory = words[++i];
        } else {
            return false;
        }
    }
    return true;
}

void add_directory(test::origin& origin, const std::filesystem::path& directory) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (entry.is_regular_file()) {
            const std::string path = entry.path().lexically_relative(directory).generic_string();
            origin.on('/' + path,
                      [file = entry.path()](test::connection& peer, const test::request&) {
                          test::response answer;
                          answer.reason = "OK";
                          answer.body = test::read_file(file);
                          peer.send(answer);
                      });
        }
    }
}

}  // namespace

int main(int count, char** words) {
    arguments given;
    if (!parse({words + 1, words + count}, given)) {
        std::cerr << usage;
        return 2;
    }
    // Blocked before any thread starts, so that sigwait alone gets them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    try {
        test::origin_options options;
        options.port = given.port;
        if (given.tls) {
            options.tls = test::shared_authority().issue();
        }
        if (!given.certificate_file.empty()) {
            test::write_file(given.certificate_file, test::shared_authority().pem());
        }
        test::origin origin(std::move(options));
        test::add_routes(origin);
        test::add_demo_files(origin);
        if (!given.directory.empty()) {
            add_directory(origin, given.directory);
        }
        std::cout << "listening on " << origin.url("") << std::endl;
        int received = 0;
        sigwait(&signals, &received);
    } catch (const std::exception& problem) {
        std::cerr << "asyncdl-origin: " << problem.what() << '\n';
        return 1;
    }
}
