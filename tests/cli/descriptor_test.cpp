// More downloads at once than file descriptors.

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "bench.hpp"
#include "support/pattern.hpp"
#include "support/routes.hpp"
#include "support/stage.hpp"

using namespace asyncdl::test;

namespace {

// Runs the program on `list` after a line of shell.
process_result run_after(const bench& b, const std::string& line, const std::string& options = {}) {
    // What the test itself was given does not count.
    const std::string closed = "\nexec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-";
    return b.shell(line + closed + "\nexec \"$0\" -j100 " + options + " -i list >/dev/null");
}

// A file of its own size from each of the URLs, with so few descriptors that most downloads find
// none at first.
void check_lowered(const bench& b, const std::vector<std::string>& urls, const std::string& before,
                   const std::string& options) {
    CAPTURE(options);
    CAPTURE(before);
    std::string list;
    for (const std::string& url : urls) {
        list += url + '\n';
    }
    b.write("list", list);
    const auto run = run_after(b, before + "ulimit -n 40", options);
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
    CHECK(run.err.find("warning: too many open files") != std::string::npos);
    CHECK(b.dir.names().size() == urls.size() + 2);  // the directory and the list
    for (std::size_t size = 1; size <= urls.size(); ++size) {
        CHECK(b.read("downloads/" + std::to_string(size)) == pattern(0, size));
    }
}

// The same with `files` files and a bound of `descriptors`.
void check_few(int descriptors, int files, const std::string& options) {
    const bench b;
    std::string list;
    for (int size = 1; size <= files; ++size) {
        list += b.url("/bytes/" + std::to_string(size)) + '\n';
    }
    b.write("list", list);
    CAPTURE(descriptors);
    CAPTURE(options);
    const auto run = run_after(b, "ulimit -n " + std::to_string(descriptors), options);
    CHECK(run.status == 0);
    CHECK(b.dir.names().size() == static_cast<std::size_t>(files) + 2);
}

void check_lowered(origin_options how, const std::string& options, const std::string& before = {}) {
    const bench b;
    origin server(std::move(how));
    add_routes(server);
    std::vector<std::string> urls;
    for (int size = 1; size <= 300; ++size) {
        urls.push_back(server.url("/bytes/" + std::to_string(size)));
    }
    check_lowered(b, urls, before, options);
}

// What OpenSSL calls the file of a certificate in a directory of trusted ones.
std::string hashed_name(const std::string& pem) {
    BIO* const text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* const certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
    BIO_free(text);
    REQUIRE(certificate != nullptr);
    char name[16];
    std::snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(certificate));
    X509_free(certificate);
    return name;
}

}  // namespace

TEST_SUITE("cli/descriptor") {
    TEST_CASE("the soft limit is raised, so that it bounds nothing") {
        bench b;
        std::atomic<std::size_t> held = 0;
        b.server.on("/held/*", [&](connection& peer, const request&) {
            ++held;
            if (eventually([&] { return held >= 100; })) {
                peer.send(response{.pattern_size = 10});
            }
        });
        std::string list;
        for (int i = 0; i < 100; ++i) {
            list += b.url("/held/" + std::to_string(i)) + "\n";
        }
        b.write("list", list);
        const auto run = run_after(b, "ulimit -Sn 40");
        CHECK(run.status == 0);
        CHECK(run.err.empty());
        CHECK(b.server.peak() == 100);
    }

    TEST_CASE("past the hard limit fewer run at once, with one warning and without a failure") {
        check_lowered({}, "");
        check_lowered({}, "--threads 2");
    }

    TEST_CASE("each thread has some of its own, and what is left is enough for the downloads") {
        // Four threads and the program itself take 21.
        check_few(24, 200, "--threads 4");
        check_few(26, 200, "--threads 4");
        check_few(13, 200, "");
    }

    TEST_CASE("over TLS as well, wherever the trusted authorities are") {
        const temp_dir trusted;
        const std::string& authority = shared_authority().pem();
        write_file(trusted / hashed_name(authority), authority);
        const std::string none = "export SSL_CERT_FILE=/none SSL_CERT_DIR=/none\n";
        const std::string given = "--cacert '" + shared_ca_file() + "'";
        check_lowered(over_tls(), given, none);
        check_lowered(over_tls(), given + " --threads 2", none);
        check_lowered(over_tls(), "", none + "SSL_CERT_FILE='" + shared_ca_file() + "'\n");
        check_lowered(over_tls(), "", none + "SSL_CERT_DIR='" + trusted.string() + "'\n");
    }

    TEST_CASE("a name that cannot be looked up for want of a descriptor is not unknown") {
        const bench b;
        std::vector<std::string> urls;
        for (int size = 1; size <= 120; ++size) {
            // The first ones hold what descriptors there are for a while.
            const bool is_first = size <= 60;
            urls.push_back(b.server.url((is_first ? "/slow/50/" : "/bytes/") + std::to_string(size),
                                        is_first ? "127.0.0.1" : "localhost"));
        }
        check_lowered(b, urls, "", "");
    }

    TEST_CASE("downloads that wait for a descriptor hold none for their folders") {
        bench b;
        b.server.on("/held/*", [](connection& peer, const request& asked) {
            // Meanwhile the others try.
            peer.send(response{.body = asked.path(), .head_delay = std::chrono::milliseconds(20)});
        });
        std::string list;
        for (int i = 1; i <= 60; ++i) {
            list += std::to_string(i) + "/file=" + b.url("/held/" + std::to_string(i)) + '\n';
        }
        b.write("list", list);
        const auto run = run_after(b, "ulimit -n 16");
        CAPTURE(run.err);
        CHECK(run.status == 0);
        for (int i = 1; i <= 60; ++i) {
            const std::string number = std::to_string(i);
            CHECK(b.read("downloads/" + number + "/file") == "/held/" + number);
        }
    }

    TEST_CASE("downloads that are held for a rest hold no descriptors for their folders") {
        bench b;
        std::atomic<int> asked = 0;
        b.server.on("/busy/*", [&](connection& peer, const request& from) {
            if (++asked <= 3) {
                peer.send(response{.status = 429, .fields = {{"Retry-After", "1"}}});
            } else {
                peer.send(response{.body = from.path()});
            }
        });
        std::string list;
        for (int i = 1; i <= 200; ++i) {
            list += std::to_string(i) + "/file=" + b.url("/busy/" + std::to_string(i)) + '\n';
        }
        b.write("list", list);
        const auto run = run_after(b, "ulimit -n 150", "-j3");
        CAPTURE(run.err);
        CHECK(run.status == 0);
        CHECK(run.err.empty());
        for (int i = 1; i <= 200; ++i) {
            const std::string number = std::to_string(i);
            CHECK(b.read("downloads/" + number + "/file") == "/busy/" + number);
        }
    }

    TEST_CASE("files come into the folders that redirects lead to, however few descriptors") {
        bench b;
        b.server.on("/from/*", [](connection& peer, const request& asked) {
            peer.send(redirect_to("/bytes/" + asked.path().substr(6)));
        });
        constexpr std::size_t count = 200;
        std::string list;
        for (std::size_t size = 1; size <= count; ++size) {
            list += b.url("/from/" + std::to_string(size)) + '\n';
        }
        b.write("list", list);
        const auto run = run_after(b, "ulimit -n 16", "-o '{path}/{name}'");
        CHECK(run.status == 0);
        for (std::size_t size = 1; size <= count; ++size) {
            CHECK(b.read("downloads/bytes/" + std::to_string(size)) == pattern(0, size));
        }
        CHECK(b.dir.names().size() == count + 4);  // the directory, two folders and the list
    }
}
