// A later run goes on where an earlier one ended, where it is the same file; else it starts over.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/event.hpp"
#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

using texts = std::vector<std::string>;

// The part that is kept ends within the second piece of 1 MiB.
constexpr std::uint64_t whole = 1'500'000;
constexpr std::uint64_t kept = 1'200'000;

TEST_SUITE_BEGIN("integration/resume");

TEST_CASE_TEMPLATE("a run that is cancelled midway leaves what the next one goes on from", How,
                   plain, tls) {
    const remote_file file(whole);
    for (const file_io calls : {file_io::offload, file_io::in_place}) {
        stage_over<How> on;
        on.options.file_calls = calls;
        on.server.on("/file", file.cut(kept, ending::stall));
        check_failure(cancel_after(on, on.ask("/file"), kept), errc::cancelled);
        CHECK(on.names() == unfinished);

        on.server.on("/file", file);
        const download_result result = on.fetch("/file");
        check_resumed(on, result, file, kept);
        CHECK(result.attempts == 1);
        CHECK(result.status == 206);
        CHECK(asked_with(on.server, "/file", "If-Range") == texts{"-", "\"v1\""});
        const texts ranges = asked_with(on.server, "/file", "Range");
        REQUIRE(ranges.size() == 2);
        CHECK(ranges[0] == "-");
        CHECK(ranges[1].starts_with("bytes=1200000-"));
    }
}

TEST_CASE_TEMPLATE("a run that fails for good leaves what the next one goes on from", How, plain,
                   tls) {
    stage_over<How> on;
    const remote_file file(whole);
    leave_part(on, file, kept);
    on.server.on("/file", file);
    check_resumed(on, on.fetch("/file"), file, kept);
}

