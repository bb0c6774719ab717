// Names and files: where a download ends up, what it replaces, what it must not touch.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asyncdl/memory_sink.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using names = std::vector<std::string>;

TEST_SUITE_BEGIN("integration/file");

TEST_CASE("a given name may hold folders and never leaves the directory") {
    stage_over<plain> on;
    CHECK(on.fetch(on.ask("/bytes/5", "a/b/c")).success);
    CHECK(on.fetch(on.ask("/bytes/5", "./d//e/../f")).success);
    CHECK(on.names() == names{"a", "a/b", "a/b/c", "d", "d/f"});
    const std::size_t asked = on.server.requests().size();
    for (const std::string& name :
         {std::string("/absolute"), std::string("../up"), std::string("a/../../up"),
          std::string("ends/"), std::string(".."), std::string("."), std::string("nul\0byte", 8),
          std::string(245, 'x')}) {
        CAPTURE(name);
        const download_result result = on.fetch(on.ask("/bytes/5", name));
        check_failure(result, errc::name);
    }
    CHECK(on.names() == names{"a", "a/b", "a/b/c", "d", "d/f"});
    CHECK(on.server.requests().size() == asked);
    CHECK(on.dir.names().size() == on.names().size() + 1);
}

TEST_CASE("a name is derived from the final URL") {
    struct {
        const char* path;
        std::string name;
    } const cases[] = {
        {"/dir/plain.txt", "plain.txt"},
        {"/plain.txt?query=/x/y", "plain.txt"},
        {"/", "index.html"},
        {"/dir/", "index.html"},
        {"/?q=1", "index.html"},
        {"/caf%C3%A9%20au%20lait", "caf\xC3\xA9 au lait"},
        {"/bad%FFutf8", "bad%FFutf8"},
        {"/a%2Fb", "a_b"},
        {"/a%5Cb", "a_b"},
        {"/%2E%2E%2Fetc", ".._etc"},
        {"/a%00b", "a_b"},
        {"/a%0Ab", "a_b"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.path);
        stage_over<plain> on;
        response answer;
        answer.body = "hello";
        on.server.on("/*", answer);
        const download_result result = on.fetch(on.ask(one.path, ""));
        CHECK(result.success);
        CHECK(result.file_name == one.name);
        CHECK(on.names() == names{one.name});
    }
    stage_over<plain> on;
    on.server.on("/start.html", redirect_to("/bytes/5?x"));
    CHECK(on.fetch(on.ask("/start.html", "")).file_name == "5");
    CHECK(on.names() == names{"5"});
}

TEST_CASE("a name that the server chooses is no hidden file and no option") {
    stage_over<plain> on;
    response answer;
    answer.body = "hello";
    on.server.on("/.given", answer);
    on.server.on("/-away", redirect_to("/.hidden"));
    on.server.on("/.hidden", answer);
    answer.fields.emplace_back("Content-Disposition", "attachment; filename=\"-rf\"");
    on.server.on("/named", answer);
    CHECK(on.fetch(on.ask("/.given", "")).file_name == ".given");
    CHECK(on.fetch(on.ask("/-away", "")).file_name == "_hidden");
    CHECK(on.fetch(on.ask("/named", "")).file_name == "_rf");
    CHECK(on.names() == names{".given", "_hidden", "_rf"});
}

TEST_CASE("a derived name that is too long is cut and keeps its extension") {
    stage_over<plain> on;
    response answer;
    answer.body = "hello";
    on.server.on("/*", answer);
    const download_result result = on.fetch(on.ask("/" + std::string(400, 'x') + ".txt", ""));
    CHECK(result.success);
    CHECK(result.file_name.size() == 244);
    CHECK(result.file_name.ends_with("x.txt"));
}

TEST_CASE("two downloads of a run never share a target, by whatever path its directory is named") {
    stage_over<plain> on;
    fs::create_directories(on.dir / "out" / "sub");
    fs::create_directory_symlink("out", on.dir / "link");
    const std::string absolute = fs::absolute(on.dir / "out").string();
    names directories{absolute + "/", absolute + "/./", absolute + "/sub/..",
                      (on.dir / "link").string(), fs::relative(absolute).string()};
    const auto ask = [&](const std::string& directory, const std::string& name) {
        download_request request = on.ask("/bytes/5", name);
        request.directory = directory;
        return request;
    };
    for (const std::string& directory : directories) {
        CAPTURE(directory);
        const batch_result given =
            on.fetch_all({on.ask("/bytes/6", "x"), ask(directory, "x"), ask(directory, "x.part")});
        CHECK(given.results[0].success);
        check_failure(given.results[1], errc::exists);
        check_failure(given.results[2], errc::exists);
        const batch_result derived =
            on.fetch_all({on.ask("/bytes/6", "5"), ask(directory, ""), ask(directory, "")});
        CHECK(derived.summary.succeeded == 3);
        CHECK(derived.results[1].file_name == "5.1");
        CHECK(derived.results[2].file_name == "5.2");
        CHECK(on.content("5") == pattern(0, 6));
    }
    // A folder in the name leads to the same place as the directory.
    const batch_result folders =
        on.fetch_all({on.ask("/bytes/6", "sub/y"), ask(absolute + "/sub", "y")});
    CHECK(folders.results[0].success);
    check_failure(folders.results[1], errc::exists);
}

