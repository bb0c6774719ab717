// Names made by a template: where the files come to be, and what becomes of a name that a response
// puts into another folder.

#include <doctest/doctest.h>

#include <asyncdl/download_manager.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
namespace fs = std::filesystem;

using texts = std::vector<std::string>;

constexpr std::uint64_t whole = 300'000;
constexpr std::uint64_t kept = 200'000;

/// The names that are no directory's.
texts files(const stage& on) {
    texts found;
    for (std::string& name : on.names())
        if (!fs::is_directory(fs::symlink_status(on.dir / "out" / name)))
            found.push_back(std::move(name));
    return found;
}

bool has_bytes(const stage& on, const std::string& name, const remote_file& file) {
    return on.content(name) == file.bytes();
}

/// Answers with a name for the file, whose body is the path.
handler named(std::string disposition) {
    return [=](connection& peer, const request& asked) {
        response answer;
        answer.fields.emplace_back("Content-Disposition", disposition);
        answer.body = asked.path();
        peer.send(answer);
    };
}

TEST_SUITE_BEGIN("integration/name_template");

TEST_CASE_TEMPLATE("files of one name in five folders come down as a tree", How, plain, tls) {
    for (const file_io how : {file_io::offload, file_io::in_place}) {
        stage_over<How> on;
        on.options.file_calls = how;
        on.options.name_template = "{host}/{path}/{name}";
        texts wanted;
        std::vector<download_request> requests;
        for (const char* folder : {"/a/", "/b/", "/c/d/", "/c/e/", "/"}) {
            const std::string path = std::string(folder) + "data.bin";
            on.server.on(path, remote_file(whole, static_cast<unsigned>(wanted.size() + 1)));
            requests.push_back(on.ask(path, ""));
            wanted.push_back("127.0.0.1" + path);
        }
        const batch_result done = on.fetch_all(requests);
        CHECK(done.summary.succeeded == 5);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            CHECK(done.results[i].file_name == wanted[i]);
            CHECK(done.results[i].file_path == on.options.download_dir + "/" + wanted[i]);
            CHECK(has_bytes(on, wanted[i], remote_file(whole, static_cast<unsigned>(i + 1))));
        }
        CHECK(files(on) == texts{"127.0.0.1/a/data.bin", "127.0.0.1/b/data.bin",
                                 "127.0.0.1/c/d/data.bin", "127.0.0.1/c/e/data.bin",
                                 "127.0.0.1/data.bin"});
    }
}

TEST_CASE("the first folders of the path may be cut") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    on.options.cut_directories = 1;
    on.server.on("/pub/a/x", response{.body = "1"});
    on.server.on("/pub/x", response{.body = "2"});
    CHECK(on.fetch_all({on.ask("/pub/a/x", ""), on.ask("/pub/x", "")}).summary.succeeded == 2);
    CHECK(files(on) == texts{"a/x", "x"});
    CHECK(on.content("a/x") == "1");
}

TEST_CASE("the index is that of the batch, and a given name is no template's") {
    stage_over<plain> on;
    on.options.name_template = "{index}-{stem}.{ext}";
    on.server.on("/x.tar.gz", response{.body = "hello"});
    const batch_result done = on.fetch_all({on.ask("/bytes/5", ""), on.ask("/bytes/5", "{name}"),
                                            on.ask("/x.tar.gz", ""), on.ask("/x.tar.gz", "")});
    CHECK(done.summary.succeeded == 4);
    CHECK(files(on) == texts{"0-5", "2-x.tar.gz", "3-x.tar.gz", "{name}"});
}

TEST_CASE("names that collide get numbers within their folder") {
    stage_over<plain> on;
    on.options.name_template = "{host}/{name}";
    on.options.max_concurrent = 1;
    std::vector<download_request> requests;
    for (const char* path : {"/a/x.txt", "/b/x.txt", "/c/x.txt"}) {
        on.server.on(path, response{.body = path});
        requests.push_back(on.ask(path, ""));
    }
    CHECK(on.fetch_all(requests).summary.succeeded == 3);
    CHECK(files(on) == texts{"127.0.0.1/x.1.txt", "127.0.0.1/x.2.txt", "127.0.0.1/x.txt"});
    CHECK(on.content("127.0.0.1/x.txt") == "/a/x.txt");
    CHECK(on.content("127.0.0.1/x.2.txt") == "/c/x.txt");
}