TEST_CASE_TEMPLATE("several runs, each of which gets a little further, give the whole file", How,
                   plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    on.server.on("/file", file.cut(400'000));
    std::uint64_t before = 0;
    for (int run = 1; run <= 3; ++run) {
        const download_result result = on.fetch("/file");
        check_failure(result, errc::truncated);
        CHECK(result.resumed_from == before);
        CHECK(result.bytes_received == 400'000);
        before += 400'000;
    }
    check_resumed(on, on.fetch("/file"), file, before);
}

TEST_CASE_TEMPLATE("a file below the size of a piece is resumed as well", How, plain, tls) {
    stage_over<How> on;
    const remote_file file(5000);
    leave_part(on, file, 1234);
    on.server.on("/file", file);
    check_resumed(on, on.fetch("/file"), file, 1234);
}

TEST_CASE_TEMPLATE("a destroyed downloader leaves what can be resumed", How, plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    on.server.on("/file", file.cut(kept, ending::stall));
    std::optional<downloader> client(std::in_place, on.io.get_executor(), on.options);
    auto done = client->async_download(on.ask("/file"), asio::use_future);
    on.io.restart();
    while (client->progress().bytes_received < kept && on.io.run_one_for(patience) > 0) {
    }
    client.reset();
    check_failure(run_for_result(on.io, std::move(done)), errc::cancelled);
    CHECK(on.names() == unfinished);
    on.server.on("/file", file);
    check_resumed(on, on.fetch("/file"), file, kept);
}

TEST_CASE_TEMPLATE("what is there is proven before anything is asked, and progress tells so", How,
                   plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    leave_part(on, file, kept);
    on.server.on("/file", file);
    const std::size_t asked = on.server.requests("/file");
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download(on.ask("/file"), asio::use_future);
    on.io.restart();
    bool proves = false;
    while (done.wait_for(0s) != std::future_status::ready && on.io.run_one_for(patience) > 0) {
        const progress_snapshot now = client.progress();
        if (!now.downloads.empty() && now.downloads[0].state == download_state::verifying) {
            proves = true;
            CHECK(now.downloads[0].received <= kept);
            CHECK(on.server.requests("/file") == asked);
        }
    }
    CHECK(proves);
    check_resumed(on, run_for_result(on.io, std::move(done)), file, kept);
}

TEST_CASE_TEMPLATE("a download that is cancelled and discarded leaves nothing", How, plain, tls) {
    stage_over<How> on;
    on.server.on("/file", remote_file(whole).cut(kept, ending::stall));
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download(on.ask("/file"), asio::use_future);
    on.io.restart();
    while (client.progress().bytes_received < kept && on.io.run_one_for(patience) > 0) {
    }
    client.cancel(client.progress().downloads.at(0).id, disposition::discard);
    check_failed(on, run_for_result(on.io, std::move(done)), errc::cancelled);
}

TEST_CASE_TEMPLATE("a run that got no byte, or can never go on, leaves nothing", How, plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    on.server.on("/file", file.cut(0));
    check_failed(on, on.fetch("/file"), errc::truncated);

    remote_file unknown(whole);
    unknown.etag.clear();
    unknown.last_modified.clear();
    on.server.on("/file", unknown.cut(kept));
    check_failed(on, on.fetch("/file"), errc::truncated);
    remote_file weak(whole);
    weak.etag = "W/\"v1\"";
    weak.last_modified.clear();
    on.server.on("/file", weak.cut(kept));
    check_failed(on, on.fetch("/file"), errc::truncated);
}

TEST_CASE_TEMPLATE("nothing is kept of a file that is complete, and small files have no state", How,
                   plain, tls) {
    stage_over<How> on;
    const remote_file small(100);
    on.server.on("/file", small);
    for (int run = 0; run < 2; ++run) {
        check_all_new(on, on.fetch("/file"), small);
    }
    CHECK(asked_with(on.server, "/file", "Range") == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("a file that is another one now is fetched anew", How, plain, tls) {
    const auto change = [](auto edit) {
        remote_file now(whole, 2);
        edit(now);
        return now;
    };
    const remote_file versions[] = {
        change([](remote_file&) {}),
        change([](remote_file& now) { now.etag = "W/\"v1\""; }),
        change([](remote_file& now) { now.etag.clear(); }),
        change([](remote_file& now) { now.etag = "v1"; }),
        change([](remote_file& now) { now = remote_file(whole - 1, 2); }),
        change([](remote_file& now) { now = remote_file(kept, 2); }),
        change([](remote_file& now) { now = remote_file(100, 2); }),
        change([](remote_file& now) { now = remote_file(0, 2); }),
        change([](remote_file& now) { now.ranges = range_support::unconditional; }),
        change([](remote_file& now) { now.ranges = range_support::none; }),
    };
    for (remote_file now : versions) {
        CAPTURE(now.etag);
        CAPTURE(now.size);
        stage_over<How> on;
        leave_part(on, remote_file(whole), kept);
        now.last_modified = "Sun, 02 Jun 2024 12:00:00 GMT";
        on.server.on("/file", now);
        const download_result result = on.fetch("/file");
        check_stored(on, result, now.bytes());
        CHECK(result.resumed_from == 0);
        CHECK(result.attempts == 1);
        CHECK(on.server.requests("/file") <= 3);
    }
}

TEST_CASE_TEMPLATE("what another URL left is not gone on from", How, plain, tls) {
    stage_over<How> on;
    leave_part(on, remote_file(whole), kept);
    const remote_file other = [] {
        remote_file result(whole, 2);
        result.etag = "\"v1\"";
        return result;
    }();
    on.server.on("/other", other);
    check_all_new(on, on.fetch("/other"), other);
    CHECK(asked_with(on.server, "/other", "Range") == texts{"-"});

    std::filesystem::remove(on.dir / "out/file");
    leave_part(on, remote_file(whole), kept);
    on.server.on("/file", other);
    check_all_new(on, on.fetch("/file?version=2"), other);
}

TEST_CASE_TEMPLATE("resuming can be switched off", How, plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    leave_part(on, file, kept);
    on.server.on("/file", file);
    on.options.resume = false;
    check_all_new(on, on.fetch("/file"), file);
    CHECK(asked_with(on.server, "/file", "Range") == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("a second download of a target is told so and disturbs nothing", How, plain,
                   tls) {
    stage_over<How> on;
    remote_file file(whole);
    leave_part(on, file, kept);
    event told;
    file.before_last = [&] { told.wait(); };
    on.server.on("/file", file);
    downloader first(on.io.get_executor(), on.options);
    auto done = first.async_download(on.ask("/file"), asio::use_future);
    on.io.restart();
    while (first.progress().bytes_received == 0 && on.io.run_one_for(patience) > 0) {
    }
    const download_result second = on.fetch("/file");
    check_failure(second, errc::part_in_use);
    CHECK(error_kind(second.error) == "file");
    CHECK(second.message.find("in use") != std::string::npos);
    told.set();
    check_resumed(on, run_for_result(on.io, std::move(done)), file, kept);
}

TEST_CASE("a second download of a target takes the next number, if the caller asked for numbers") {
    for (const bool resumed : {false, true}) {
        stage_over<plain> on;
        on.options.if_exists = on_exists::rename;
        remote_file file(whole);
        if (resumed)
            leave_part(on, file, kept);
        event told;
        on.server.on("/other", file);
        file.before_last = [&] { told.wait(); };
        on.server.on("/file", file);
        downloader first(on.io.get_executor(), on.options);
        auto done = first.async_download(on.ask("/file"), asio::use_future);
        on.io.restart();
        while (first.progress().bytes_received == 0 && on.io.run_one_for(patience) > 0) {
        }
        for (const char* name : {"file.1", "file.2"}) {
            const download_result other = on.fetch(on.ask("/other"));
            CHECK(other.success);
            CHECK(other.file_name == name);
            const bool same_bytes = on.content(name) == file.bytes();
            CHECK(same_bytes);
        }
        told.set();
        CHECK(run_for_result(on.io, std::move(done)).file_name == "file");
        CHECK(on.names() == std::vector<std::string>{"file", "file.1", "file.2"});
    }
}

TEST_CASE("each number whose part file is locked is tried once") {
    stage_over<plain> on;
    on.options.if_exists = on_exists::rename;
    std::filesystem::create_directories(on.dir / "out");
    std::vector<int> locked;
    for (const char* name : {"x.part", "x.1.part", "x.2.part", "x.3.part", "x.5.part"}) {
        write_file(on.dir / "out" / name, "theirs");
        locked.push_back(::open((on.dir / "out" / name).c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(::flock(locked.back(), LOCK_EX | LOCK_NB) == 0);
    }
    const download_result result = on.fetch(on.ask("/bytes/3000000", "x"));
    CHECK(result.success);
    CHECK(result.file_name == "x.4");
    CHECK(on.content("x.1.part") == "theirs");
    for (const int each : locked)
        ::close(each);
}

TEST_CASE_TEMPLATE("a target that is kept as it is leaves the leftovers alone", How, plain, tls) {
    stage_over<How> on;
    const remote_file file(whole);
    leave_part(on, file, kept);
    write_file(on.dir / "out/file", "old");
    on.options.if_exists = on_exists::skip;
    CHECK(on.fetch("/file").skipped);
    CHECK(on.content() == "old");
    CHECK(on.server.requests("/file") == 1);

    on.options.if_exists = on_exists::overwrite;
    on.server.on("/file", file);
    check_resumed(on, on.fetch("/file"), file, kept);
}

/// A run that is cancelled when all bytes came but the last of them are not written yet.
void leave_complete_part(stage& on, const remote_file& file) {
    asio::io_context work;
    downloader_options options = on.options;
    options.work_executor = work.get_executor();
    downloader client(on.io.get_executor(), options);
    on.server.on("/file", file);
    auto done = client.async_download(on.ask("/file"), asio::use_future);
    const auto take_turns = [&] {
        work.restart();
        work.poll();
        on.io.restart();
        on.io.poll();
    };
    REQUIRE(eventually([&] {
        take_turns();
        return client.progress().bytes_received == file.size;
    }));
    client.cancel();
    REQUIRE(eventually([&] {
        take_turns();
        return done.wait_for(0s) == std::future_status::ready;
    }));
    check_failure(done.get(), errc::cancelled);
    REQUIRE(on.names() == unfinished);
}

TEST_CASE_TEMPLATE("a part file that holds all bytes is confirmed by its last one", How, plain,
                   tls) {
    stage_over<How> on;
    const remote_file file(whole);
    leave_complete_part(on, file);
    const download_result result = on.fetch("/file");
    check_stored(on, result, file.bytes());
    CHECK(result.bytes_received == 1);
    CHECK(result.resumed_from >= whole - 1);
    CHECK(asked_with(on.server, "/file", "Range").back().starts_with("bytes=1499999-"));
    CHECK(asked_with(on.server, "/file", "If-Range").back() == "\"v1\"");
}

TEST_CASE_TEMPLATE("a part file that holds all bytes of what the file was before is replaced", How,
                   plain, tls) {
    stage_over<How> on;
    leave_complete_part(on, remote_file(whole));
    const remote_file now(whole, 2);
    on.server.on("/file", now);
    check_all_new(on, on.fetch("/file"), now);
}

TEST_CASE_TEMPLATE(
    "a part file that holds all bytes, though nobody said so, is replaced by another file", How,
    plain, tls) {
    stage_over<How> on;
    remote_file open_end(whole);
    open_end.chunked = true;
    leave_part(on, open_end, whole);
    const remote_file now(whole, 2);
    on.server.on("/file", now);
    const download_result result = on.fetch("/file");
    check_stored(on, result, now.bytes());
    CHECK(result.resumed_from == 0);
}

TEST_SUITE_END();

}  // namespace