TEST_CASE("a directory that cannot be one is a failure of the name") {
    stage_over<plain> on;
    download_request request = on.ask("/bytes/5");
    request.directory = std::string("out\0/etc", 8);
    check_failure(on.fetch(std::move(request)), errc::name);
    CHECK(on.server.requests().empty());
    CHECK(on.names().empty());
    on.options.download_dir = std::string("out\0", 4);
    CHECK_THROWS_AS(downloader(on.io.get_executor(), on.options), std::invalid_argument);
}

TEST_CASE("a download directory that was removed and made again is used again") {
    for (const file_io calls : {file_io::in_place, file_io::offload}) {
        stage_over<plain> on;
        on.options.file_calls = calls;
        downloader client(on.io.get_executor(), on.options);
        CHECK(on.fetch(client, on.ask("/bytes/5", "a/x")).success);
        CHECK(on.fetch(client, on.ask("/bytes/5", "x")).success);
        fs::remove_all(on.dir / "out");
        CHECK(on.fetch(client, on.ask("/bytes/5", "x")).success);
        CHECK(on.fetch(client, on.ask("/bytes/5", "a/x")).success);
        CHECK(on.names() == names{"a", "a/x", "x"});
        fs::remove_all(on.dir / "out");
        fs::create_directory(on.dir / "out");
        const download_result again = on.fetch(client, on.ask("/bytes/5", "x"));
        CHECK(again.success);
        CHECK(on.names() == names{"x"});
    }
}

TEST_CASE("a directory that is removed while a file is written is told as that") {
    stage_over<plain> on;
    response cut;
    cut.pattern_size = 2 * 1024 * 1024;
    cut.piece = 1024 * 1024;
    cut.before_last = [&] {
        // Once it is written it is also locked and looked at.
        std::error_code missing;
        CHECK(eventually([&] {
            const auto size = fs::file_size(on.dir / "out" / "file.part", missing);
            return !missing && size > 0;
        }));
        fs::remove_all(on.dir / "out");
    };
    on.server.on("/get", cut);
    const download_result result = on.fetch("/get");
    check_failure(result, errc::file);
    const std::string path = (on.dir / "out" / "file").string();
    CHECK(result.message ==
          "cannot rename " + path + ".part to " + path + ": its folder was removed");
}

TEST_CASE("a download that waits finds its directory made again") {
    stage_over<plain> on;
    on.options.retries = 1;
    on.options.retry_delay = std::chrono::milliseconds(0);
    on.server.on("/get", [&](connection& peer, const request&) {
        if (on.server.requests("/get") == 1) {
            fs::remove_all(on.dir / "out");
            fs::create_directory(on.dir / "out");
            response busy;
            busy.status = 503;
            peer.send(busy);
        } else {
            response answer;
            answer.body = "hello";
            peer.send(answer);
        }
    });
    const download_result result = on.fetch(on.ask("/get", "x"));
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK(result.attempts == 2);
    CHECK(on.names() == names{"x"});
}

TEST_CASE("a file that another program makes meanwhile is kept, if the caller asked for that") {
    for (const std::uint64_t size : {std::uint64_t{5}, std::uint64_t{3'000'000}}) {
        stage_over<plain> on;
        on.options.if_exists = on_exists::skip;
        on.server.on("/get", [&](connection& peer, const request&) {
            std::ofstream(on.dir / "out" / "x") << "theirs";
            response answer;
            answer.body = pattern(0, size);
            peer.send(answer);
        });
        const download_result result = on.fetch(on.ask("/get", "x"));
        CHECK(result.success);
        CHECK(result.skipped);
        CHECK(result.file_size == 6);
        CHECK(on.names() == names{"x"});
        CHECK(on.content("x") == "theirs");
    }
}