TEST_CASE_TEMPLATE("a redirect leads to another folder", How, plain, tls) {
    for (const std::uint64_t size : {std::uint64_t{1000}, whole, 2 * mebibyte}) {
        for (const file_io how : {file_io::offload, file_io::in_place}) {
            stage_over<How> on;
            on.options.file_calls = how;
            on.options.name_template = "{host}/{path}/{name}";
            const remote_file file(size);
            on.server.on("/get/it", redirect_to("/.files/-real/.data.bin"));
            on.server.on("/.files/-real/.data.bin", file);
            const download_result result = on.fetch(on.ask("/get/it", ""));
            CAPTURE(result.message);
            CHECK(result.success);
            CHECK(result.attempts == 1);
            const std::string name = "127.0.0.1/_files/_real/_data.bin";
            CHECK(result.file_name == name);
            CHECK(files(on) == texts{name});
            CHECK(has_bytes(on, name, file));
            CHECK(on.server.requests().size() == 2);
        }
    }
}

TEST_CASE("a redirect to another host leads to its folder") {
    stage_over<plain> on;
    on.options.name_template = "{host}/{name}";
    const std::string there = on.server.url("/bytes/5", "localhost");
    on.server.on("/get", redirect_to(there));
    CHECK(on.fetch(on.ask("/get", "")).file_name == "localhost/5");
    CHECK(files(on) == texts{"localhost/5"});
}

TEST_CASE("the name that the server gives fills the template") {
    stage_over<plain> on;
    on.options.name_template = "{ext}/{path}/{index}-{name}";
    on.server.on("/a/first", named("attachment; filename=\"report.pdf\""));
    on.server.on("/a/second", named("attachment; filename=\"../../-rf.sh\""));
    const batch_result done = on.fetch_all({on.ask("/a/first", ""), on.ask("/a/second", "")});
    CHECK(done.summary.succeeded == 2);
    CHECK(files(on) == texts{"pdf/a/0-report.pdf", "sh/a/1-_rf.sh"});
    CHECK(on.content("sh/a/1-_rf.sh") == "/a/second");
}

TEST_CASE("two downloads that redirects lead to one name get numbers there") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    for (const char* path : {"/a/1", "/b/2", "/c/3"})
        on.server.on(path, redirect_to("/files/x.bin"));
    on.server.on("/files/x.bin", remote_file(whole));
    CHECK(on.fetch_all({on.ask("/a/1", ""), on.ask("/b/2", ""), on.ask("/c/3", "")})
              .summary.succeeded == 3);
    CHECK(files(on) == texts{"files/x.1.bin", "files/x.2.bin", "files/x.bin"});
}

TEST_CASE("the name that a redirect led away from is free for the next download") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    on.options.max_concurrent = 1;
    on.server.on(
        "/a/x",
        in_turn({[](connection& peer, const request&) { peer.send(redirect_to("/b/x")); },
                 [](connection& peer, const request&) { peer.send(response{.body = "second"}); }}));
    on.server.on("/b/x", response{.body = "first"});
    std::vector<download_request> requests{on.ask("/a/x", ""), on.ask("/a/x", "")};
    CHECK(on.fetch_all(std::move(requests)).summary.succeeded == 2);
    CHECK(files(on) == texts{"a/x", "b/x"});
    CHECK(on.content("a/x") == "second");
    CHECK(on.content("b/x") == "first");
}

TEST_CASE("a symlink among the folders is refused, planned or led to") {
    for (const file_io how : {file_io::offload, file_io::in_place}) {
        stage_over<plain> on;
        on.options.file_calls = how;
        on.options.name_template = "{path}/{name}";
        fs::create_directories(on.dir / "elsewhere");
        fs::create_directory(on.dir / "out");
        fs::create_directory_symlink("../elsewhere", on.dir / "out/bytes");
        on.server.on("/get", redirect_to("/bytes/5"));
        const download_result planned = on.fetch(on.ask("/bytes/5", ""));
        check_failure(planned, errc::file);
        CHECK(on.server.requests().empty());
        const download_result led = on.fetch(on.ask("/get", ""));
        check_failure(led, errc::file);
        CHECK(led.attempts == 1);
        CHECK(led.file_name == "bytes/5");
        CHECK(fs::is_empty(on.dir / "elsewhere"));
        CHECK(files(on) == texts{"bytes"});
    }
}

