#include "cli/text_report.hpp"

#include <doctest/doctest.h>

#include <asyncdl/error.hpp>

#include "support/temp_dir.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::cli;

constexpr std::uint64_t mebibyte = 1024 * 1024;

download_result success() {
    download_result r;
    r.url = "http://h/a";
    r.file_name = "a";
    r.file_path = "downloads/a";
    r.success = true;
    r.file_size = 4 * mebibyte;
    r.bytes_received = 2 * mebibyte;
    r.download_time = std::chrono::seconds(2);
    r.status = 200;
    return r;
}

// A file that was not fetched.
download_result kept(unsigned status) {
    download_result r = success();
    r.skipped = true;
    r.bytes_received = 0;
    r.status = status;
    return r;
}

download_result cut_short(std::uint64_t kept_bytes) {
    download_result r;
    r.url = "http://h/a";
    r.file_path = "downloads/a";
    r.error = errc::cancelled;
    r.message = "cancelled";
    r.kept_bytes = kept_bytes;
    return r;
}

// What a report of this kind says of these results.
template <typename Report, typename... More>
std::string told(const std::vector<download_result>& results, const More&... more) {
    const test::temp_dir dir;
    const std::string path = (dir / "report").string();
    Report report(std::make_unique<output_file>(path), more...);
    batch_summary summary;
    for (const download_result& result : results) {
        report.add(result);
        summary.add(result);
    }
    summary.elapsed = std::chrono::seconds(2);
    report.finish(summary);
    report.out().close();
    return test::read_file(path);
}

// The line of one result.
std::string line_of(const download_result& result, on_exists mode, const std::string& body = {}) {
    const std::string text = told<summary_report>({result}, body, mode);
    return text.substr(0, text.find('\n'));
}

// The totals.
std::string end_of(const std::vector<download_result>& results, on_exists mode) {
    const std::string text = told<summary_report>(results, std::string(), mode);
    return text.substr(text.find("\n\n") + 2);
}

constexpr on_exists every_mode[] = {on_exists::update, on_exists::timestamp, on_exists::overwrite,
                                    on_exists::skip,   on_exists::rename,    on_exists::fail};

}  // namespace

TEST_SUITE("cli/text_report") {
    TEST_CASE("a resumed download says at how much") {
        download_result r = success();
        CHECK(line_of(r, on_exists::update) == "✅ downloads/a: 4.0 MiB, 2.00 s, 1.0 MiB/s");
        r.resumed_from = 3 * mebibyte / 2;
        CHECK(line_of(r, on_exists::update) ==
              "✅ downloads/a: 4.0 MiB, resumed at 1.5 MiB, 2.00 s, 1.0 MiB/s");
    }

    TEST_CASE("a file that was compared and kept is unchanged") {
        for (const unsigned status : {304U, 200U, 0U}) {
            for (const on_exists mode : {on_exists::update, on_exists::timestamp}) {
                CHECK(line_of(kept(status), mode) == "✅ downloads/a: 4.0 MiB, unchanged");
            }
        }
    }

    TEST_CASE("a file that was kept without a comparison is not called unchanged") {
        for (const unsigned status : {0U, 200U, 503U}) {
            CHECK(line_of(kept(status), on_exists::skip) ==
                  "✅ downloads/a: 4.0 MiB, kept as it was");
        }
    }

    TEST_CASE(
        "304 to a condition of the caller's own is told in every mode, with or without a file") {
        for (const on_exists mode : every_mode) {
            download_result r = kept(304);
            CHECK(line_of(r, mode) == "✅ downloads/a: 4.0 MiB, unchanged");
            r.file_path.clear();
            r.file_size = 0;
            CHECK(line_of(r, mode) == "✅ http://h/a: not modified");
            CHECK(line_of(r, mode, "standard output") == "✅ http://h/a: not modified");
            r.url += "?sig=s3cr3t";
            CHECK(line_of(r, mode) == "✅ http://h/a?sig=...: not modified");
        }
    }

    TEST_CASE("the totals count what is unchanged, or what was skipped") {
        const std::vector<download_result> results{success(), kept(304), kept(304)};
        const std::string rest =
            "), failed: 0, success rate: 100.0 %\nReceived: 2.0 MiB in 2.00 s, 1.0 MiB/s\n";
        CHECK(end_of(results, on_exists::update) ==
              "Downloads: 3, succeeded: 3 (unchanged: 2" + rest);
        CHECK(end_of(results, on_exists::timestamp) ==
              "Downloads: 3, succeeded: 3 (unchanged: 2" + rest);
        CHECK(end_of(results, on_exists::skip) == "Downloads: 3, succeeded: 3 (skipped: 2" + rest);
    }

    TEST_CASE("the totals say how much is kept, and that the same command resumes it") {
        const auto last_line = [](const std::vector<download_result>& results) {
            const std::string text = end_of(results, on_exists::update);
            return text.substr(text.find('\n', text.find("Received: ")) + 1);
        };
        CHECK(last_line({cut_short(3 * mebibyte), success()}) ==
              "Kept: 3.0 MiB of 1 unfinished file; the same command resumes it\n");
        CHECK(last_line({cut_short(3 * mebibyte), cut_short(0), cut_short(mebibyte / 2)}) ==
              "Kept: 3.5 MiB of 2 unfinished files; the same command resumes them\n");
        CHECK(last_line({cut_short(0), success(), kept(304)}).empty());
    }

    TEST_CASE("a failure says how much of it is kept, in the summary and alone") {
        CHECK(line_of(cut_short(3 * mebibyte), on_exists::update) ==
              "❌ http://h/a: cancelled; 3.0 MiB are kept for the next run");
        CHECK(line_of(cut_short(0), on_exists::update) == "❌ http://h/a: cancelled");
        CHECK(told<failure_report>({cut_short(3 * mebibyte)}) ==
              "asyncdl: http://h/a: cancelled; 3.0 MiB are kept for the next run\n");
        CHECK(told<failure_report>({cut_short(0)}) == "asyncdl: http://h/a: cancelled\n");
    }
}