TEST_CASE("a directory in the target's place is seen before a long body, in a clean folder too") {
    stage_over<plain> on;
    downloader client(on.io.get_executor(), on.options);
    std::vector<download_request> many;
    for (int i = 0; i < 200; ++i)
        many.push_back(on.ask("/bytes/5", "f" + std::to_string(i)));
    CHECK(on.fetch_all(client, std::move(many)).summary.succeeded == 200);
    fs::create_directory(on.dir / "out" / "big");
    response answer;
    answer.chunked = true;
    answer.pattern_size = 6'000'000;
    on.server.on("/big", answer);
    const download_result result = on.fetch(client, on.ask("/big", "big"));
    check_failure(result, errc::file);
    CHECK(result.bytes_received == 0);
    CHECK(fs::is_directory(on.dir / "out" / "big"));
}

TEST_CASE("a file that another program makes meanwhile is not replaced by one with a number") {
    for (const std::uint64_t size : {std::uint64_t{5}, std::uint64_t{3'000'000}}) {
        CAPTURE(size);
        stage_over<plain> on;
        on.options.if_exists = on_exists::rename;
        fs::create_directory(on.dir / "out");
        std::ofstream(on.dir / "out" / "x") << "old";
        on.server.on("/get", [&](connection& peer, const request&) {
            // The name was settled before the request was sent.
            std::ofstream(on.dir / "out" / "x.1") << "new";
            std::ofstream(on.dir / "out" / "x.2") << "newer";
            response answer;
            answer.body = pattern(0, size);
            peer.send(answer);
        });
        const download_result result = on.fetch(on.ask("/get", "x"));
        CHECK(result.success);
        CHECK(result.file_name == "x.3");
        CHECK(on.names() == names{"x", "x.1", "x.2", "x.3"});
        CHECK(on.content("x") == "old");
        CHECK(on.content("x.1") == "new");
        const bool same_bytes = on.content("x.3") == pattern(0, size);
        CHECK(same_bytes);
    }
}

TEST_CASE("files that the program itself uses count as names in use") {
    stage_over<plain> on;
    fs::create_directory(on.dir / "out");
    const auto make = [&](const std::string& name) {
        std::ofstream(on.dir / "out" / name) << name;
        struct ::stat found {};
        ::stat((on.dir / "out" / name).c_str(), &found);
        on.options.files_in_use.emplace_back(found.st_dev, found.st_ino);
    };
    make("5");
    make("6.part");
    make("7.part.state");
    response named;
    named.body = "hello";
    named.fields.emplace_back("Content-Disposition", "attachment; filename=5");
    on.server.on("/named", named);
    const batch_result derived = on.fetch_all({on.ask("/bytes/5", ""), on.ask("/bytes/6", ""),
                                               on.ask("/bytes/7", ""), on.ask("/named", "")});
    CHECK(derived.summary.succeeded == 4);
    CHECK(on.names() == names{"5", "5.1", "5.2", "6.1", "6.part", "7.1", "7.part.state"});
    const auto path = [&](const char* name) { return (on.dir / "out" / name).string(); };
    for (const auto& [name, used] :
         {std::pair("5", ""), std::pair("6", ".part"), std::pair("7", ".part.state"),
          std::pair("6.part", ""), std::pair("7.part.state", "")}) {
        CAPTURE(name);
        const download_result refused = on.fetch(on.ask("/bytes/9", name));
        check_failure(refused, errc::exists);
        CHECK(refused.message ==
              "cannot write " + path(name) + ": this run itself uses " +
                  (*used == '\0' ? std::string("that file") : path(name) + used));
    }
    for (const char* name : {"5", "6.part", "7.part.state"})
        CHECK(on.content(name) == name);
}

TEST_CASE("two downloads of a run never share a target") {
    stage_over<plain> on;
    const batch_result derived =
        on.fetch_all({on.ask("/bytes/5", ""), on.ask("/bytes/5?x", ""), on.ask("/bytes/5#y", "")});
    CHECK(derived.summary.succeeded == 3);
    CHECK(on.names() == names{"5", "5.1", "5.2"});
    fs::remove_all(on.dir / "out");
    for (const names& pair : {names{"x", "x"}, {"x", "./x"}, {"x", "x.part"}, {"x.part", "x"}}) {
        CAPTURE(pair[0]);
        CAPTURE(pair[1]);
        const batch_result given =
            on.fetch_all({on.ask("/bytes/5", pair[0]), on.ask("/bytes/6", pair[1])});
        CHECK(given.results[0].success);
        check_failure(given.results[1], errc::exists);
        CHECK(on.names() == names{pair[0]});
        CHECK(on.content(pair[0]) == pattern(0, 5));
        fs::remove_all(on.dir / "out");
    }
}

