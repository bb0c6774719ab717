// How much a download that failed has left for a later run: as much as that one resumes from, and
// nothing if it would start over.

#include <doctest/doctest.h>
#include <asyncdl/memory_sink.hpp>

#include <boost/asio/use_future.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "support/expect.hpp"
#include "support/unfinished.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// What is kept ends within the second piece of 1 MiB.
constexpr std::uint64_t whole = 1'500'000;
constexpr std::uint64_t cut_at = 1'200'000;

TEST_SUITE_BEGIN("integration/kept");

TEST_CASE_TEMPLATE("a failed download tells as much as the next run resumes from", How, plain,
                   tls) {
    const remote_file file(whole);
    for (const file_io calls : {file_io::offload, file_io::in_place}) {
        for (const ending how : {ending::stall, ending::close}) {
            stage_over<How> on;
            on.options.file_calls = calls;
            on.server.on("/file", file.cut(cut_at, how));
            const download_result failed = cancel_after(on, on.ask("/file"), cut_at);
            CHECK_FALSE(failed.success);
            CHECK(on.names() == unfinished);

            on.server.on("/file", file);
            const download_result result = on.fetch("/file");
            CHECK(result.success);
            CHECK(result.kept_bytes == 0);
            CHECK(result.resumed_from == cut_at);
            CHECK(failed.kept_bytes == cut_at);
        }
    }
}

TEST_CASE("what an earlier run left counts, whatever this one met") {
    stage_over<plain> on;
    const remote_file file(whole);
    leave_part(on, file, cut_at);
    on.server.on("/file", status(404));
    CHECK(on.fetch("/file").kept_bytes == cut_at);
    on.server.on("/file", misbehave::close_before_head());
    CHECK(on.fetch("/file").kept_bytes == cut_at);
    on.server.on("/file", misbehave::stall_before_head());
    const std::size_t asked = on.server.requests("/file");
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download(on.ask("/file"), asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return on.server.requests("/file") > asked; }));
    client.cancel();
    const download_result cancelled = run_for_result(on.io, std::move(done));
    check_failure(cancelled, errc::cancelled);
    CHECK(cancelled.kept_bytes == cut_at);
    on.server.on("/file", file);
    check_resumed(on, on.fetch("/file"), file, cut_at);
}

TEST_CASE("of what attempts have left, that counts which is there in the end") {
    stage_over<plain> on;
    on.options.retries = 1;
    on.options.retry_delay = 0ms;
    const remote_file file(whole);
    on.server.on("/file", in_turn({file.cut(400'000), file.cut(400'000)}));
    CHECK(on.fetch("/file").kept_bytes == 800'000);

    // It became another file, of which less came.
    const remote_file other(whole, 2);
    on.server.on("/file", in_turn({other.cut(100'000), other.cut(50'000)}));
    const download_result changed = on.fetch("/file");
    CHECK(changed.kept_bytes == 150'000);
    on.server.on("/file", other);
    check_resumed(on, on.fetch("/file"), other, 150'000);
}

TEST_CASE("what one mirror left counts, though another one failed last") {
    stage_over<plain> on;
    const remote_file file(whole);
    on.server.on("/file", file.cut(cut_at));
    on.server.on("/gone", status(404));
    download_request request = on.ask("/file");
    request.urls.push_back(on.server.url("/gone"));
    const download_result failed = on.fetch(request);
    check_failure(failed, errc::http_status);
    CHECK(failed.kept_bytes == cut_at);
    on.server.on("/file", file);
    check_resumed(on, on.fetch(request), file, cut_at);

    // The bytes of the second one took its place.
    std::filesystem::remove(on.dir / "out/file");
    on.server.on("/file", file.cut(cut_at));
    on.server.on("/gone", file.cut(300'000));
    CHECK(on.fetch(request).kept_bytes == 300'000);
}

TEST_CASE("what was kept between two attempts and discarded after the last one does not count") {
    stage_over<plain> on;
    on.options.retries = 1;
    on.options.retry_delay = 0ms;
    const remote_file file(whole);
    on.server.on("/file", in_turn({file.cut(cut_at), file}));
    on.server.on("/gone", status(404));
    download_request request = on.ask("/file");
    request.urls.push_back(on.server.url("/gone"));
    request.checksum = "md5=" + std::string(32, '0');
    const download_result wrong = on.fetch(request);
    check_failed(on, wrong, errc::checksum);
    CHECK(wrong.attempts == 3);
    CHECK(wrong.kept_bytes == 0);
}

TEST_CASE("nothing is told to be kept if nothing is left") {
    stage_over<plain> on;
    remote_file file(whole);
    on.server.on("/missing", status(404));
    CHECK(on.fetch("/missing").kept_bytes == 0);
    CHECK(on.fetch(download_request("nonsense")).kept_bytes == 0);

    on.server.on("/file", file.cut(cut_at));
    download_request request = on.ask("/file");
    memory_sink memory(whole);
    request.destination = &memory;
    CHECK(on.fetch(request).kept_bytes == 0);
    on.options.resume = false;
    CHECK(on.fetch("/file").kept_bytes == 0);
    on.options.resume = true;

    request = on.ask("/file");
    request.checksum = "md5=" + std::string(32, '0');
    on.server.on("/file", file);
    const download_result wrong = on.fetch(request);
    check_failed(on, wrong, errc::checksum);
    CHECK(wrong.kept_bytes == 0);

    file.etag.clear();
    file.last_modified.clear();
    on.server.on("/file", file.cut(cut_at));
    CHECK(on.fetch("/file").kept_bytes == 0);
    on.options.resume_unvalidated = true;
    CHECK(on.fetch("/file").kept_bytes == cut_at);
}

TEST_CASE("what a cancelled download has to discard is not kept") {
    stage_over<plain> on;
    on.server.on("/file", remote_file(whole).cut(cut_at, ending::stall));
    downloader client(on.io.get_executor(), on.options);
    auto done = client.async_download(on.ask("/file"), asio::use_future);
    REQUIRE(runs_until(on.io, [&] { return client.progress().bytes_received == cut_at; }));
    client.cancel(client.progress().downloads.at(0).id, disposition::discard);
    const download_result result = run_for_result(on.io, std::move(done));
    check_failed(on, result, errc::cancelled);
    CHECK(result.kept_bytes == 0);
}

TEST_CASE("the summary of a batch counts the part files that are left, and their bytes") {
    stage_over<plain> on;
    const remote_file file(whole);
    on.server.on("/cut", file.cut(cut_at));
    on.server.on("/short", file.cut(1'000));
    on.server.on("/missing", status(404));
    on.server.on("/file", file);
    const batch_summary summary = on.fetch_all({on.ask("/cut", "a"), on.ask("/file", "b"),
                                                on.ask("/missing", "c"), on.ask("/short", "d")})
                                      .summary;
    CHECK(summary.failed == 3);
    CHECK(summary.kept_parts == 2);
    CHECK(summary.kept_bytes == cut_at + 1'000);
}

TEST_SUITE_END();

}  // namespace