TEST_CASE("a file in the folder that a redirect leads to is treated as the caller asked") {
    for (const on_exists mode :
         {on_exists::overwrite, on_exists::skip, on_exists::rename, on_exists::fail}) {
        stage_over<plain> on;
        on.options.if_exists = mode;
        on.options.name_template = "{path}/{name}";
        on.server.on("/get", redirect_to("/files/x.bin"));
        const remote_file file(whole);
        on.server.on("/files/x.bin", file);
        fs::create_directories(on.dir / "out/files");
        std::ofstream(on.dir / "out/files/x.bin") << "old";
        const download_result result = on.fetch(on.ask("/get", ""));
        if (mode == on_exists::fail)
            check_failure(result, errc::exists);
        else
            CHECK(result.success);
        CHECK(result.skipped == (mode == on_exists::skip));
        const bool is_replaced = has_bytes(on, "files/x.bin", file);
        CHECK(is_replaced == (mode == on_exists::overwrite));
        if (mode == on_exists::rename) {
            CHECK(result.file_name == "files/x.1.bin");
            CHECK(has_bytes(on, "files/x.1.bin", file));
        }
        CHECK(files(on).size() == (mode == on_exists::rename ? 2 : 1));
    }
}

TEST_CASE_TEMPLATE("a download that broke off in its folder is resumed there", How, plain, tls) {
    for (const file_io how : {file_io::offload, file_io::in_place}) {
        stage_over<How> on;
        on.options.file_calls = how;
        on.options.name_template = "{host}/{path}/{name}";
        const remote_file file(whole);
        on.server.on("/a/data.bin", file.cut(kept));
        check_failure(on.fetch(on.ask("/a/data.bin", "")), errc::truncated);
        const std::string name = "127.0.0.1/a/data.bin";
        CHECK(files(on) == texts{name + ".part", name + ".part.state"});
        on.server.on("/a/data.bin", file);
        const download_result result = on.fetch(on.ask("/a/data.bin", ""));
        CHECK(result.success);
        CHECK(result.resumed_from == kept);
        CHECK(result.bytes_received == whole - kept);
        CHECK(files(on) == texts{name});
        CHECK(has_bytes(on, name, file));
    }
}

TEST_CASE_TEMPLATE("a download that broke off in the folder of a redirect is resumed there", How,
                   plain, tls) {
    for (const file_io how : {file_io::offload, file_io::in_place}) {
        stage_over<How> on;
        on.options.file_calls = how;
        on.options.name_template = "{path}/{name}";
        const remote_file file(whole);
        on.server.on("/get", redirect_to("/files/data.bin"));
        on.server.on("/files/data.bin", file.cut(kept));
        check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
        CHECK(files(on) == texts{"files/data.bin.part", "files/data.bin.part.state"});
        on.server.on("/files/data.bin", file);
        const download_result result = on.fetch(on.ask("/get", ""));
        CAPTURE(result.message);
        CHECK(result.success);
        CHECK(result.attempts == 1);
        CHECK(result.resumed_from == kept);
        CHECK(result.bytes_received == whole - kept);
        CHECK(files(on) == texts{"files/data.bin"});
        CHECK(has_bytes(on, "files/data.bin", file));
        CHECK(asked_with(on.server, "/files/data.bin", "Range") ==
              texts{"-", "-", "bytes=200000-"});
    }
}

TEST_CASE("what was left in the folder of a redirect under another name is found by the URL") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    remote_file file(whole);
    file.fields.emplace_back("Content-Disposition", "filename=first.bin");
    on.server.on("/get", redirect_to("/files/data.bin"));
    on.server.on("/files/data.bin", file.cut(kept));
    check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
    CHECK(files(on) == texts{"files/first.bin.part", "files/first.bin.part.state"});
    file.fields.back().second = "filename=second.bin";
    on.server.on("/files/data.bin", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    CHECK(result.success);
    CHECK(result.resumed_from == kept);
    CHECK(files(on) == texts{"files/second.bin"});
    CHECK(has_bytes(on, "files/second.bin", file));
}