TEST_CASE_TEMPLATE("what exists is replaced, kept, stepped around or an error", How, plain, tls) {
    stage_over<How> on;
    fs::create_directory(on.dir / "out");
    const auto again = [&](on_exists mode) {
        fs::remove_all(on.dir / "out");
        fs::create_directory(on.dir / "out");
        write_file(on.dir / "out/file.txt", "old");
        on.options.if_exists = mode;
        return on.fetch(on.ask("/bytes/5", "file.txt"));
    };
    const download_result replaced = again(on_exists::overwrite);
    CHECK(replaced.success);
    CHECK_FALSE(replaced.skipped);
    CHECK(on.content("file.txt") == pattern(0, 5));
    CHECK(on.names() == names{"file.txt"});

    const std::size_t asked = on.server.requests().size();
    const download_result kept = again(on_exists::skip);
    CHECK(kept.success);
    CHECK(kept.skipped);
    CHECK(kept.attempts == 0);
    CHECK(kept.bytes_received == 0);
    CHECK(kept.file_size == 3);
    CHECK(on.content("file.txt") == "old");
    CHECK(on.server.requests().size() == asked);

    const download_result renamed = again(on_exists::rename);
    CHECK(renamed.success);
    CHECK(renamed.file_name == "file.1.txt");
    CHECK(renamed.file_path == on.options.download_dir + "/file.1.txt");
    CHECK(on.content("file.txt") == "old");
    CHECK(on.content("file.1.txt") == pattern(0, 5));
    CHECK(on.fetch(on.ask("/bytes/6", "file.txt")).file_name == "file.2.txt");

    check_failure(again(on_exists::fail), errc::exists);
    CHECK(on.content("file.txt") == "old");
    CHECK(on.names() == names{"file.txt"});
}

TEST_CASE("a target that comes up during the download is respected") {
    stage_over<plain> on;
    on.server.on("/", [&](connection& peer, const request&) {
        write_file(on.dir / "out/file", "new");
        response answer;
        answer.body = "hello";
        peer.send(answer);
    });
    fs::create_directory(on.dir / "out");
    on.options.if_exists = on_exists::fail;
    check_failure(on.fetch("/"), errc::exists);
    CHECK(on.names() == names{"file"});
    CHECK(on.content() == "new");
}

TEST_CASE("a symlink in the target's place is replaced, not followed") {
    stage_over<plain> on;
    write_file(on.dir / "elsewhere", "untouched");
    fs::create_directory(on.dir / "out");
    fs::create_symlink("../elsewhere", on.dir / "out/file");
    CHECK(on.fetch("/bytes/5").success);
    CHECK_FALSE(fs::is_symlink(on.dir / "out/file"));
    CHECK(on.content() == pattern(0, 5));
    CHECK(read_file(on.dir / "elsewhere") == "untouched");
}

TEST_CASE("a symlink in the place of the part file is refused") {
    stage_over<plain> on;
    write_file(on.dir / "elsewhere", "untouched");
    fs::create_directory(on.dir / "out");
    fs::create_symlink("../elsewhere", on.dir / "out/file.part");
    check_failure(on.fetch("/bytes/5"), errc::file);
    CHECK(on.names() == names{"file.part"});
    CHECK(fs::is_symlink(on.dir / "out/file.part"));
    CHECK(read_file(on.dir / "elsewhere") == "untouched");
}

TEST_CASE("a symlink among the folders of a name is refused") {
    stage_over<plain> on;
    fs::create_directories(on.dir / "elsewhere");
    fs::create_directory(on.dir / "out");
    fs::create_directory_symlink("../elsewhere", on.dir / "out/folder");
    check_failure(on.fetch(on.ask("/bytes/5", "folder/file")), errc::file);
    CHECK(fs::is_empty(on.dir / "elsewhere"));
}

TEST_CASE("a directory in the place of the target or the part file is refused") {
    for (const char* name : {"file", "file.part"}) {
        CAPTURE(name);
        stage_over<plain> on;
        fs::create_directories(on.dir / "out" / name);
        check_failure(on.fetch("/bytes/5"), errc::file);
        CHECK(on.names() == names{name});
        CHECK(fs::is_directory(on.dir / "out" / name));
    }
}

TEST_CASE("a directory in the target's place is seen before a large body comes") {
    stage_over<plain> on;
    fs::create_directories(on.dir / "out/file");
    for (const on_exists mode : {on_exists::skip, on_exists::fail}) {
        on.options.if_exists = mode;
        check_failure(on.fetch("/bytes/2000000"), errc::file);
    }
    CHECK(on.server.requests().empty());
    on.options.if_exists = on_exists::overwrite;
    const download_result result = on.fetch("/bytes/2000000");
    check_failure(result, errc::file);
    CHECK(result.bytes_received == 0);
    CHECK(on.names() == names{"file"});
}

TEST_CASE("a part file of an earlier run is replaced") {
    stage_over<plain> on;
    fs::create_directory(on.dir / "out");
    write_file(on.dir / "out/file.part", std::string(1000, 'x'));
    check_stored(on, on.fetch("/bytes/5"), pattern(0, 5));
}

TEST_CASE("a download directory that is none is a failure") {
    stage_over<plain> on;
    write_file(on.dir / "out", "a file");
    check_failure(on.fetch("/bytes/5"), errc::file);
    CHECK(read_file(on.dir / "out") == "a file");
}

TEST_CASE("the bytes come to NAME.part first, NAME appears when they are complete") {
    for (const file_io calls : {file_io::offload, file_io::in_place}) {
        stage_over<plain> on;
        on.options.file_calls = calls;
        names meanwhile;
        on.server.on("/", [&](connection& peer, const request&) {
            peer.send_raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
            eventually([&] { return fs::exists(on.dir / "out/file.part"); });
            meanwhile = on.names();
            peer.send_raw("lo");
        });
        check_stored(on, on.fetch("/"), "hello");
        CHECK(meanwhile == names{"file.part"});
    }
}

TEST_CASE_TEMPLATE("a disk that blocks holds up no other download", How, plain, tls) {
    boost::asio::thread_pool disk(1);
    std::promise<void> free;
    boost::asio::post(disk, [wait = free.get_future().share()] { wait.wait(); });
    stage_over<How> on;
    on.options.work_executor = disk.get_executor();
    downloader client(on.io.get_executor(), on.options);
    auto blocked = client.async_download(on.ask("/bytes/300000"), boost::asio::use_future);
    memory_sink kept(1000);
    download_request other = on.ask("/bytes/1000", "");
    other.destination = &kept;
    CHECK(on.fetch(client, other).success);
    CHECK(blocked.wait_for(0s) == std::future_status::timeout);
    free.set_value();
    check_stored(on, run_for_result(on.io, std::move(blocked)), pattern(0, 300'000));
}

TEST_CASE("a file has the mode and the time that it should") {
    stage_over<plain> on;
    response answer;
    answer.body = "hello";
    answer.fields.emplace_back("Last-Modified", "Sat, 01 Jun 2024 12:00:00 GMT");
    on.server.on("/", answer);
    CHECK(on.fetch("/").success);
    struct ::stat found {};
    REQUIRE(::stat((on.dir / "out/file").c_str(), &found) == 0);
    const ::mode_t mask = ::umask(0);
    ::umask(mask);
    CHECK((found.st_mode & 07777) == (0666 & ~mask));
    CHECK(found.st_mtime == 1'717'243'200);
    on.options.remote_time = false;
    CHECK(on.fetch("/").success);
    REQUIRE(::stat((on.dir / "out/file").c_str(), &found) == 0);
    CHECK(found.st_mtime > 1'717'243'200);
}

TEST_CASE("a date of 1970 and before does not become a file's time") {
    stage_over<plain> on;
    for (const char* date : {"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 31 Dec 1970 23:59:59 GMT",
                             "Wed, 01 Jan 1969 00:00:00 GMT", "Mon, 01 Jan 1601 00:00:00 GMT"}) {
        CAPTURE(date);
        response answer;
        answer.body = "hello";
        answer.fields.emplace_back("Last-Modified", date);
        on.server.on("/", answer);
        CHECK(on.fetch("/").success);
        struct ::stat found {};
        REQUIRE(::stat((on.dir / "out/file").c_str(), &found) == 0);
        CHECK(found.st_mtime > 1'717'243'200);
    }
}

TEST_CASE("a request's own directory replaces the downloader's") {
    stage_over<plain> on;
    download_request ask = on.ask("/bytes/5");
    ask.directory = (on.dir / "other/deep").string();
    const download_result result = on.fetch(ask);
    CHECK(result.success);
    CHECK(result.file_path == ask.directory + "/file");
    CHECK(read_file(on.dir / "other/deep/file") == pattern(0, 5));
    CHECK(on.names().empty());
}

TEST_CASE("a file that cannot fit fails before its body") {
    stage_over<plain> on;
    on.server.on("/", misbehave::stall_in_body(std::uint64_t{1} << 60U, 10));
    const download_result result = on.fetch("/");
    CHECK((result.error == errc::disk_full || result.error == errc::file));
    CHECK(result.error == failure::local);
    CHECK(on.names().empty());
}

TEST_SUITE_END();

}  // namespace