TEST_CASE("what was left in the folder of a redirect and has changed since starts over") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    on.server.on("/get", redirect_to("/files/data.bin"));
    on.server.on("/files/data.bin", remote_file(whole).cut(kept));
    check_failure(on.fetch(on.ask("/get", "")), errc::truncated);
    const remote_file file(whole, 2);
    on.server.on("/files/data.bin", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    CHECK(result.success);
    CHECK(result.resumed_from == 0);
    CHECK(files(on) == texts{"files/data.bin"});
    CHECK(has_bytes(on, "files/data.bin", file));
    // The first response told that, so that nothing else was asked.
    CHECK(asked_with(on.server, "/files/data.bin", "Range") == texts{"-", "-"});
}

TEST_CASE("attempts that are each led to another folder come to one file in the first") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    on.options.retries = 2;
    on.options.retry_delay = std::chrono::milliseconds(0);
    const auto to = [](std::string path) -> handler {
        return [=](connection& peer, const request&) { peer.send(redirect_to(path)); };
    };
    const remote_file file(whole);
    on.server.on("/get", in_turn({to("/r1/x.bin"), to("/r2/y.bin"), to("/r3/z.bin")}));
    on.server.on("/r1/x.bin", file.cut(100'000));
    on.server.on("/r2/y.bin", file.cut(50'000));
    on.server.on("/r3/z.bin", file);
    const download_result result = on.fetch(on.ask("/get", ""));
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK(result.attempts == 3);
    CHECK(result.bytes_received == whole);
    CHECK(result.file_name == "r1/z.bin");
    CHECK(files(on) == texts{"r1/z.bin"});
    CHECK(has_bytes(on, "r1/z.bin", file));
}

TEST_CASE("what an earlier run left in the planned folder is resumed there") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    const remote_file file(whole);
    on.server.on("/a/data.bin", file.cut(kept));
    check_failure(on.fetch(on.ask("/a/data.bin", "")), errc::truncated);
    on.server.on("/a/data.bin", redirect_to("/b/moved.bin"));
    on.server.on("/b/moved.bin", file);
    const download_result result = on.fetch(on.ask("/a/data.bin", ""));
    CHECK(result.success);
    CHECK(result.resumed_from == kept);
    CHECK(result.file_name == "a/moved.bin");
    CHECK(files(on) == texts{"a/moved.bin"});
    CHECK(has_bytes(on, "a/moved.bin", file));
}

TEST_CASE(
    "without resumption an attempt that is led to another folder leaves nothing in the first") {
    stage_over<plain> on;
    on.options.name_template = "{path}/{name}";
    on.options.resume = false;
    const remote_file file(whole);
    download_request request = on.ask("/a/x.bin", "");
    request.urls.push_back(on.server.url("/b/y.bin"));
    on.server.on("/a/x.bin", file.cut(kept));
    on.server.on("/b/y.bin", file);
    const download_result result = on.fetch(std::move(request));
    CHECK(result.success);
    CHECK(result.file_name == "b/y.bin");
    CHECK(files(on) == texts{"b/y.bin"});
}

TEST_CASE("a checksum's entry is found by the name in the tree") {
    stage_over<plain> on;
    on.options.name_template = "{host}/{path}/{name}";
    const std::string sum =
        "sha-256=2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    on.options.checksums = {{"127.0.0.1/a/x", sum},
                            {"127.0.0.1/b/x", "sha-256=" + std::string(64, '0')}};
    on.server.on("/a/x", response{.body = "hello"});
    on.server.on("/b/x", response{.body = "hello"});
    CHECK(on.fetch(on.ask("/a/x", "")).checksum == sum);
    check_failure(on.fetch(on.ask("/b/x", "")), errc::checksum);
}

TEST_CASE("a template that makes no sense is refused by the constructors") {
    boost::asio::io_context io;
    downloader_options options;
    const auto refused = [&](const std::string& text) {
        options.name_template = text;
        CHECK_FALSE(check_name_template(text).empty());
        CHECK_THROWS_AS(downloader(io.get_executor(), options), std::invalid_argument);
        CHECK_THROWS_AS(download_manager(options, 2), std::invalid_argument);
    };
    refused("{}");
    refused("{size}");
    refused("{name");
    refused("/data/{name}");
    refused("../{name}");
    refused("{host}/");
    CHECK(check_name_template("{host}/{{{name}").empty());
}

TEST_SUITE_END();

}  // namespace
